"""The person on whose behalf something is asked."""

from dataclasses import dataclass
from datetime import datetime

from model.listing import Visibility
from model.person import Credential


@dataclass(frozen=True, slots=True)
class Viewer:
    """`token_hash` names the session or API token that was presented; `expires` None: it has no end.

    `sees`: of an answer that is made for several; it shows this, and nothing that the person may see by then besides.
    """

    name: str
    email: str
    is_admin: bool
    token_hash: str
    expires: datetime | None
    sees: Visibility | None = None

    @staticmethod
    def of(credential: Credential, token_hash: str) -> "Viewer":
        person = credential.person
        return Viewer(person.name, person.email, person.is_admin, token_hash, credential.expires)
