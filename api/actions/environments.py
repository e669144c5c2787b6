"""Reading environments. Who sees a runtime sees those that it reports, with the applications that Git lets them see."""

from collections.abc import Mapping

from api.access.viewer import Viewer
from api.actions import runtimes
from api.actions.paging import Found, Paging, counted, page_request
from api.plane import ControlPlane
from model.environment import Environment, gathered
from model.listing import Membership
from model.paging import Page, encode_cursor, slice_in_memory
from model.report import HealthState
from model.store import app_group as app_group_store

Counted = tuple[Environment, Mapping[HealthState, int]]
"""An environment, and how many of its applications there are per health."""


async def environments(plane: ControlPlane, viewer: Viewer, search: str, paging: Paging | None) -> Found[Counted]:
    request = page_request(paging)
    known = [one for one in await _all(plane, viewer) if search.lower() in one.name.lower()]
    page = slice_in_memory([(encode_cursor("" if one.production else "1", one.name), one) for one in known], request)
    healths = await _healths(plane, viewer, [one.name for _, one in page.rows])
    rows = tuple((cursor, (one, healths.get(one.name, {}))) for cursor, one in page.rows)
    return Found(Page(rows, page.has_next, page.has_previous), lambda: counted(len(known)))


async def environment(plane: ControlPlane, viewer: Viewer, name: str) -> Counted | None:
    """None: no runtime that the viewer sees reports one of this name."""
    found = next((one for one in await _all(plane, viewer) if one.name == name), None)
    return (found, (await _healths(plane, viewer, [name])).get(name, {})) if found else None


async def _all(plane: ControlPlane, viewer: Viewer) -> list[Environment]:
    registered = await runtimes.all_visible(plane, viewer)
    return gathered((one.name, told) for one in registered if one.summary for told in one.summary.environments)


async def _healths(plane: ControlPlane, viewer: Viewer, names: list[str]) -> dict[str, dict[HealthState, int]]:
    visibility = await plane.authority.visibility(viewer)
    async with plane.database.read() as session:
        return await app_group_store.healths(session, visibility, Membership.ENVIRONMENT, names)
