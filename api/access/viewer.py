"""The person on whose behalf something is asked."""

from dataclasses import dataclass
from datetime import datetime

from model.person import Credential


@dataclass(frozen=True, slots=True)
class Viewer:
    """`token_hash` names the session or API token that was presented; `expires` None: it has no end."""

    name: str
    email: str
    is_admin: bool
    token_hash: str
    expires: datetime | None

    @staticmethod
    def of(credential: Credential, token_hash: str) -> "Viewer":
        person = credential.person
        return Viewer(person.name, person.email, person.is_admin, token_hash, credential.expires)
