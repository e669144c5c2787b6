"""Starring things."""

from api.access.authorize import Verb, not_visible
from api.access.viewer import Viewer
from api.actions import app_groups
from api.live.tidings import Starred
from api.plane import ControlPlane
from model.app_group import FAVORITE_KINDS
from model.errors import InvalidIdentity
from model.identity import ApplicationId, decode_node_id
from model.kinds.application import APPLICATION_SET, KIND
from model.listing import Membership
from model.store import application as application_store
from model.store.report import ApplicationChange


async def set_favorite(plane: ControlPlane, viewer: Viewer, node_id: str, *, starred: bool) -> None:
    """Raises NotVisible. Live lists of everybody hear of it as a change, so that the person's other windows follow."""
    try:
        kind, parts = decode_node_id(node_id)
    except InvalidIdentity as error:
        raise not_visible("the thing with this id") from error
    of = next((one for one, called in FAVORITE_KINDS.items() if called == kind), None)
    if of is not None and len(parts) == 1:
        return await _set_group(plane, viewer, of, parts[0], starred=starred)
    if kind not in (KIND, APPLICATION_SET) or len(parts) != 3:
        raise not_visible("an application with this id")
    key = ApplicationId(*parts, is_set=kind == APPLICATION_SET)
    async with plane.database.read() as session:
        found = (await application_store.get_many(session, [key])).get(key)
    if found is None or not (await plane.authority.authorize(viewer, Verb.VIEW, found)).allowed:
        raise not_visible(f"application {key}")
    await plane.favorites.put(viewer.name, KIND, str(key), starred=starred)
    plane.tidings.tell(Starred(viewer.name, (ApplicationChange(key, found, found),)))


async def _set_group(plane: ControlPlane, viewer: Viewer, of: Membership, name: str, *, starred: bool) -> None:
    if await app_groups.app_group(plane, viewer, name, of) is None:
        raise not_visible(f"{of.value} {name!r}")
    await plane.favorites.put(viewer.name, FAVORITE_KINDS[of], name, starred=starred)
    plane.tidings.tell(Starred(viewer.name, ()))
