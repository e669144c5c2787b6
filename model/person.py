"""People who sign in, and what they present. Values only; `model.store.person` keeps them."""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class Person:
    name: str
    email: str
    is_admin: bool
    credential_version: int


@dataclass(frozen=True, slots=True)
class Credential:
    """A person who presented a valid session or token. `expires` is None for tokens without end."""

    person: Person
    expires: datetime | None


@dataclass(frozen=True, slots=True)
class ApiToken:
    id: str
    person: str
    name: str
    created: datetime
    expires: datetime | None
