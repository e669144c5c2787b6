"""The controller of AnalysisRuns: asks the providers of metrics what `gitsync.rollout.analysis` wants to know."""

import asyncio
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime

from gitsync.access.secret import secret_data
from gitsync.delivery.controller import Followed
from gitsync.delivery.store import Store
from gitsync.kube.client import Cluster
from gitsync.kube.errors import AlreadyExists, ClusterError
from gitsync.kube.limits import Budget
from gitsync.manifest.object import JsonObject
from gitsync.measurement.errors import MeasurementFailed
from gitsync.measurement.job import UID_LABEL
from gitsync.measurement.measure import Measurements
from gitsync.rollout.analysis.arguments import SecretKey
from gitsync.rollout.analysis.step import needed_secrets, step
from gitsync.rollout.analysis.values import Answer, RunStep
from gitsync.rollout.values import Delete, Needed, Step
from model.identity import GroupVersionKind, ResourceKey
from model.kinds.rollout import GROUP, VERSION

JOB = GroupVersionKind("batch", "v1", "Job")
_SECRET = GroupVersionKind("", "v1", "Secret")
_POD = GroupVersionKind("", "v1", "Pod")
# Most providers answer within this; for the others the run is looked at again, so that they hold up nobody else.
_PATIENCE_SECONDS = 0.25
_AGAIN_SECONDS = 1.0


class AnalysisRunController:
    """Measurements of one run are taken together, and never twice at the same time."""

    kind = GroupVersionKind(GROUP, VERSION, "AnalysisRun")
    component = "rollouts-controller"
    followed: tuple[Followed, ...] = (Followed(JOB, UID_LABEL),)

    def __init__(self, cluster: Cluster, measurements: Measurements, *, now: Callable[[], datetime]) -> None:
        self._cluster = cluster
        self._measurements = measurements
        self._now = now
        self._under_way: dict[str, asyncio.Task[tuple[Answer, ...]]] = {}

    def needs(self, body: JsonObject) -> tuple[Needed, ...]:
        return ()

    def concerned(self, changed: JsonObject, store: Store) -> Iterable[ResourceKey]:
        return ()

    def gone(self, body: JsonObject, store: Store) -> Step:
        return Step()

    def left_over(self, store: Store) -> tuple[tuple[JsonObject, Step], ...]:
        return ()

    def refused(self, body: JsonObject, created: JsonObject, problem: str) -> Step:
        return Step()

    async def look(self, body: JsonObject, store: Store) -> Step:
        self._forget_gone(store)
        uid = str(body["metadata"].get("uid") or "")
        secrets = await self._secrets(body)
        if (task := self._under_way.get(uid)) is None:
            looked = step(body, self._now(), (), secrets)
            if not looked.questions:
                return _with_garbage(body, looked)
            task = asyncio.create_task(self._measurements.take(body, looked.questions), name=f"measurements of {uid}")
            self._under_way[uid] = task
        done, _ = await asyncio.wait((task,), timeout=_PATIENCE_SECONDS)
        if not done:
            return Step(requeue_seconds=_AGAIN_SECONDS)
        del self._under_way[uid]
        return _with_garbage(body, step(body, self._now(), task.result(), secrets))

    def _forget_gone(self, store: Store) -> None:
        for uid in [uid for uid in self._under_way if store.with_uid(uid) is None]:
            self._under_way.pop(uid).cancel()

    async def _secrets(self, body: JsonObject) -> Mapping[SecretKey, str]:
        """Read when they are needed, and kept by nobody. One that does not exist is left out."""
        wanted = needed_secrets(body)
        namespace = body["metadata"].get("namespace") or ""
        found: dict[SecretKey, str] = {}
        for name in {one.name for one in wanted}:
            data = await read_secret(self._cluster, namespace, name) or {}
            found |= {one: data[one.key] for one in wanted if one.name == name and one.key in data}
        return found


def _with_garbage(body: JsonObject, looked: RunStep) -> Step:
    namespace = body["metadata"].get("namespace") or ""
    jobs = tuple(Delete(ResourceKey("batch", "Job", namespace, name), "v1") for name in looked.garbage)
    made = looked.step
    return Step(made.creates, made.patches, (*made.deletes, *jobs), made.events, made.requeue_seconds)


async def read_secret(cluster: Cluster, namespace: str, name: str) -> Mapping[str, str] | None:
    """Decoded; None when it does not exist."""
    body = await cluster.get(_SECRET, namespace, name, budget=Budget.SYNC)
    return secret_data(body) if body is not None else None


class ClusterJobs:
    """`gitsync.measurement.values.JobStore`."""

    def __init__(self, cluster: Cluster, *, manager: str) -> None:
        self._cluster = cluster
        self._manager = manager

    async def create(self, body: JsonObject) -> JsonObject | None:
        try:
            written = await self._cluster.create(body, manager=self._manager)
        except AlreadyExists:
            return None
        except ClusterError as failure:
            raise MeasurementFailed(failure.message, suggestion=failure.suggestion) from failure
        return written.body

    async def get(self, namespace: str, name: str) -> JsonObject | None:
        return await self._cluster.get(JOB, namespace, name, budget=Budget.SYNC)

    async def delete(self, namespace: str, name: str) -> None:
        await self._cluster.delete(JOB, namespace, name, propagation="Foreground")

    async def pods(self, namespace: str, job: str) -> list[JsonObject]:
        return await self._cluster.list(_POD, namespace=namespace, label_selector=f"job-name={job}", budget=Budget.SYNC)
