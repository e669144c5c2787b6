"""Reading the audit log. Everybody sees the commits of the repositories that Git lets them read, and no others."""

from collections.abc import AsyncIterator

from api.access.authorize import Verb, not_visible
from api.access.viewer import Viewer
from api.actions.paging import Found, Paging, page_request
from api.plane import ControlPlane
from model.audit import (
    AuditFilter,
    CommitChanges,
    GetCommitChanges,
    GetManifestHistory,
    ListedAuditEntry,
    ManifestHistory,
)
from model.link_access import GetManifestReview, ManifestReview
from model.listing import ListedApplication
from model.paging import PageRequest
from model.store import audit as audit_store
from model.store.audit import AuditRepository, AuditSelection

EXPORT_PAGE = 500


async def audit_log(
    plane: ControlPlane, viewer: Viewer, wanted: AuditFilter, paging: Paging | None
) -> Found[ListedAuditEntry]:
    """Newest first."""
    request = page_request(paging)
    selection = await _selection(plane, viewer, wanted)

    async def count() -> int:
        async with plane.database.read() as session:
            return await audit_store.count(session, selection)

    async with plane.database.read() as session:
        page = await audit_store.page(session, selection, request)
    return Found(page, count)


async def audit_entry(
    plane: ControlPlane, viewer: Viewer, runtime: str, repo: str, sha: str
) -> ListedAuditEntry | None:
    """None: it does not exist, or the viewer may not see it."""
    async with plane.database.read() as session:
        found = await audit_store.get(session, runtime, repo, sha)
    if found is None:
        return None
    permission = await plane.authority.authorize_repository(viewer, Verb.VIEW, runtime, repo)
    return found if permission.allowed else None


async def whole_log(plane: ControlPlane, viewer: Viewer, wanted: AuditFilter) -> AsyncIterator[list[ListedAuditEntry]]:
    """All that the viewer may see, page by page. What they may see is looked at anew before each page."""
    after = ""
    while True:
        selection = await _selection(plane, viewer, wanted)
        async with plane.database.read() as session:
            page = await audit_store.page(session, selection, PageRequest(EXPORT_PAGE, after=after))
        yield [entry for _, entry in page.rows]
        if not page.has_next:
            return
        after = page.rows[-1][0]


async def commit_changes(plane: ControlPlane, viewer: Viewer, listed: ListedAuditEntry) -> CommitChanges:
    """Raises NotVisible, RuntimeUnavailable, TookTooLong, or Refused."""
    commit = listed.entry.commit
    permission = await plane.authority.authorize_repository(viewer, Verb.VIEW, listed.runtime, commit.repo_url)
    if not permission.allowed:
        raise not_visible(f"commit {commit.sha}")
    return await plane.connected.ask(listed.runtime, GetCommitChanges(commit.repo_url, commit.sha), CommitChanges)


async def manifest_history(plane: ControlPlane, one: ListedApplication) -> ManifestHistory:
    return await plane.connected.ask(one.runtime, GetManifestHistory(one.summary.key), ManifestHistory)


async def manifest_review(plane: ControlPlane, viewer: Viewer, one: ListedApplication) -> ManifestReview:
    return await plane.connected.ask(one.runtime, GetManifestReview(one.summary.key, viewer.name), ManifestReview)


async def _selection(plane: ControlPlane, viewer: Viewer, wanted: AuditFilter) -> AuditSelection:
    """A repository that several runtimes have read is shown once, as the first of them tells it."""
    visibility = await plane.authority.visibility(viewer)
    async with plane.database.read() as session:
        known = await audit_store.repositories(session)
    places: dict[str, AuditRepository] = {}
    for one in known:
        if (one.runtime, one.repo) in visibility.repositories:
            places.setdefault(one.repo, one)
    return AuditSelection(tuple(places.values()), wanted)
