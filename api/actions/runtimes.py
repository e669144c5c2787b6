"""Reading runtimes and clusters."""

from api.access.viewer import Viewer
from api.actions.paging import Found, Paging, counted, page_request
from api.plane import ControlPlane
from model.listing import ListedCluster, RegisteredRuntime
from model.paging import encode_cursor, slice_in_memory
from model.store import runtime as runtime_store

GIT_PROVIDERS = frozenset({"GITHUB", "GITLAB", "BITBUCKET", "BITBUCKET_SERVER", "GITEA", "GERRIT"})


async def all_visible(plane: ControlPlane, viewer: Viewer) -> list[RegisteredRuntime]:
    """By name."""
    async with plane.database.read() as session:
        known = await runtime_store.all_runtimes(session)
    return [runtime for runtime in known if await plane.authority.may_see_runtime(viewer, runtime.name)]


async def runtime(plane: ControlPlane, viewer: Viewer, name: str) -> RegisteredRuntime | None:
    """None: it does not exist, or the viewer may not see it."""
    if not await plane.authority.may_see_runtime(viewer, name):
        return None
    async with plane.database.read() as session:
        return await runtime_store.get(session, name)


async def runtimes(plane: ControlPlane, viewer: Viewer, paging: Paging | None) -> Found[RegisteredRuntime]:
    request = page_request(paging)
    rows = [(encode_cursor(one.name), one) for one in await all_visible(plane, viewer)]
    return Found(slice_in_memory(rows, request), lambda: counted(len(rows)))


async def git_provider(plane: ControlPlane, viewer: Viewer) -> str:
    """Kind of the Git host of the first runtime that knows one; EMBEDDED for the one that is served here; "": none."""
    embedded = f"{plane.settings.local_url}/git/" if plane.settings.git_forward_url else None
    for one in await all_visible(plane, viewer):
        if one.summary is None:
            continue
        if embedded and one.summary.shared_config_repo.startswith(embedded):
            return "EMBEDDED"
        if one.summary.git_provider in GIT_PROVIDERS:
            return one.summary.git_provider
    return ""


async def clusters(
    plane: ControlPlane, viewer: Viewer, runtime_name: str | None, paging: Paging | None
) -> Found[ListedCluster]:
    request = page_request(paging)
    names = [one.name for one in await all_visible(plane, viewer) if runtime_name in (None, one.name)]
    async with plane.database.read() as session:
        found = await runtime_store.clusters(session, names)
    rows = [(encode_cursor(cluster.runtime, cluster.summary.server), cluster) for cluster in found]
    return Found(slice_in_memory(rows, request), lambda: counted(len(rows)))


async def cluster(plane: ControlPlane, viewer: Viewer, runtime_name: str, server: str) -> ListedCluster | None:
    if not await plane.authority.may_see_runtime(viewer, runtime_name):
        return None
    async with plane.database.read() as session:
        found = await runtime_store.clusters(session, [runtime_name])
    return next((one for one in found if one.summary.server == server), None)
