"""Reading what happened lately. Everybody is told of the applications and commits that Git lets them see."""

from collections.abc import AsyncGenerator

from api.access.viewer import Viewer
from api.actions.paging import Found, Paging, page_request
from api.plane import ControlPlane
from model.notification import Notification, NotificationFilter
from model.store import notification as notification_store
from model.store.notification import NotificationSelection


async def notifications(
    plane: ControlPlane, viewer: Viewer, wanted: NotificationFilter, paging: Paging | None
) -> Found[Notification]:
    """Newest first."""
    request = page_request(paging)
    selection = NotificationSelection(await plane.authority.visibility(viewer), wanted)

    async def count() -> int:
        async with plane.database.read() as session:
            return await notification_store.count(session, selection)

    async with plane.database.read() as session:
        page = await notification_store.page(session, selection, request)
    return Found(page, count)


async def notification(plane: ControlPlane, viewer: Viewer, key: str) -> Notification | None:
    """None: it does not exist, or the viewer may not see it."""
    async with plane.database.read() as session:
        found = await notification_store.get(session, key)
    if found is None:
        return None
    visibility = await plane.authority.visibility(viewer)
    return found if visibility.allows_repository(found.runtime, found.access_repo_url) else None


async def follow(plane: ControlPlane, viewer: Viewer) -> AsyncGenerator[Notification, None]:
    async for told in plane.streams.guard(viewer, plane.activity.follow(viewer)):
        yield told
