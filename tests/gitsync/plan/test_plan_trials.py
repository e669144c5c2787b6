"""Of which objects the API server is asked before a sync begins."""

from typing import Any

from gitsync.manifest.object import DesiredObject, JsonObject, LiveObject, Origin
from gitsync.plan.build import build_plan
from gitsync.plan.options import PlanOptions
from gitsync.plan.trial import trials
from gitsync.plan.values import Task
from model.identity import ResourceKey

WAVE = "argocd.argoproj.io/sync-wave"


def wanted(name: str, *, kind: str = "ConfigMap", group: str = "", wave: int = 0) -> DesiredObject:
    body: JsonObject = {"kind": kind, "metadata": {"name": name, "annotations": {WAVE: str(wave)}}}
    return DesiredObject(ResourceKey(group, kind, "shop", name), "v1", body, name, Origin("x"))


def found(wanted: DesiredObject) -> LiveObject:
    key = wanted.key
    owner = f"shop:{key.group}/{key.kind}:shop/{key.name}"
    return LiveObject(key, "v1", f"uid-{key.name}", "1", owner=owner)


def tried(*desired: DesiredObject, live: tuple[DesiredObject, ...] = (), same: tuple[DesiredObject, ...] = ()) -> Any:
    plan = build_plan(
        desired,
        {one.key: found(one) for one in (*live, *same)},
        options=PlanOptions(application="shop", prune=True),
        out_of_sync={one.key for one in desired} - {one.key for one in same},
    )
    return [task.key.name for task in trials(plan, _is_built_in)]


def _is_built_in(task: Task) -> bool:
    return task.key.group == ""


def test_a_sync_that_changes_what_is_there_is_tried_with_all_that_it_changes() -> None:
    a, b, c = wanted("a"), wanted("b"), wanted("c", wave=1)
    assert tried(a, b, c, live=(a,), same=(b,)) == ["a", "c"]


def test_a_first_sync_and_a_single_change_need_no_trial() -> None:
    a, b = wanted("a"), wanted("b")
    assert tried(a, b) == []
    assert tried(a, b, live=(a,), same=(b,)) == []


def test_what_is_deleted_counts_as_a_change_too() -> None:
    assert tried(wanted("new"), live=(wanted("old"),)) == ["new"]


def test_other_kinds_are_tried_only_while_nothing_can_have_brought_a_new_schema() -> None:
    a, early = wanted("a"), wanted("early", kind="Widget", group="example.com")
    late = wanted("late", kind="Widget", group="example.com", wave=1)
    assert tried(a, early, late, live=(a, late)) == ["a", "early"]
