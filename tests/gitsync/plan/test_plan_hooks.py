"""Where hooks stand in a plan, what they are called, and when they hold a sync up."""

from dataclasses import replace
from typing import Any

import pytest

from gitsync.manifest.object import DesiredObject, JsonObject, LiveObject, Origin
from gitsync.plan.advance import Move, Progress, next_step
from gitsync.plan.build import build_plan
from gitsync.plan.hooks import HOOK_FINALIZER
from gitsync.plan.options import PlanOptions
from gitsync.plan.values import Plan, Task
from model.health import Health, HealthReport
from model.identity import ResourceKey
from model.operation import ResultCode

HOOK = "argocd.argoproj.io/hook"
POLICY = "argocd.argoproj.io/hook-delete-policy"
WAVE = "argocd.argoproj.io/sync-wave"
MARK = "argocd.argoproj.io/tracking-id"


def wanted(name: str, hook: str = "", *, kind: str = "Job", generated: bool = False, **notes: str) -> DesiredObject:
    annotations = {MARK: f"shop:batch/{kind}:shop/{name}", **({HOOK: hook} if hook else {}), **notes}
    named = {"generateName" if generated else "name": name}
    body: JsonObject = {"kind": kind, "metadata": {**named, "namespace": "shop", "annotations": annotations}}
    return DesiredObject(ResourceKey("batch", kind, "shop", name), "v1", body, name, Origin("x"))


def planned(*desired: DesiredObject, live: tuple[LiveObject, ...] = (), **options: Any) -> Plan:
    chosen = PlanOptions(application="shop", prune=True, revision="0123456789", started_unix_seconds=1700, **options)
    return build_plan(desired, {one.key: one for one in live}, options=chosen, out_of_sync=set())


def told(tasks: Any) -> list[str]:
    return [f"{task.phase} {task.wave} {task.key.name}{f' {task.hook.type}' if task.hook else ''}" for task in tasks]


def test_hooks_run_in_their_phases_and_waves_among_the_objects() -> None:
    plan = planned(
        wanted("after", "PostSync"),
        wanted("object"),
        wanted("first", "PreSync", **{WAVE: "-1"}),
        wanted("during", "Sync"),
        wanted("before", "PreSync"),
        wanted("rescue", "SyncFail"),
    )
    assert [told(step.tasks) for step in plan.steps] == [
        ["PreSync -1 first PreSync"],
        ["PreSync 0 before PreSync"],
        ["Sync 0 during Sync", "Sync 0 object"],
        ["PostSync 0 after PostSync"],
    ]
    assert [told(step.tasks) for step in plan.on_failure] == [["SyncFail 0 rescue SyncFail"]]


def test_one_object_runs_in_each_of_its_phases() -> None:
    assert told(planned(wanted("a", "PreSync, PostSync,Nonsense")).tasks) == [
        "PreSync 0 a PreSync",
        "PostSync 0 a PostSync",
    ]


@pytest.mark.parametrize("hook", ["Nonsense", "PreDelete", "PostDelete", "PreDelete,PostDelete"])
def test_hooks_that_no_sync_knows_run_in_none(hook: str) -> None:
    assert not list(planned(wanted("a", hook)).tasks)


def test_skip_beside_another_type_means_nothing() -> None:
    assert told(planned(wanted("a", "Skip,PreSync")).tasks) == ["PreSync 0 a PreSync"]


def test_a_generated_name_tells_revision_phase_and_start_and_its_mark_names_it() -> None:
    (task,) = planned(wanted("migrate-", "PreSync", generated=True)).tasks
    assert task.key.name == "migrate-0123456-presync-1700"
    assert task.desired is not None
    metadata = task.desired.body["metadata"]
    assert metadata["name"] == task.key.name
    assert "generateName" not in metadata
    assert metadata["annotations"][MARK] == "shop:batch/Job:shop/migrate-0123456-presync-1700"
    assert metadata["finalizers"] == [HOOK_FINALIZER]


