"""The controller of Experiments: gathers what one of them needs to see and asks `gitsync.rollout.experiment`."""

from collections.abc import Callable, Iterable
from datetime import datetime

from gitsync.delivery.controller import Followed
from gitsync.delivery.store import Store, key_of
from gitsync.manifest.object import JsonObject
from gitsync.rollout.experiment.step import step
from gitsync.rollout.experiment.values import EXPERIMENT, Surroundings
from gitsync.rollout.values import Needed, Step
from model.identity import ResourceKey
from model.kinds.rollout import GROUP

_TEMPLATES = ("AnalysisTemplate", "ClusterAnalysisTemplate")


class ExperimentController:
    """What it looks at is followed for Rollouts already."""

    kind = EXPERIMENT
    component = "rollouts-controller"
    followed: tuple[Followed, ...] = ()

    def __init__(self, *, now: Callable[[], datetime]) -> None:
        self._now = now

    def needs(self, body: JsonObject) -> tuple[Needed, ...]:
        return ()

    def concerned(self, changed: JsonObject, store: Store) -> Iterable[ResourceKey]:
        """Those that wait for a template to appear."""
        key = key_of(changed)
        if key.kind not in _TEMPLATES or key.group != GROUP:
            return ()
        return [
            key_of(body)
            for body in store.of_kind(GROUP, "Experiment")
            if any(one.get("templateName") == key.name for one in (body.get("spec") or {}).get("analyses") or ())
        ]

    def gone(self, body: JsonObject, store: Store) -> Step:
        return Step()

    def left_over(self, store: Store) -> tuple[tuple[JsonObject, Step], ...]:
        return ()

    def refused(self, body: JsonObject, created: JsonObject, problem: str) -> Step:
        return Step()

    async def look(self, body: JsonObject, store: Store) -> Step:
        metadata = body["metadata"]
        namespace, uid = metadata.get("namespace") or "", str(metadata.get("uid") or "")
        around = Surroundings(
            replica_sets=tuple(store.in_namespace("apps", "ReplicaSet", namespace).values()),
            services=tuple(store.owned_by(uid, "Service")),
            runs=store.in_namespace(GROUP, "AnalysisRun", namespace),
            templates=store.in_namespace(GROUP, "AnalysisTemplate", namespace),
            cluster_templates=store.in_namespace(GROUP, "ClusterAnalysisTemplate", ""),
        )
        return step(body, around, self._now())
