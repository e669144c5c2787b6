"""Changes to applications in Git: asked of the runtime, which commits them in the name of the person.

Here it is checked that the person may see what is named, and may write to the repository that is to change; the runtime
checks that again, and the Git host has the last word.
"""

from collections.abc import Callable

from api.access.authorize import Verb, not_visible
from api.access.viewer import Viewer
from api.actions import runtimes
from api.actions.operations import Target
from api.actions.reading import application, require_application
from api.actions.registration import require_administrator
from api.errors import Invalid, NotInGit, Refused
from api.plane import ControlPlane
from model.identity import ApplicationKey
from model.link import RequestBody
from model.link_change import (
    Author,
    ChangeAnswer,
    CommitWords,
    CreateApplication,
    DeleteApplication,
    DeleteGitSource,
    EditApplication,
    GetManifestFile,
    ManageRuntime,
    ManifestFileAnswer,
    PutGitSource,
    ValidateApplication,
    ValidationAnswer,
)
from model.link_cluster import AddCluster, ClusterAnswer, InstallRollouts, RemoveCluster
from model.listing import ListedApplication
from model.report import ApplicationKind

CHANGE_SECONDS = 25.0


def author_of(viewer: Viewer) -> Author:
    return Author(viewer.name, viewer.email)


async def create(
    plane: ControlPlane,
    viewer: Viewer,
    *,
    runtime: str,
    git_source: str,
    manifest: str,
    file_name: str,
    words: CommitWords,
    operation_id: str,
) -> ChangeAnswer:
    """Raises NotVisible, Forbidden, RuntimeUnavailable, TookTooLong, or what the runtime refuses with."""
    await require_writable_source(plane, viewer, runtime, git_source)
    body = CreateApplication(git_source, manifest, author_of(viewer), operation_id, words, file_name)
    return await plane.connected.ask(runtime, body, ChangeAnswer, deadline_seconds=CHANGE_SECONDS)


async def edit(
    plane: ControlPlane,
    viewer: Viewer,
    target: Target,
    *,
    manifest: str,
    base_blob: str,
    as_written: bool,
    words: CommitWords,
    operation_id: str,
) -> ChangeAnswer:
    def body(key: ApplicationKey) -> RequestBody:
        return EditApplication(key, manifest, author_of(viewer), operation_id, words, base_blob, as_written)

    return await _change(plane, viewer, Verb.EDIT, target, body)


async def delete(
    plane: ControlPlane, viewer: Viewer, target: Target, *, confirm_name: str, words: CommitWords, operation_id: str
) -> ChangeAnswer:
    if confirm_name != target.name:
        raise Invalid(
            "the name to confirm is not the application's",
            field="confirmName",
            suggestion=f"write {target.name} to delete it",
        )

    def body(key: ApplicationKey) -> RequestBody:
        return DeleteApplication(key, author_of(viewer), operation_id, words)

    return await _change(plane, viewer, Verb.DELETE, target, body)


async def validate(
    plane: ControlPlane, viewer: Viewer, *, runtime: str, git_source: str, manifest: str, is_new: bool
) -> ValidationAnswer:
    if git_source:
        await require_source(plane, viewer, runtime, git_source)
    elif not await plane.authority.may_see_runtime(viewer, runtime):
        raise not_visible(f"runtime {runtime}")
    body = ValidateApplication(manifest, author_of(viewer), git_source, is_new)
    return await plane.connected.ask(runtime, body, ValidationAnswer, deadline_seconds=CHANGE_SECONDS)


async def manifest_file(plane: ControlPlane, one: ListedApplication) -> ManifestFileAnswer | None:
    """None: no file that can be edited holds it."""
    try:
        return await plane.connected.ask(one.runtime, GetManifestFile(one.summary.key), ManifestFileAnswer)
    except Refused as refusal:
        if refusal.code in ("NOT_IN_GIT", "NOT_FOUND_ERROR"):
            return None
        raise


async def put_git_source(plane: ControlPlane, viewer: Viewer, runtime: str, body: PutGitSource) -> ChangeAnswer:
    await _require_configuration(plane, viewer, runtime, "change Git Sources")
    return await plane.connected.ask(runtime, body, ChangeAnswer, deadline_seconds=CHANGE_SECONDS)


async def delete_git_source(
    plane: ControlPlane, viewer: Viewer, runtime: str, name: str, *, operation_id: str
) -> ChangeAnswer:
    await _require_configuration(plane, viewer, runtime, "change Git Sources")
    body = DeleteGitSource(name, author_of(viewer), operation_id)
    return await plane.connected.ask(runtime, body, ChangeAnswer, deadline_seconds=CHANGE_SECONDS)