@pytest.mark.parametrize(
    ("policy", "expected"),
    [
        ("", (True, False, False)),
        ("HookSucceeded", (False, True, False)),
        ("HookFailed,HookSucceeded", (False, True, True)),
        ("BeforeHookCreation, HookFailed", (True, False, True)),
        ("Nonsense", (True, False, False)),
    ],
)
def test_delete_policies(policy: str, expected: tuple[bool, bool, bool]) -> None:
    (task,) = planned(wanted("a", "Sync", **({POLICY: policy} if policy else {}))).tasks
    assert task.hook is not None
    assert (task.hook.recreated, task.hook.removed_when_succeeded, task.hook.removed_when_failed) == expected


def test_hooks_of_earlier_syncs_are_never_pruned() -> None:
    key = ResourceKey("batch", "Job", "shop", "old")
    old = LiveObject(key, "v1", "uid", "1", annotations={HOOK: "PreSync"}, owner="shop:batch/Job:shop/old")
    assert not list(planned(live=(old,)).tasks)


def after(plan: Plan, started: int, **health: Health | None) -> Any:
    """The next move when everything begun is applied and `health` was seen."""
    tasks = [task for step in plan.steps[:started] for task in step.tasks]
    seen = {task.key: _report(health[task.key.name]) for task in tasks if task.key.name in health}
    return next_step(plan, Progress(started, {task.id: ResultCode.SYNCED for task in tasks}, seen))


def _report(health: Health | None) -> HealthReport | None:
    return HealthReport(health) if health else None


ALONE = planned(wanted("hook", "Sync"), wanted("object", kind="Other"))
THEN = planned(wanted("hook", "PreSync"), wanted("other", "PreSync"), wanted("object", kind="Other"))


@pytest.mark.parametrize("health", [Health.HEALTHY, None])
def test_a_hook_that_is_well_or_has_no_health_has_succeeded(health: Health | None) -> None:
    assert after(ALONE, 1, hook=health, object=Health.DEGRADED).move is Move.SUCCEED
    assert after(THEN, 1, hook=health, other=None).move is Move.START


@pytest.mark.parametrize("health", [Health.PROGRESSING, Health.SUSPENDED])
def test_a_running_hook_holds_even_the_last_step_up(health: Health) -> None:
    advance = after(ALONE, 1, hook=health)
    assert (advance.move, names(advance.waiting_for)) == (Move.WAIT, ["hook"])


@pytest.mark.parametrize("health", [Health.DEGRADED, Health.UNKNOWN])
def test_a_failed_hook_ends_the_sync_once_its_neighbours_have_ended(health: Health) -> None:
    assert names(after(THEN, 1, hook=health, other=Health.PROGRESSING).waiting_for) == ["other"]
    advance = after(THEN, 1, hook=health, other=Health.HEALTHY)
    assert (advance.move, names(advance.failed)) == (Move.FAIL, ["hook"])


def test_objects_are_waited_for_before_a_later_hook_begins() -> None:
    plan = planned(wanted("object", kind="Other"), wanted("hook", "PostSync"))
    assert after(plan, 1, object=Health.PROGRESSING).move is Move.WAIT
    assert after(plan, 1, object=Health.HEALTHY).move is Move.START


def names(tasks: tuple[Task, ...]) -> list[str]:
    return [task.key.name for task in tasks]


def test_hooks_whose_names_begin_alike_get_names_of_their_own() -> None:
    plan = planned(
        wanted("migrate-", "PreSync,PostSync", generated=True),
        replace(wanted("migrate-", "PreSync", generated=True), key=ResourceKey("batch", "Job", "shop", "migrate-#2")),
    )
    assert [task.key.name for task in plan.tasks] == [
        "migrate-0123456-presync-1700",
        "migrate-0123456-presync-1700-2",
        "migrate-0123456-postsync-1700",
    ]
    assert [task.desired.annotations[MARK].rpartition("/")[2] for task in plan.tasks if task.desired] == [
        task.key.name for task in plan.tasks
    ]
