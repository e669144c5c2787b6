"""Which release of an application is its newest."""

from api.plane import ControlPlane
from model.identity import ApplicationId
from model.store import release as release_store


async def load_newest_releases(plane: ControlPlane, ids: list[ApplicationId]) -> list[tuple[str, int] | None]:
    """(uid, number), in the order of `ids`. Whether the viewer may see the applications was decided before."""
    async with plane.database.read() as session:
        found = await release_store.newest_numbers(session, set(ids))
    return [found.get(one) for one in ids]
