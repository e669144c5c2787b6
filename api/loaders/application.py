"""Single applications by address."""

from collections import defaultdict

from api.access.viewer import Viewer
from api.plane import ControlPlane
from model.identity import ApplicationId
from model.listing import ListedApplication, Visibility
from model.store import application as application_store


async def load_children_counts(
    plane: ControlPlane, viewer: Viewer | None, asked: list[tuple[ApplicationId, Visibility | None]]
) -> list[int]:
    """How many applications each of them holds, of those that are seen so; None: as the viewer sees them."""
    if viewer is None:
        return [0] * len(asked)
    own = await plane.authority.visibility(viewer)
    wanted: dict[Visibility, list[str]] = defaultdict(list)
    for one, seen_by in asked:
        wanted[seen_by or own].append(str(one))
    found: dict[tuple[str, Visibility], int] = {}
    async with plane.database.read() as session:
        for visibility, ids in wanted.items():
            counts = await application_store.count_children(session, visibility, ids)
            found |= {(one, visibility): number for one, number in counts.items()}
    return [found.get((str(one), seen_by or own), 0) for one, seen_by in asked]


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
