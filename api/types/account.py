"""Users of this control plane, and API tokens, without their secret."""

from datetime import datetime

import strawberry

from api.types.payload import MutationError
from model.person import ApiToken as ApiTokenValue
from model.person import Person as PersonValue


@strawberry.type(description="Somebody who may sign in. What they may see and do is asked of Git.")
class Person:
    name: str
    email: str | None
    is_admin: bool

    @staticmethod
    def of(person: PersonValue) -> "Person":
        return Person(name=person.name, email=person.email or None, is_admin=person.is_admin)


@strawberry.type(description="A token with which a program asks in the viewer's name.")
class ApiToken:
    id: strawberry.ID
    name: str
    created: datetime
    expires: datetime | None

    @staticmethod
    def of(token: ApiTokenValue) -> "ApiToken":
        return ApiToken(id=strawberry.ID(token.id), name=token.name, created=token.created, expires=token.expires)


@strawberry.type(description="`secret` is shown this once.")
class ApiTokenPayload:
    token: ApiToken | None
    secret: str | None
    errors: list[MutationError]


@strawberry.input
class PersonInput:
    name: str
    password: str
    email: str | None = None
    is_admin: bool = False


@strawberry.type
class AccountPayload:
    errors: list[MutationError]
