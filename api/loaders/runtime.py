"""Runtimes, and how much there is of each."""

from api.access.viewer import Viewer
from api.plane import ControlPlane
from model.listing import ApplicationFacet, ApplicationFilter, RegisteredRuntime
from model.report import ApplicationKind
from model.store import application as application_store
from model.store import runtime as runtime_store
from model.store.application import ApplicationSelection


async def load_runtimes(plane: ControlPlane, names: list[str]) -> list[RegisteredRuntime | None]:
    """In the order of `names`. Whether the viewer may see them was decided before."""
    async with plane.database.read() as session:
        known = {runtime.name: runtime for runtime in await runtime_store.all_runtimes(session)}
    return [known.get(name) for name in names]


async def load_application_counts(plane: ControlPlane, viewer: Viewer | None, names: list[str]) -> list[int]:
    """How many applications of each runtime the viewer sees; what only generates them is none."""
    if viewer is None:
        return [0] * len(names)
    kinds = frozenset(ApplicationKind) - {ApplicationKind.APPLICATION_SET}
    wanted = ApplicationFilter(runtimes=frozenset(names), kinds=kinds)
    selection = ApplicationSelection(await plane.authority.visibility(viewer), viewer.name, wanted)
    async with plane.database.read() as session:
        counts = dict(await application_store.facet(session, selection, ApplicationFacet.RUNTIME))
    return [counts.get(name, 0) for name in names]


async def load_cluster_counts(plane: ControlPlane, names: list[str]) -> list[int]:
    async with plane.database.read() as session:
        counts = await runtime_store.count_clusters(session, names)
    return [counts.get(name, 0) for name in names]
