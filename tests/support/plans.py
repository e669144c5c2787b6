"""Plans written by hand, for tests of their execution."""

from itertools import groupby
from typing import Any

from gitsync.manifest.canonical import digest
from gitsync.manifest.object import DesiredObject, JsonObject, LiveObject, Origin
from gitsync.manifest.tracking import with_tracking
from gitsync.plan.options import TaskOptions
from gitsync.plan.values import Plan, Step, Task, TaskKind
from model.identity import ApplicationKey, GroupVersionKind, ResourceKey
from model.operation import SyncPhase

APPLICATION = "app"
_KEY = ApplicationKey("argosy", APPLICATION)


def desired(body: JsonObject) -> DesiredObject:
    gvk = GroupVersionKind.parse(body["apiVersion"], body["kind"])
    metadata = body["metadata"]
    key = ResourceKey(gvk.group, gvk.kind, metadata.get("namespace", ""), metadata["name"])
    marked = with_tracking(body, _KEY, "argosy", key)
    return DesiredObject(key, gvk.version, marked, digest(marked), Origin("app.yaml"))


def apply(body: JsonObject, *, wave: int = 0, rank: int = 0, live: LiveObject | None = None, **options: Any) -> Task:
    wanted = desired(body)
    return Task(
        TaskKind.APPLY,
        wanted.key,
        wanted.version,
        SyncPhase.SYNC,
        wave,
        "differs",
        rank,
        desired=wanted,
        live=live,
        options=TaskOptions(**options),
    )


def prune(live: LiveObject, *, wave: int = 0, kind: TaskKind = TaskKind.PRUNE, **options: Any) -> Task:
    return Task(
        kind, live.key, live.version, SyncPhase.SYNC, wave, "not in Git", live=live, options=TaskOptions(**options)
    )


def plan(*tasks: Task) -> Plan:
    return Plan(
        tuple(Step(SyncPhase.SYNC, wave, tuple(some)) for wave, some in groupby(tasks, key=lambda task: task.wave))
    )
