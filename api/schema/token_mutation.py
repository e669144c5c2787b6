"""What a person does with their own Git tokens."""

from collections.abc import Awaitable

import strawberry

from api.actions import git_tokens
from api.context import Info
from api.errors import ApiError, Unauthorized
from api.types.git_token import GitToken, GitTokenInput, GitTokensPayload
from api.types.payload import MutationError
from model.link_access import GitTokenInfo


@strawberry.type
class TokenMutation:
    @strawberry.mutation(description="Kept encrypted by the runtime; never shown again. Replaces one for the same URL.")
    async def add_git_token(self, info: Info, input: GitTokenInput) -> GitTokensPayload:
        plane, viewer = info.context.plane, info.context.signed_in()
        username = input.username or ""
        work = git_tokens.add_git_token(
            plane, viewer, input.runtime, url=input.url, username=username, token=input.token
        )
        return await _payload(input.runtime, work)

    @strawberry.mutation
    async def remove_git_token(self, info: Info, runtime: str, id: strawberry.ID) -> GitTokensPayload:
        plane, viewer = info.context.plane, info.context.signed_in()
        return await _payload(runtime, git_tokens.remove_git_token(plane, viewer, runtime, id))


async def _payload(runtime: str, work: Awaitable[tuple[GitTokenInfo, ...]]) -> GitTokensPayload:
    try:
        found = await work
    except Unauthorized:
        raise
    except ApiError as error:
        return GitTokensPayload(tokens=[], errors=[MutationError.of(error)])
    return GitTokensPayload(tokens=[GitToken.of(runtime, one) for one in found], errors=[])
