"""Reading releases. Everybody sees those of the applications that Git lets them see."""

from api.access.viewer import Viewer
from api.actions.paging import Found, Paging, page_request
from api.errors import Refused
from api.plane import ControlPlane
from model.identity import ApplicationId
from model.link import CompareReleases, Deployed, ReleaseChangesAnswer
from model.listing import ListedApplication
from model.release import Release, ReleaseFilter
from model.store import release as release_store
from model.store.release import ReleaseSelection

_CHANGES_SECONDS = 60.0  # two revisions may have to be fetched and rendered


async def releases(
    plane: ControlPlane,
    viewer: Viewer,
    wanted: ReleaseFilter,
    paging: Paging | None,
    *,
    sort: str = "startedAt",
    descending: bool = True,
) -> Found[Release]:
    request = page_request(paging)
    selection = ReleaseSelection(await plane.authority.visibility(viewer), wanted)

    async def count() -> int:
        async with plane.database.read() as session:
            return await release_store.count(session, selection)

    async with plane.database.read() as session:
        page = await release_store.page(session, selection, request, sort=sort, descending=descending)
    return Found(page, count)


async def release(
    plane: ControlPlane, viewer: Viewer, application: ApplicationId, uid: str, number: int
) -> Release | None:
    """None: it does not exist, or the viewer may not see it."""
    async with plane.database.read() as session:
        found = await release_store.get(session, application, uid, number)
    if found is None:
        return None
    visibility = await plane.authority.visibility(viewer)
    return found if visibility.allows_repository(application.runtime, found.access_repo_url) else None


async def changes(
    plane: ControlPlane, release: Release, application: ListedApplication | None
) -> tuple[Release | None, ReleaseChangesAnswer]:
    """What it changed, and the release that it is held against. `application` as the viewer may see it now."""
    if application is None:  # one that was made anew since has the same address, which is all that rendering needs
        raise Refused("NOT_FOUND_ERROR", "the application of this release is not there any more")
    if release.argo_id is None:
        message = "the sync of this release failed, so what of it was applied is not known"
        raise Refused("VALIDATION_ERROR", message, suggestion="Look at its message, and at the state of the resources.")
    async with plane.database.read() as session:
        before = await release_store.deployed_before(session, release)
    body = CompareReleases(application.summary.key, _deployed(release), _deployed(before) if before else None)
    answer = await plane.connected.ask(
        release.application.runtime, body, ReleaseChangesAnswer, deadline_seconds=_CHANGES_SECONDS
    )
    return before, answer


def _deployed(release: Release) -> Deployed:
    return Deployed(release.sources, release.revisions or (release.revision,))
