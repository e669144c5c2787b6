"""A person's own Git tokens. They pass through here once, on their way to the runtime that keeps them."""

from api.access.viewer import Viewer
from api.errors import Invalid, NotVisible
from api.live.tidings import CredentialChanged
from api.plane import ControlPlane
from model.link_access import GitTokenInfo, GitTokensAnswer, ListGitTokens, PutGitToken, RemoveGitToken
from model.store import runtime as runtime_store

TOKEN_SECONDS = 15.0
LONGEST_TOKEN = 4096


async def git_tokens(plane: ControlPlane, viewer: Viewer, runtime: str) -> tuple[GitTokenInfo, ...]:
    """Raises NotVisible, RuntimeUnavailable, TookTooLong, or Refused."""
    return await _ask(plane, runtime, ListGitTokens(viewer.name))


async def add_git_token(
    plane: ControlPlane, viewer: Viewer, runtime: str, *, url: str, username: str, token: str
) -> tuple[GitTokenInfo, ...]:
    """The person's tokens afterwards. What Git lets them do counts anew at once."""
    if not token.strip() or len(token) > LONGEST_TOKEN:
        raise Invalid("that is no token", field="token")
    found = await _ask(plane, runtime, PutGitToken(viewer.name, url.strip(), username.strip(), token.strip()))
    plane.tidings.tell(CredentialChanged(viewer.name))
    return found


async def remove_git_token(
    plane: ControlPlane, viewer: Viewer, runtime: str, token_id: str
) -> tuple[GitTokenInfo, ...]:
    found = await _ask(plane, runtime, RemoveGitToken(viewer.name, token_id))
    plane.tidings.tell(CredentialChanged(viewer.name))
    return found


async def _ask(
    plane: ControlPlane, runtime: str, body: ListGitTokens | PutGitToken | RemoveGitToken
) -> tuple[GitTokenInfo, ...]:
    """Whoever is signed in may enter a token for any runtime: without one they could not see it."""
    async with plane.database.read() as session:
        if await runtime_store.get(session, runtime) is None:
            raise NotVisible(f"there is no runtime {runtime[:80]!r}")
    answer = await plane.connected.ask(runtime, body, GitTokensAnswer, deadline_seconds=TOKEN_SECONDS)
    return answer.tokens
