"""Reading applications: lists, one, and what only its runtime knows about it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from api.access.authorize import Permission, Verb, not_visible
from api.access.viewer import Viewer
from api.actions.paging import Found, Paging, page_request
from api.errors import NotVisible, Refused
from api.plane import ControlPlane
from model.identity import ApplicationId
from model.link import (
    ApplicationDiffAnswer,
    DeepLinksAnswer,
    DiffApplication,
    GetDeepLinks,
    GetManagedResources,
    GetRendering,
    GetResource,
    GetSyncWindows,
    GetTree,
    ManagedAnswer,
    ObjectRef,
    RenderingAnswer,
    ResourceAnswer,
    SyncWindowsAnswer,
    TreeAnswer,
)
from model.link_change import GetRestriction, RestrictionAnswer
from model.listing import ApplicationFacet, ApplicationFilter, ApplicationSort, ListedApplication, Membership
from model.paging import Page
from model.report import ApplicationKind
from model.store import application as application_store
from model.store import runtime as runtime_store
from model.store.application import ApplicationSelection

_DIFF_SECONDS = 60.0  # another revision may have to be fetched and rendered


async def applications(
    plane: ControlPlane,
    viewer: Viewer,
    wanted: ApplicationFilter,
    paging: Paging | None,
    *,
    sort: ApplicationSort = ApplicationSort.NAME,
    descending: bool = False,
) -> Found[ListedApplication]:
    request = page_request(paging)
    selection = await _selection(plane, viewer, wanted)

    async def count() -> int:
        async with plane.database.read() as session:
            return await application_store.count(session, selection)

    async with plane.database.read() as session:
        page = await application_store.page(session, selection, request, sort=sort, descending=descending)
    return Found(page, count)


async def children(
    plane: ControlPlane, viewer: Viewer, parent: ListedApplication, paging: Paging | None
) -> Found[ListedApplication]:
    return await applications(plane, viewer, ApplicationFilter(parent=str(parent.id)), paging)


async def git_sources(
    plane: ControlPlane, viewer: Viewer, runtime: str | None, paging: Paging | None
) -> Found[ListedApplication]:
    wanted = ApplicationFilter(
        kinds=frozenset({ApplicationKind.GIT_SOURCE}), runtimes=frozenset({runtime} if runtime else ())
    )
    return await applications(plane, viewer, wanted, paging)


async def application(
    plane: ControlPlane, viewer: Viewer, runtime: str, name: str, namespace: str | None, *, is_set: bool = False
) -> ListedApplication | None:
    """None: it does not exist, or the viewer may not see it. Without a namespace: that of the runtime comes first."""
    async with plane.database.read() as session:
        if namespace is not None:
            key = ApplicationId(runtime, namespace, name, is_set)
            found = list((await application_store.get_many(session, [key])).values())
        else:
            found = [one for one in await application_store.find(session, runtime, name) if one.id.is_set is is_set]
            if len(found) > 1:
                home = await runtime_store.get(session, runtime)
                preferred = home.summary.namespace if home and home.summary else ""
                found.sort(key=lambda one: one.summary.key.namespace != preferred)
    for one in found:
        if (await plane.authority.authorize(viewer, Verb.VIEW, one)).allowed:
            return one
    return None


async def require_application(
    plane: ControlPlane, viewer: Viewer, runtime: str, name: str, namespace: str | None, *, is_set: bool = False
) -> ListedApplication:
    """Raises NotVisible."""
    found = await application(plane, viewer, runtime, name, namespace, is_set=is_set)
    if found is None:
        raise not_visible(f"application {runtime}/{namespace or '*'}/{name}")
    return found


async def facets(
    plane: ControlPlane, viewer: Viewer, wanted: ApplicationFilter, by: ApplicationFacet | Membership | None
) -> list[tuple[str, int]]:
    """Values with their counts; `by` None: labels."""
    selection = await _selection(plane, viewer, wanted)
    async with plane.database.read() as session:
        if isinstance(by, Membership):
            return list(await application_store.membership_facet(session, selection, by))
        if by is None:
            return list(await application_store.label_facet(session, selection))
        return list(await application_store.facet(session, selection, by))


async def count(plane: ControlPlane, viewer: Viewer, wanted: ApplicationFilter) -> int:
    selection = await _selection(plane, viewer, wanted)
    async with plane.database.read() as session:
        return await application_store.count(session, selection)


async def warnings(
    plane: ControlPlane, viewer: Viewer, wanted: ApplicationFilter, paging: Paging | None
) -> Found[tuple[ListedApplication, int]]:
    """Every problem of every application, worst application first, as (application, number of its problem)."""
    request = page_request(paging)
    selection = await _selection(plane, viewer, wanted)

    async def total() -> int:
        async with plane.database.read() as session:
            return await application_store.count_problems(session, selection)

    async with plane.database.read() as session:
        page: Page[tuple[ListedApplication, int]] = await application_store.problems_page(session, selection, request)
    return Found(page, total)


async def permissions(plane: ControlPlane, viewer: Viewer, one: ListedApplication) -> dict[Verb, Permission]:
    return {verb: await plane.authority.authorize(viewer, verb, one) for verb in Verb}


@dataclass(frozen=True, slots=True)
class GitRights:
    read: bool
    write: bool
    checked_at: datetime | None
    reason: str


async def git_permissions(plane: ControlPlane, viewer: Viewer, one: ListedApplication, repository: str) -> GitRights:
    key = (one.runtime, repository)
    verdict = (await plane.authority.verdicts.of(viewer.name, [key]))[key]
    age_seconds = plane.authority.verdicts.age_seconds(verdict)
    checked_at = plane.clock() - timedelta(seconds=age_seconds) if age_seconds is not None else None
    return GitRights(verdict.read, verdict.write, checked_at, verdict.reason)


async def tree(plane: ControlPlane, one: ListedApplication) -> tuple[TreeAnswer, str]:
    """The tree now, and a cursor from which the live tree goes on; "" when nobody watches it yet."""
    cursor = plane.trees.cursor(one.id)
    return await plane.connected.ask(one.runtime, GetTree(one.summary.key), TreeAnswer), cursor


async def managed_resources(plane: ControlPlane, one: ListedApplication, *, only_changed: bool) -> ManagedAnswer:
    body = GetManagedResources(one.summary.key, only_changed)
    return await plane.connected.ask(one.runtime, body, ManagedAnswer)


async def application_diff(
    plane: ControlPlane, viewer: Viewer, one: ListedApplication, revisions: Sequence[str], manifests: Sequence[str]
) -> ApplicationDiffAnswer:
    """What a sync to other revisions, or of these manifests, would change."""
    body = DiffApplication(one.summary.key, viewer.name, tuple(revisions), tuple(manifests))
    return await plane.connected.ask(one.runtime, body, ApplicationDiffAnswer, deadline_seconds=_DIFF_SECONDS)


async def deep_links(plane: ControlPlane, one: ListedApplication) -> DeepLinksAnswer:
    return await plane.connected.ask(one.runtime, GetDeepLinks(one.summary.key), DeepLinksAnswer)


async def rendering(plane: ControlPlane, one: ListedApplication) -> RenderingAnswer:
    return await plane.connected.ask(one.runtime, GetRendering(one.summary.key), RenderingAnswer)


async def sync_windows(plane: ControlPlane, one: ListedApplication) -> SyncWindowsAnswer:
    return await plane.connected.ask(one.runtime, GetSyncWindows(one.summary.key), SyncWindowsAnswer)


async def resource(plane: ControlPlane, one: ListedApplication, ref: ObjectRef) -> ResourceAnswer | None:
    """None: there is no such resource in this application."""
    try:
        return await plane.connected.ask(one.runtime, GetResource(one.summary.key, ref), ResourceAnswer)
    except Refused as refusal:
        if refusal.code == NotVisible.code:
            return None
        raise


async def _selection(plane: ControlPlane, viewer: Viewer, wanted: ApplicationFilter) -> ApplicationSelection:
    return ApplicationSelection(await plane.authority.visibility(viewer), viewer.name, wanted)


async def restriction(plane: ControlPlane, git_source: ListedApplication) -> RestrictionAnswer:
    return await plane.connected.ask(git_source.runtime, GetRestriction(git_source.summary.key), RestrictionAnswer)
