"""Reading releases. Everybody sees those of the applications that Git lets them see."""

from api.access.viewer import Viewer
from api.actions.paging import Found, Paging, page_request
from api.plane import ControlPlane
from model.identity import ApplicationId
from model.release import Release, ReleaseFilter
from model.store import release as release_store
from model.store.release import ReleaseSelection


async def releases(
    plane: ControlPlane,
    viewer: Viewer,
    wanted: ReleaseFilter,
    paging: Paging | None,
    *,
    sort: str = "startedAt",
    descending: bool = True,
) -> Found[Release]:
    request = page_request(paging)
    selection = ReleaseSelection(await plane.authority.visibility(viewer), wanted)

    async def count() -> int:
        async with plane.database.read() as session:
            return await release_store.count(session, selection)

    async with plane.database.read() as session:
        page = await release_store.page(session, selection, request, sort=sort, descending=descending)
    return Found(page, count)


async def release(
    plane: ControlPlane, viewer: Viewer, application: ApplicationId, uid: str, number: int
) -> Release | None:
    """None: it does not exist, or the viewer may not see it."""
    async with plane.database.read() as session:
        found = await release_store.get(session, application, uid, number)
    if found is None:
        return None
    visibility = await plane.authority.visibility(viewer)
    return found if visibility.allows_repository(application.runtime, found.access_repo_url) else None
