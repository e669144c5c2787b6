"""Why a Rollout is not healthy: one sentence, the object that holds it up, and when something happens by itself."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from gitsync.manifest.object import JsonObject
from gitsync.rollout import conditions, defaults, phase
from gitsync.rollout.analysis_runs import COMPLETED
from gitsync.rollout.pausing import (
    BLUE_GREEN_PAUSE,
    CANARY_PAUSE,
    INCONCLUSIVE_ANALYSIS,
    Pausing,
)
from gitsync.rollout.replica_counts import current_step
from gitsync.rollout.replica_set import ReplicaSet, controller_uid, owned, print_time, read_replica_set, with_hash
from gitsync.rollout.step import read_rollout
from gitsync.rollout.step_text import step_text
from gitsync.rollout.values import Children, InvalidSpec
from model.identity import ResourceKey
from model.kinds.rollout import GROUP, Rollout, RunStatus


@dataclass(frozen=True, slots=True)
class Explanation:
    """`sentence` is "" for a healthy Rollout. `next_at` None: only somebody or something else moves it."""

    phase: str
    sentence: str
    blocking: ResourceKey | None = None
    next_at: datetime | None = None


def explain(body: JsonObject, children: Children, now: datetime) -> Explanation:
    key = _key(body, GROUP, "Rollout")
    try:
        rollout = read_rollout(body)
    except InvalidSpec as problem:
        return Explanation(phase.DEGRADED, f"its spec cannot be read: {problem.message}", key)
    word, message = phase.shown_phase(rollout)
    if word == phase.HEALTHY:
        return Explanation(word, "")
    look = _Look(rollout, key, children, now)
    if word == phase.DEGRADED:
        return look.degraded(message)
    if word == phase.PAUSED:
        return look.paused(message)
    return look.progressing(message)


def _key(body: JsonObject, group: str, kind: str) -> ResourceKey:
    return ResourceKey(group, kind, body["metadata"].get("namespace") or "", body["metadata"]["name"])


class _Look:
    """One Rollout and what belongs to it."""

    def __init__(self, rollout: Rollout, key: ResourceKey, children: Children, now: datetime) -> None:
        self._rollout = rollout
        self._key = key
        self._children = children
        self._now = now
        mine = owned(children.replica_sets, rollout.metadata.uid)
        self._sets = [read_replica_set(one) for one in mine]
        self._new = with_hash(self._sets, rollout.status.current_pod_hash)

    # ---- degraded

    def degraded(self, message: str) -> Explanation:
        status = self._rollout.status
        invalid = conditions.condition_of(status.conditions, conditions.INVALID_SPEC)
        if invalid is not None:
            again = self._now + timedelta(seconds=defaults.INVALID_SPEC_SECONDS)
            return Explanation(
                phase.DEGRADED, f"{_plain(invalid.message)}; nothing is done until it is", self._key, again
            )
        progressing = conditions.condition_of(status.conditions, conditions.PROGRESSING)
        if progressing is not None and progressing.reason == conditions.ABORTED:
            run = self._failed_run()
            blocking = self._child("AnalysisRun", run.name) if run else self._key
            why = _plain(progressing.message).removeprefix("Rollout ")
            sentence = f"it was {why}; the stable version serves until somebody retries or changes it back"
            return Explanation(phase.DEGRADED, sentence, blocking, self._deadline(self._new))
        what, held_by = self._pods_of(self._new)
        seconds = defaults.progress_deadline_seconds(self._rollout)
        return Explanation(phase.DEGRADED, f"it made no progress for {seconds} s: {what}", held_by)

    def _failed_run(self) -> RunStatus | None:
        status = self._rollout.status
        runs = (
            status.canary.current_step_analysis_run_status,
            status.canary.current_background_analysis_run_status,
            status.blue_green.pre_promotion_analysis_run_status,
            status.blue_green.post_promotion_analysis_run_status,
        )
        return next((run for run in runs if run is not None and run.status in ("Failed", "Error")), None)

    def _deadline(self, one: ReplicaSet | None) -> datetime | None:
        return one.deadline if one is not None and one.wanted > 0 else None

    # ---- paused

    def paused(self, message: str) -> Explanation:
        rollout, pausing = self._rollout, Pausing(self._rollout)
        if rollout.spec.paused:
            return Explanation(phase.PAUSED, "somebody paused it (spec.paused); resume it to go on", self._key)
        step, index = current_step(rollout)
        if message == CANARY_PAUSE and step is not None and index is not None:
            end, count = pausing.canary_pause_end(step), len(rollout.spec.strategy.canary.steps)  # type: ignore[union-attr]
            where = f"step {index + 1} of {count} ({step_text(step)})"
            until = f"waits until {print_time(end)}" if end else "waits until somebody promotes it"
            return Explanation(phase.PAUSED, f"{where} {until}", self._key, end)
        if message == BLUE_GREEN_PAUSE:
            end = pausing.blue_green_pause_end()
            manual = (
                rollout.spec.strategy.blue_green and rollout.spec.strategy.blue_green.auto_promotion_enabled is False
            )
            until = f"until {print_time(end)}" if end and not manual else "until somebody promotes it"
            blocking = self._set_key(self._new)
            return Explanation(phase.PAUSED, f"the new version is up as preview and waits {until}", blocking, end)
        if message == INCONCLUSIVE_ANALYSIS:
            run = self._run("Inconclusive")
            name = run["metadata"]["name"] if run else "its analysis"
            blocking = _key(run, GROUP, "AnalysisRun") if run else self._key
            return Explanation(
                phase.PAUSED, f"{name} came to no verdict; somebody has to promote or abort it", blocking
            )
        return Explanation(phase.PAUSED, f"it is paused ({message}) until somebody promotes or aborts it", self._key)

    # ---- progressing

    def progressing(self, message: str) -> Explanation:
        status, rollout = self._rollout.status, self._rollout
        end = conditions.deadline(rollout, status)
        routing = conditions.condition_of(status.conditions, conditions.TRAFFIC_ROUTING)
        if routing is not None:
            again = self._now + timedelta(seconds=defaults.ERROR_RETRY_SECONDS)
            why = f"traffic cannot be routed, so nothing changes: {_plain(routing.message)}"
            return Explanation(phase.PROGRESSING, why, self._key, again)
        if message.startswith("waiting for rollout"):
            return Explanation(phase.PROGRESSING, "its controller has not seen the latest change yet", self._key)
        if message == "rollout is restarting":
            again = self._now + timedelta(seconds=defaults.RESTART_RETRY_SECONDS)
            old, blocking = self._old_pods()
            return Explanation(
                phase.PROGRESSING, f"{old} pods are older than restartAt and go one after the other", blocking, again
            )
        run = self._run("Running", "Pending", "")
        if message in ("waiting for analysis to complete", "active service cutover pending") and run is not None:
            name = run["metadata"]["name"]
            return Explanation(
                phase.PROGRESSING, f"it waits for the verdict of {name}", _key(run, GROUP, "AnalysisRun")
            )
        if message == "old replicas are pending termination":
            old_set = next((one for one in self._sets if one is not self._new and one.replicas > 0), None)
            name = old_set.name if old_set else "old ReplicaSets"
            return Explanation(phase.PROGRESSING, f"pods of {name} are ending", self._set_key(old_set), end)
        if self._new is None or self._new.available < self._new.wanted or self._new.wanted == 0:
            what, blocking = self._pods_of(self._new)
            return Explanation(phase.PROGRESSING, what, blocking, end)
        return self._step(run, end)

    def _step(self, run: JsonObject | None, end: datetime | None) -> Explanation:
        step, index = current_step(self._rollout)
        canary = self._rollout.spec.strategy.canary
        if step is None or index is None or canary is None:
            return Explanation(
                phase.PROGRESSING, "its pods are up, and the last changes are being made", self._key, end
            )
        where = f"step {index + 1} of {len(canary.steps)} ({step_text(step)})"
        weights = self._rollout.status.canary.weights
        if step.analysis is not None and run is not None:
            name = run["metadata"]["name"]
            return Explanation(phase.PROGRESSING, f"{where} waits for {name}", _key(run, GROUP, "AnalysisRun"))
        experiment = self._rollout.status.canary.current_experiment
        if step.experiment is not None and experiment:
            blocking = self._child("Experiment", experiment)
            return Explanation(phase.PROGRESSING, f"{where} waits for {experiment}", blocking)
        if weights is not None and weights.verified is False:
            again = self._now + timedelta(seconds=defaults.VERIFY_RETRY_SECONDS)
            return Explanation(
                phase.PROGRESSING, f"{where}: the router has not confirmed the weight yet", self._key, again
            )
        return Explanation(phase.PROGRESSING, f"{where} is under way", self._key, end)

    # ---- what is there

    def _pods_of(self, one: ReplicaSet | None) -> tuple[str, ResourceKey | None]:
        """How many pods are up, and why the first of the others is not."""
        if one is None:
            return "its ReplicaSet is not there yet", self._key
        for found in (one.body.get("status") or {}).get("conditions") or ():
            if found.get("type") == "ReplicaFailure" and found.get("status") == "True":
                return f"{one.name} cannot make pods: {found.get('message', '')}", self._set_key(one)
        have = f"{one.available} of {one.wanted} pods of {one.name} are available"
        for pod in self._children.pods:
            reason = _trouble(pod) if controller_uid(pod) == one.uid else ""
            if reason:
                return f"{have}; pod {pod['metadata']['name']} {reason}", _key(pod, "", "Pod")
        return have, self._set_key(one)

    def _old_pods(self) -> tuple[int, ResourceKey | None]:
        asked = self._rollout.spec.restart_at
        uids = {one.uid for one in self._sets}
        old = [
            pod
            for pod in self._children.pods
            if controller_uid(pod) in uids
            and asked is not None
            and str(pod["metadata"].get("creationTimestamp") or "") < print_time(asked)
        ]
        return len(old), (_key(old[0], "", "Pod") if old else self._key)

    def _run(self, *phases: str) -> JsonObject | None:
        runs: Iterable[JsonObject] = owned(self._children.analysis_runs, self._rollout.metadata.uid)
        for run in runs:
            found = str((run.get("status") or {}).get("phase") or "")
            if found in phases and not (found in COMPLETED and found != "Inconclusive"):
                return run
        return None

    def _child(self, kind: str, name: str) -> ResourceKey:
        return ResourceKey(GROUP, kind, self._key.namespace, name)

    def _set_key(self, one: ReplicaSet | None) -> ResourceKey | None:
        return ResourceKey("apps", "ReplicaSet", self._key.namespace, one.name) if one else None


def _plain(text: str) -> str:
    return text.strip().rstrip(".")


def _trouble(pod: JsonObject) -> str:
    """Why a pod is not ready, in its own words; "" for one that is."""
    status = pod.get("status") or {}
    for container in (*(status.get("initContainerStatuses") or ()), *(status.get("containerStatuses") or ())):
        waiting = (container.get("state") or {}).get("waiting") or {}
        if waiting.get("reason"):
            return f"waits: {waiting['reason']} {waiting.get('message', '')}".strip()
    for condition in status.get("conditions") or ():
        if condition.get("type") == "PodScheduled" and condition.get("status") == "False":
            return f"is not scheduled: {condition.get('message') or condition.get('reason') or ''}".strip()
    ready = any(one.get("type") == "Ready" and one.get("status") == "True" for one in status.get("conditions") or ())
    return "" if ready else "is not ready"
