"""Single applications by address."""

from api.access.viewer import Viewer
from api.plane import ControlPlane
from model.identity import ApplicationId
from model.listing import ListedApplication
from model.store import application as application_store


async def load_children_counts(plane: ControlPlane, viewer: Viewer | None, ids: list[ApplicationId]) -> list[int]:
    """How many applications each of them holds, of those that the viewer sees."""
    if viewer is None:
        return [0] * len(ids)
    visibility = await plane.authority.visibility(viewer)
    async with plane.database.read() as session:
        found = await application_store.count_children(session, visibility, [str(one) for one in ids])
    return [found.get(str(one), 0) for one in ids]


async def load_applications(
    plane: ControlPlane, viewer: Viewer | None, ids: list[ApplicationId]
) -> list[ListedApplication | None]:
    """In the order of `ids`; None for what does not exist or the viewer may not see."""
    if viewer is None:
        return [None] * len(ids)
    visibility = await plane.authority.visibility(viewer)
    async with plane.database.read() as session:
        found = await application_store.get_many(session, ids)
    return [
        application if application is not None and visibility.allows(application) else None
        for application in map(found.get, ids)
    ]
