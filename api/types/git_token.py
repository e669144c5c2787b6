"""A person's own Git tokens, without their secret."""

import enum
from datetime import datetime
from typing import cast

import strawberry

from api.types.enums import member
from api.types.payload import MutationError
from model.link_access import GitTokenInfo


@strawberry.enum
class GitTokenStatus(enum.Enum):
    VALID = "VALID"
    INVALID = "INVALID"
    UNKNOWN = "UNKNOWN"


@strawberry.type(description="A token that the viewer entered for a Git host; used for their commits and permissions.")
class GitToken:
    id: strawberry.ID
    runtime: str
    url: str
    username: str
    status: GitTokenStatus
    message: str | None
    checked_at: datetime | None

    @staticmethod
    def of(runtime: str, token: GitTokenInfo) -> "GitToken":
        return GitToken(
            id=strawberry.ID(token.id),
            runtime=runtime,
            url=token.url,
            username=token.username,
            status=cast(GitTokenStatus, member(GitTokenStatus, token.status, GitTokenStatus.UNKNOWN)),
            message=token.message or None,
            checked_at=token.checked_at,
        )


@strawberry.input
class GitTokenInput:
    runtime: str
    url: str = strawberry.field(description="Address of the Git host, or the beginning of those of its repositories.")
    username: str | None = strawberry.field(default=None, description="The viewer's own name if unset.")
    token: str


@strawberry.type(description="The viewer's tokens for that runtime afterwards.")
class GitTokensPayload:
    tokens: list[GitToken]
    errors: list[MutationError]
