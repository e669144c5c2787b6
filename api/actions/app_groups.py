"""Reading groups of applications, and products. Everybody sees those of the applications that Git lets them see."""

from api.access.viewer import Viewer
from api.actions.paging import Found, Paging, page_request
from api.plane import ControlPlane
from model.app_group import AppGroup, AppGroupFilter, AppGroupSort
from model.listing import Membership
from model.store import app_group as app_group_store
from model.store.app_group import AppGroupSelection


async def app_groups(
    plane: ControlPlane,
    viewer: Viewer,
    wanted: AppGroupFilter,
    paging: Paging | None,
    *,
    of: Membership = Membership.GROUP,
    sort: AppGroupSort = AppGroupSort.NAME,
    descending: bool = False,
) -> Found[AppGroup]:
    request = page_request(paging)
    selection = AppGroupSelection(await plane.authority.visibility(viewer), viewer.name, wanted, of)

    async def count() -> int:
        async with plane.database.read() as session:
            return await app_group_store.count(session, selection)

    async with plane.database.read() as session:
        page = await app_group_store.page(session, selection, request, sort=sort, descending=descending)
    return Found(page, count)


async def app_group(
    plane: ControlPlane, viewer: Viewer, name: str, of: Membership = Membership.GROUP
) -> AppGroup | None:
    """None: there is no such group or product, or the viewer may see no application of it."""
    visibility = await plane.authority.visibility(viewer)
    async with plane.database.read() as session:
        return await app_group_store.get(session, visibility, name, of)
