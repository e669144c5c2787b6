"""What Home and the DORA page count, out of the releases that the viewer may see."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from api.access.viewer import Viewer
from api.plane import ControlPlane
from model.identity import ApplicationId
from model.paging import PageRequest
from model.release import Release, ReleaseFilter
from model.statistics import Bucket, Counts, Window, buckets, preceding, total
from model.store import release as release_store
from model.store import statistics as statistics_store
from model.store.release import ReleaseSelection

MOST_ACTIVE = 5
RELEASES_BEHIND_A_FIGURE = 500


@dataclass(frozen=True, slots=True)
class Deployments:
    """`before` counts the period of equal length just before."""

    window: Window
    selection: ReleaseSelection
    buckets: tuple[Bucket, ...]
    counts: Counts
    before: Counts
    median_lead_seconds: float | None = None
    median_restore_seconds: float | None = None


@dataclass(frozen=True, slots=True)
class ActiveApplication:
    id: ApplicationId
    cluster: str
    counts: Counts
    before: Counts


async def deployments(plane: ControlPlane, viewer: Viewer, wanted: ReleaseFilter, window: Window) -> Deployments:
    selection = ReleaseSelection(await plane.authority.visibility(viewer), wanted)
    async with plane.database.read() as session:
        counted = await statistics_store.counts_by_bucket(session, selection, window)
        previous = await statistics_store.counts_of(session, selection, window.previous)
    found = tuple(buckets(window, counted, now=plane.clock()))
    return Deployments(window, selection, found, total(counted.values()), previous)


async def history(plane: ControlPlane, found: Deployments, *, steps: int) -> list[Bucket]:
    """Buckets before those of the window, which tell whether it is out of the ordinary."""
    earlier = preceding(found.window, found.buckets[0].start, steps=steps)
    async with plane.database.read() as session:
        counted = await statistics_store.counts_by_bucket(session, found.selection, earlier)
    return buckets(earlier, counted, now=plane.clock())[-steps:]


async def with_medians(plane: ControlPlane, found: Deployments) -> Deployments:
    async with plane.database.read() as session:
        asked = (session, found.selection, found.window)
        lead = await statistics_store.median(*asked, "lead", found.counts)
        restore = await statistics_store.median(*asked, "restore", found.counts)
    return replace(found, median_lead_seconds=lead, median_restore_seconds=restore)


async def most_active(
    plane: ControlPlane, found: Deployments, clusters: frozenset[str] = frozenset()
) -> list[ActiveApplication]:
    """Of all clusters, or of these."""
    selection = replace(found.selection, filter=replace(found.selection.filter, clusters=clusters))
    async with plane.database.read() as session:
        busiest = await statistics_store.busiest(session, selection, found.window, limit=MOST_ACTIVE)
        ids = frozenset(name for name, _, _ in busiest)
        same = replace(selection, filter=replace(selection.filter, applications=ids))
        previous = found.window.previous
        earlier = await statistics_store.busiest(session, same, previous, limit=MOST_ACTIVE) if ids else ()
    known = {name: counts for name, _, counts in earlier}
    return [
        ActiveApplication(ApplicationId(runtime, namespace, name), cluster, counts, known.get(row_id, Counts()))
        for row_id, cluster, counts in busiest
        for runtime, namespace, name in [row_id.split("/", 2)]
    ]


async def releases_of(plane: ControlPlane, found: Deployments, bucket: Bucket) -> Sequence[Release]:
    """The releases behind the figures of a bucket, newest first; at most RELEASES_BEHIND_A_FIGURE of them."""
    window = found.window
    since, until = max(bucket.start, window.start), min(bucket.end, window.end)
    selection = replace(found.selection, filter=replace(found.selection.filter, since=since, until=until))
    async with plane.database.read() as session:
        page = await release_store.page(session, selection, PageRequest(RELEASES_BEHIND_A_FIGURE))
    return [release for _, release in page.rows]
