"""What hooks need beyond being applied: a fresh start, a judgement that stands, and an end.

A hook's object carries a finalizer while the sync runs. It goes when the sync is over, with the object itself where the
delete policy says so, or where the hook was still running when somebody stopped the sync.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from gitsync.execute.ownership import annotated_mark, why_not_ours
from gitsync.kube.client import Cluster
from gitsync.kube.errors import Conflict, NotFound
from gitsync.manifest.object import JsonObject, LiveObject
from gitsync.plan.advance import HOOK_FAILURES
from gitsync.plan.hooks import HOOK_FINALIZER, HOOK_RUN_ANNOTATION
from gitsync.plan.values import Task
from model.health import Health, HealthReport
from model.identity import GroupVersionKind, ResourceKey
from model.kinds.application import ResourceResult
from model.operation import Phase, ResultCode, SyncPhase

_MAX_ATTEMPTS = 8  # an object whose status changes all the time is read and patched again that often
DELETED_WHILE_RUNNING = "it was deleted while it ran"


@dataclass(frozen=True, slots=True)
class Earlier:
    """What an earlier process had done of this very sync. A hook that it began is not begun again.

    `results` are those that the Application tells of; a hook's object with the mark of this run belongs to it even if
    nobody had the time to write it down. `since` is when the sync began.
    """

    since: datetime
    results: tuple[ResourceResult, ...] = ()

    @property
    def was_refused(self) -> bool:
        """Whether it applied nothing because some manifest is malformed; only what runs then had begun."""
        failed = any(one.status == ResultCode.SYNC_FAILED for one in self.results)
        others = (one for one in self.results if one.sync_phase != SyncPhase.SYNC_FAIL.value)
        return failed and all(one.status == ResultCode.SYNC_FAILED for one in others)

    def ended(self, task: Task) -> ResourceResult | None:
        """How a run of the hook ended that somebody wrote down."""
        key, over = task.key, (Phase.SUCCEEDED.value, Phase.FAILED.value)
        for one in self.results:
            address = (one.group, one.kind, one.namespace, one.name)
            if address == (key.group, key.kind, key.namespace, key.name) and one.sync_phase == task.phase.value:
                return one if one.hook_type and one.status == ResultCode.SYNCED and one.hook_phase in over else None
        return None

    def began(self, task: Task, live: LiveObject) -> bool:
        """Whether the hook's object is of this very run."""
        run = task.desired.annotations.get(HOOK_RUN_ANNOTATION, "") if task.desired else ""
        return bool(run) and live.annotations.get(HOOK_RUN_ANNOTATION, "") == run

    def created(self, live: LiveObject) -> bool:
        """Whether an ordinary object was created since this sync began."""
        return live.created is not None and live.created >= self.since.replace(microsecond=0) and live.deleting is None


def judged(live: LiveObject) -> HealthReport | None:
    """Health of a running hook. One that is on its way out before it has ended will never end well."""
    report = live.facts.health
    if live.deleting is not None and report is not None and not is_over(report):
        return HealthReport(Health.DEGRADED, DELETED_WHILE_RUNNING)
    return report


def is_over(report: HealthReport | None) -> bool:
    return report is None or report.status is Health.HEALTHY or report.status in HOOK_FAILURES


def hook_phase(report: HealthReport | None) -> Phase:
    """How far a hook has come, read from its health; what has none has succeeded by existing."""
    if report is None or report.status is Health.HEALTHY:
        return Phase.SUCCEEDED
    return Phase.FAILED if report.status in HOOK_FAILURES else Phase.RUNNING


def is_removed(task: Task, done: ResourceResult, *, failed: bool, stopped: bool) -> bool:
    """Whether a hook's object goes at the end of the sync. Its policies speak of the sync, not of the hook alone."""
    assert task.hook is not None, f"{task.key} is no hook"
    if done.hook_phase == Phase.RUNNING.value:
        return stopped
    if task.phase is SyncPhase.SYNC_FAIL and done.hook_phase == Phase.SUCCEEDED.value:
        return task.hook.removed_when_succeeded or task.hook.removed_when_failed
    return task.hook.removed_when_failed if failed else task.hook.removed_when_succeeded


async def end_hook(
    cluster: Cluster, gvk: GroupVersionKind, key: ResourceKey, application: str, *, remove: bool
) -> None:
    """Takes the finalizer off, and the object away if it is to go. Raises a ClusterError."""
    for attempt in range(1, _MAX_ATTEMPTS + 1):
        body = await cluster.get(gvk, key.namespace, key.name)
        if body is None or (annotated_mark(body) and why_not_ours(annotated_mark(body), key, application)):
            return
        try:
            await _release(cluster, key, gvk.version, body["metadata"])
            if remove and not body["metadata"].get("deletionTimestamp"):
                uid = body["metadata"].get("uid", "")
                await cluster.delete(gvk, key.namespace, key.name, propagation="Background", uid=uid)
            return
        except Conflict:
            if attempt == _MAX_ATTEMPTS:
                raise


async def _release(cluster: Cluster, key: ResourceKey, version: str, metadata: JsonObject) -> None:
    """Takes our finalizer off the object whose metadata was just read."""
    finalizers = metadata.get("finalizers") or ()
    if HOOK_FINALIZER not in finalizers:
        return
    kept = _without_ours(finalizers) or None
    patch = {"metadata": {"finalizers": kept, "resourceVersion": metadata["resourceVersion"]}}
    try:
        await cluster.patch(key, version, patch)
    except NotFound:
        return


def _without_ours(finalizers: Iterable[str]) -> list[str]:
    return [one for one in finalizers if one != HOOK_FINALIZER]
