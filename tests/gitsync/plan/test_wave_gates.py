"""When a sync goes on, waits, succeeds and fails."""

from typing import Any

import pytest

from gitsync.manifest.object import DesiredObject, Origin
from gitsync.plan.advance import Advance, Move, Progress, next_step
from gitsync.plan.values import Plan, Step, Task, TaskKind
from model.health import Health, HealthReport
from model.identity import ResourceKey
from model.operation import ResultCode, SyncPhase


def task(name: str, wave: int, kind: TaskKind = TaskKind.APPLY) -> Task:
    key = ResourceKey("", "Pod", "shop", name)
    desired = DesiredObject(key, "v1", {}, "", Origin("")) if kind is TaskKind.APPLY else None
    return Task(kind, key, "v1", SyncPhase.SYNC, wave, "", desired=desired)


A, B, OLD, KEPT = task("a", 0), task("b", 1), task("old", 0, TaskKind.PRUNE), task("kept", 0, TaskKind.SKIP_PRUNE)
ONE_WAVE = Plan((Step(SyncPhase.SYNC, 0, (A,)),))
TWO_WAVES = Plan((Step(SyncPhase.SYNC, 0, (OLD, KEPT, A)), Step(SyncPhase.SYNC, 1, (B,))))
DONE = {
    OLD.id: ResultCode.PRUNED,
    KEPT.id: ResultCode.PRUNE_SKIPPED,
    A.id: ResultCode.SYNCED,
    B.id: ResultCode.SYNCED,
}


def after(plan: Plan, started: int, *, health: Health | str | None = "unseen", **given: Any) -> Advance:
    seen = {} if health == "unseen" else {A.key: HealthReport(Health(health)) if health else None}
    return next_step(plan, Progress(started, given.get("results", DONE), seen, given.get("gone", {OLD.key})))


def test_an_empty_plan_has_succeeded() -> None:
    assert next_step(Plan(), Progress()).move is Move.SUCCEED


def test_the_first_step_starts_at_once() -> None:
    assert next_step(TWO_WAVES, Progress()).step is TWO_WAVES.steps[0]


def test_one_wave_has_succeeded_as_soon_as_it_is_applied() -> None:
    assert after(ONE_WAVE, 1, health=Health.PROGRESSING).move is Move.SUCCEED
    assert after(ONE_WAVE, 1).move is Move.SUCCEED


def test_a_step_waits_for_its_own_tasks() -> None:
    advance = after(ONE_WAVE, 1, results={})
    assert (advance.move, advance.waiting_for) == (Move.WAIT, (A,))


@pytest.mark.parametrize("health", ["unseen", Health.PROGRESSING, Health.SUSPENDED, Health.UNKNOWN, Health.MISSING])
def test_the_next_wave_waits_until_this_one_is_healthy(health: Any) -> None:
    advance = after(TWO_WAVES, 1, health=health)
    assert (advance.move, advance.waiting_for) == (Move.WAIT, (A,))
    assert "Pod shop/a" in advance.message


@pytest.mark.parametrize("health", [Health.HEALTHY, None])
def test_the_next_wave_starts_when_this_one_is_well_or_has_no_health(health: Health | None) -> None:
    assert after(TWO_WAVES, 1, health=health).step is TWO_WAVES.steps[1]


def test_the_next_wave_waits_until_the_pruned_are_gone() -> None:
    advance = after(TWO_WAVES, 1, health=Health.HEALTHY, gone=set())
    assert (advance.move, advance.waiting_for) == (Move.WAIT, (OLD,))


def test_a_degraded_object_fails_the_sync_before_the_next_wave() -> None:
    advance = after(TWO_WAVES, 1, health=Health.DEGRADED)
    assert (advance.move, advance.failed) == (Move.FAIL, (A,))


def test_a_failed_task_fails_the_sync_once_the_others_are_done() -> None:
    failed = {**DONE, A.id: ResultCode.SYNC_FAILED}
    assert after(TWO_WAVES, 1, results=failed).failed == (A,)
    assert after(ONE_WAVE, 1, results=failed).move is Move.FAIL
    del failed[OLD.id]
    assert after(TWO_WAVES, 1, results=failed).move is Move.WAIT


def test_the_last_wave_is_not_waited_for() -> None:
    assert after(TWO_WAVES, 2, health=Health.PROGRESSING).move is Move.SUCCEED