async def add_cluster(plane: ControlPlane, viewer: Viewer, runtime: str, body: AddCluster) -> ClusterAnswer:
    await _require_clusters(plane, viewer, runtime)
    return await plane.connected.ask(runtime, body, ClusterAnswer, deadline_seconds=CHANGE_SECONDS)


async def remove_cluster(
    plane: ControlPlane, viewer: Viewer, runtime: str, server: str, *, operation_id: str
) -> ClusterAnswer:
    await _require_clusters(plane, viewer, runtime)
    body = RemoveCluster(server, author_of(viewer), operation_id)
    return await plane.connected.ask(runtime, body, ClusterAnswer, deadline_seconds=CHANGE_SECONDS)


async def manage_runtime(plane: ControlPlane, viewer: Viewer, runtime: str, *, operation_id: str) -> ChangeAnswer:
    await _require_configuration(plane, viewer, runtime, "let the runtime manage itself")
    body = ManageRuntime(author_of(viewer), operation_id)
    return await plane.connected.ask(runtime, body, ChangeAnswer, deadline_seconds=CHANGE_SECONDS)


async def install_rollouts(
    plane: ControlPlane, viewer: Viewer, runtime: str, cluster: str, *, image: str, operation_id: str
) -> ClusterAnswer:
    await _require_configuration(plane, viewer, runtime, "install Rollouts")
    body = InstallRollouts(cluster, author_of(viewer), operation_id, image)
    return await plane.connected.ask(runtime, body, ClusterAnswer, deadline_seconds=CHANGE_SECONDS)


async def _require_clusters(plane: ControlPlane, viewer: Viewer, runtime: str) -> None:
    """Whoever may push to the shared configuration; without one, administrators. Raises NotVisible, Forbidden."""
    if repository := await _shared_configuration(plane, viewer, runtime):
        await _require_push(plane, viewer, runtime, repository, "change clusters")
    else:
        require_administrator(viewer, "change clusters of a runtime without a shared configuration repository")


async def _require_configuration(plane: ControlPlane, viewer: Viewer, runtime: str, deed: str) -> None:
    """Raises NotVisible, Invalid without a shared configuration repository, Forbidden for who may not write to it."""
    repository = await _shared_configuration(plane, viewer, runtime)
    if not repository:
        raise Invalid(
            f"runtime {runtime} has no shared configuration repository",
            field="runtime",
            suggestion=f"start the runtime with --config-repo, and ask again to {deed}: it is committed there",
        )
    await _require_push(plane, viewer, runtime, repository, deed)


async def _shared_configuration(plane: ControlPlane, viewer: Viewer, runtime: str) -> str:
    """Its address; "": there is none. Raises NotVisible."""
    found = await runtimes.runtime(plane, viewer, runtime)
    if found is None:
        raise not_visible(f"runtime {runtime}")
    return found.summary.shared_config_repo if found.summary else ""


async def _require_push(plane: ControlPlane, viewer: Viewer, runtime: str, repository: str, deed: str) -> None:
    """Raises Forbidden, GitUnavailable, RuntimeUnavailable."""
    suggestion = "ask for write permission on the shared configuration repository"
    await plane.authority.require_push(viewer, runtime, repository, deed, suggestion=suggestion)


async def require_source(plane: ControlPlane, viewer: Viewer, runtime: str, name: str) -> ListedApplication:
    """The Git Source. Raises NotVisible."""
    found = await application(plane, viewer, runtime, name, None)
    if found is None or found.summary.kind is not ApplicationKind.GIT_SOURCE:
        raise not_visible(f"Git Source {runtime}/{name}")
    return found


async def require_writable_source(plane: ControlPlane, viewer: Viewer, runtime: str, name: str) -> ListedApplication:
    """Raises NotVisible, and Forbidden, GitUnavailable or RuntimeUnavailable for who may not push to its repository, or
    may perhaps."""
    found = await require_source(plane, viewer, runtime, name)
    repository = found.summary.sources[0].repo_url if found.summary.sources else ""
    suggestion = "choose a Git Source that you may write to, or ask for write permission on its repository"
    deed = f"commit to Git Source {name}"
    await plane.authority.require_push(viewer, runtime, repository, deed, suggestion=suggestion)
    return found


async def _change(
    plane: ControlPlane, viewer: Viewer, verb: Verb, target: Target, body: Callable[[ApplicationKey], RequestBody]
) -> ChangeAnswer:
    found = await require_application(plane, viewer, target.runtime, target.name, target.namespace)
    if found.summary.git_source is None:
        raise NotInGit(str(found.id))
    await plane.authority.require(viewer, verb, found)
    return await plane.connected.ask(
        found.runtime, body(found.summary.key), ChangeAnswer, deadline_seconds=CHANGE_SECONDS
    )
