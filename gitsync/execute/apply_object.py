"""Brings one object to its desired state: one request, unless its options ask for more.

- Default, and `ServerSideApply=true`: server-side apply with our field manager, taking over fields. With `false`, and
  where the plan says so, as `kubectl apply` does it on the client's side: that needs a read before each write.
- `Replace=true`: create or overwrite.
- `Force=true`: what cannot be changed in place is deleted and created anew, never a Namespace or a definition, and only
  after the API server has accepted the new object in a dry run, so that nothing is lost to a manifest that is wrong.
- Both: deleted and created anew whether it can be changed or not, as `kubectl replace --force` does; people write that
  on Jobs that are to run again with each sync.
- `Validate=false`: unknown fields are dropped in silence; else they are refused, as by kubectl.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace

from gitsync.diff.normalize import as_stored, without_null_marks
from gitsync.execute.client_side import apply_client_side
from gitsync.execute.hooks import end_hook
from gitsync.execute.live import LiveView, Watched
from gitsync.execute.migrate import migrate_client_side
from gitsync.execute.ownership import why_not_ours
from gitsync.kube.client import Cluster, Validation, Written
from gitsync.kube.errors import AlreadyExists, ClusterError, Conflict, Duplicated, Immutable, NotFound
from gitsync.manifest.object import JsonObject
from gitsync.manifest.tracking import FIELD_MANAGER
from gitsync.plan.options import MIGRATED_MANAGER_ANNOTATION
from gitsync.plan.values import Task
from model.identity import ResourceKey

_NEVER_RECREATED = frozenset({("", "Namespace"), ("apiextensions.k8s.io", "CustomResourceDefinition")})
_SERVERS = frozenset({"generation", "managedFields", "resourceVersion", "selfLink", "uid"})
_MAX_ATTEMPTS = 4  # of a replacement that loses against other writers


@dataclass(frozen=True, slots=True)
class ApplySettings:
    """`gone_seconds` limits the wait for a deleted object to disappear before it is created anew."""

    application: str
    dry_run: bool = False
    gone_seconds: float = 120.0


class StillThere(ClusterError):
    """A deleted object has not disappeared in time."""


async def apply_object(cluster: Cluster, live: LiveView, task: Task, settings: ApplySettings) -> Written:
    """The object as it is now. Raises a ClusterError."""
    assert task.desired is not None, f"{task.key} has nothing to apply"
    body = without_null_marks(_clean(task.desired.body))
    try:
        if task.options.replace and task.options.force and _may_be_recreated(task):
            return await _replace_by_force(cluster, live, task, body, settings)
        if task.options.replace:
            return await _replace(cluster, task, body, settings)
        if not settings.dry_run and task.options.take_over_client_side and not task.options.client_side:
            named = task.desired.annotations.get(MIGRATED_MANAGER_ANNOTATION, "")
            await migrate_client_side(cluster, task.live, also=named)
        return await _apply(cluster, task, body, settings)
    except (Immutable, Conflict) as error:
        if not task.options.force or settings.dry_run or not _may_be_recreated(task):
            raise
        return await _recreate(cluster, live, task, body, settings, error)


async def make_way(cluster: Cluster, live: LiveView, task: Task, settings: ApplySettings) -> bool:
    """Takes the hook of an earlier sync away, so that its successor can be created. False: there was none.

    Raises a ClusterError.
    """
    key = task.key
    now = await cluster.get(task.gvk, key.namespace, key.name)
    if now is None:
        return False
    if live.mark_of(now) and (why := why_not_ours(live.mark_of(now), key, settings.application)):
        raise Conflict(f"{key} is not deleted and created anew: {why}", suggestion="Give the hook another name.")
    if settings.dry_run:
        return True
    uid = now["metadata"]["uid"]
    with Watched(live, {key}) as watched:
        await end_hook(cluster, task.gvk, key, settings.application, remove=True)
        await _wait_gone(cluster, live, watched, task, uid, settings.gone_seconds)
    return True


def _may_be_recreated(task: Task) -> bool:
    return (task.key.group, task.key.kind) not in _NEVER_RECREATED


def _clean(body: JsonObject) -> JsonObject:
    """Manifests dumped from a cluster carry what the server wrote, and an apply of that is refused, or is bound to an
    object that is no more."""
    if _SERVERS.isdisjoint(body["metadata"]):
        return body
    metadata = {key: value for key, value in body["metadata"].items() if key not in _SERVERS}
    return {**body, "metadata": metadata}


def _validation(task: Task) -> Validation:
    return "Strict" if task.options.validate else "Ignore"


async def _apply(cluster: Cluster, task: Task, body: JsonObject, settings: ApplySettings) -> Written:
    if not task.options.client_side:
        try:
            return await _apply_server_side(cluster, task, body, settings)
        except Duplicated:
            pass  # Kubernetes stores it, and charts that are in use rely on that; only this kind of apply cannot
    return await apply_client_side(cluster, task, body, dry_run=settings.dry_run, validation=_validation(task))


async def _apply_server_side(cluster: Cluster, task: Task, body: JsonObject, settings: ApplySettings) -> Written:
    stored = as_stored(body)
    return await cluster.apply(stored, manager=FIELD_MANAGER, dry_run=settings.dry_run, validation=_validation(task))


async def _replace(cluster: Cluster, task: Task, body: JsonObject, settings: ApplySettings) -> Written:
    validation = _validation(task)
    version = task.live.resource_version if task.live else ""
    for attempt in range(1, _MAX_ATTEMPTS + 1):
        try:
            if not version:
                return await cluster.create(
                    body, manager=FIELD_MANAGER, dry_run=settings.dry_run, validation=validation
                )
            bound = {**body, "metadata": {**body["metadata"], "resourceVersion": version}}
            return await cluster.replace(bound, manager=FIELD_MANAGER, dry_run=settings.dry_run, validation=validation)
        except NotFound:
            if not version:
                raise
            version = ""
        except Conflict:
            if attempt == _MAX_ATTEMPTS:
                raise
            now = await cluster.get(task.gvk, task.key.namespace, task.key.name)
            version = now["metadata"]["resourceVersion"] if now else ""
    raise AssertionError("unreachable")


async def _replace_by_force(
    cluster: Cluster, live: LiveView, task: Task, body: JsonObject, settings: ApplySettings
) -> Written:
    if not settings.dry_run:
        return await _recreate(cluster, live, task, body, settings)
    now = await cluster.get(task.gvk, task.key.namespace, task.key.name)
    if now is None:
        return await _replace(cluster, replace(task, live=None), body, settings)
    await _prove_creatable(cluster, body, task)
    return Written(body)


async def _recreate(
    cluster: Cluster,
    live: LiveView,
    task: Task,
    body: JsonObject,
    settings: ApplySettings,
    cause: ClusterError | None = None,
) -> Written:
    key, gvk = task.key, task.gvk
    now = await cluster.get(gvk, key.namespace, key.name)
    if now is not None:
        if live.mark_of(now) and (why := why_not_ours(live.mark_of(now), key, settings.application)):
            suggestion = cause.suggestion if cause else "Remove it from one of the two applications."
            raise Conflict(f"{key} is not deleted and created anew: {why}", suggestion=suggestion) from cause
        await _prove_creatable(cluster, body, task)
        uid = now["metadata"]["uid"]
        with Watched(live, {key}) as watched:
            await cluster.delete(gvk, key.namespace, key.name, propagation="Background", uid=uid)
            await _wait_gone(cluster, live, watched, task, uid, settings.gone_seconds)
    return await _apply(cluster, task, body, settings)


async def _prove_creatable(cluster: Cluster, body: JsonObject, task: Task) -> None:
    """The API server validates a new object before it finds that the name is taken."""
    try:
        await cluster.create(body, manager=FIELD_MANAGER, dry_run=True, validation=_validation(task))
    except AlreadyExists:
        return


async def _wait_gone(
    cluster: Cluster, live: LiveView, watched: Watched, task: Task, uid: str, gone_seconds: float
) -> None:
    key = task.key
    if live.blind_to(key.group, key.kind):
        gone = await cluster.get(task.gvk, key.namespace, key.name) is None
    else:
        gone = await watched.until(lambda: _is_gone(live.get, key, uid), seconds=gone_seconds)
    if not gone:
        known = live.get(key)
        finalizers = ", ".join(known.finalizers) if known and known.finalizers else "none"
        raise StillThere(
            f"{key} was deleted to be created anew, and is still there after {gone_seconds:g} s"
            f" (finalizers: {finalizers})",
            suggestion="Look at what its finalizers wait for, then sync again.",
        )


def _is_gone(get: Callable[[ResourceKey], object], key: ResourceKey, uid: str) -> bool:
    known = get(key)
    return known is None or getattr(known, "uid", "") != uid
