"""Order, waves, prunes and options of a plan."""

from collections.abc import Iterable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gitsync.manifest.object import DesiredObject, JsonObject, LiveObject, Origin
from gitsync.plan.build import build_plan
from gitsync.plan.options import PlanOptions, TaskOptions, managers_taken_over
from gitsync.plan.values import Plan, TaskKind
from model.identity import ResourceKey
from model.kinds.application import SyncOperationResource
from model.operation import SyncPhase

WAVE = "argocd.argoproj.io/sync-wave"
SYNC_OPTIONS = "argocd.argoproj.io/sync-options"
HOOK = "argocd.argoproj.io/hook"
GROUPS = {"Deployment": "apps", "CustomResourceDefinition": "apiextensions.k8s.io", "Widget": "example.com"}
CLUSTER_SCOPED = ("Namespace", "CustomResourceDefinition")


def key_of(kind: str, name: str, namespace: str = "shop") -> ResourceKey:
    return ResourceKey(GROUPS.get(kind, ""), kind, "" if kind in CLUSTER_SCOPED else namespace, name)


def wanted(kind: str, name: str, *, wave: int = 0, spec: JsonObject | None = None, **annotations: str) -> DesiredObject:
    marks = {
        WAVE: str(wave),
        **{{"hook": HOOK, "options": SYNC_OPTIONS}[mark]: text for mark, text in annotations.items()},
    }
    body: JsonObject = {"kind": kind, "metadata": {"name": name, "annotations": marks}, "spec": spec or {}}
    return DesiredObject(key_of(kind, name), "v1", body, name, Origin("x"))


def found(
    kind: str,
    name: str,
    *,
    wave: int = 0,
    application: str = "shop",
    options: str = "",
    mark: str | None = None,
    labels: dict[str, str] | None = None,
) -> LiveObject:
    key = key_of(kind, name)
    owner = mark if mark is not None else f"{application}:{key.group}/{kind}:{key.namespace or 'shop'}/{name}"
    annotations = {WAVE: str(wave), **({SYNC_OPTIONS: options} if options else {})}
    return LiveObject(key, "v1", f"uid-{name}", "1", labels=labels or {}, annotations=annotations, owner=owner)


def planned(desired: Iterable[DesiredObject], live: Iterable[LiveObject] = (), **options: Any) -> Plan:
    chosen = PlanOptions(application="shop", **{"prune": True, **options})
    existing = {one.key: one for one in live}
    desired = tuple(desired)
    return build_plan(
        desired, existing, options=chosen, out_of_sync={one.key for one in desired if one.key not in existing}
    )


def told(plan: Plan) -> list[str]:
    return [f"{task.kind} {task.wave} {task.key.kind} {task.key.name}" for task in plan.tasks]


def test_kinds_follow_the_table_and_names_break_ties() -> None:
    objects = [
        wanted(kind, name) for kind in ("Widget", "Deployment", "Service", "Secret", "Namespace") for name in "ba"
    ]
    kinds = ["Namespace", "Secret", "Service", "Deployment", "Widget"]
    assert told(planned(objects)) == [f"apply 0 {kind} {name}" for kind in kinds for name in "ab"]


def test_waves_come_before_kinds() -> None:
    plan = planned([wanted("Secret", "late", wave=2), wanted("Deployment", "early", wave=-1), wanted("Service", "mid")])
    assert told(plan) == ["apply -1 Deployment early", "apply 0 Service mid", "apply 2 Secret late"]
    assert [step.wave for step in plan.steps] == [-1, 0, 2]


@pytest.mark.parametrize(
    ("dependency", "dependant"),
    [
        (wanted("Namespace", "shop", wave=3), wanted("Secret", "s", wave=-2)),
        (
            wanted(
                "CustomResourceDefinition",
                "widgets",
                wave=1,
                spec={"group": "example.com", "names": {"kind": "Widget"}},
            ),
            wanted("Widget", "w", wave=-2),
        ),
    ],
)
def test_what_others_need_is_lifted_before_them(dependency: DesiredObject, dependant: DesiredObject) -> None:
    (step,) = planned([dependency, dependant]).steps
    assert [task.key for task in step.tasks] == [dependency.key, dependant.key]
    assert step.wave == -2
    assert "needs it" in step.tasks[0].reason


def test_a_namespace_that_nobody_needs_earlier_stays() -> None:
    assert told(planned([wanted("Namespace", "other", wave=3), wanted("Secret", "s")]))[-1] == "apply 3 Namespace other"


def test_prunes_run_before_applies_of_their_wave() -> None:
    assert told(planned([wanted("Namespace", "n")], [found("Deployment", "old")])) == [
        "prune 0 Deployment old",
        "apply 0 Namespace n",
    ]


def test_waves_of_prunes_are_mirrored() -> None:
    live = [found("Secret", f"w{wave}", wave=wave) for wave in (-1, 0, 1, 5)]
    assert told(planned([], live)) == [
        "prune -1 Secret w5",
        "prune 0 Secret w1",
        "prune 1 Secret w0",
        "prune 5 Secret w-1",
    ]


@pytest.mark.parametrize("where", ["object", "application"])
def test_prune_last_waits_for_everything_else(where: str) -> None:
    option = "PruneLast=true"
    live = [found("Secret", "old", options=option if where == "object" else "")]
    plan = planned([wanted("Service", "s", wave=4)], live, sync_options=(option,) if where == "application" else ())
    assert told(plan) == ["apply 4 Service s", "prune 5 Secret old"]


@pytest.mark.parametrize(
    ("own", "application", "prune", "asks", "kind"),
    [
        ("", (), True, False, TaskKind.PRUNE),
        ("", (), False, False, TaskKind.SKIP_PRUNE),
        ("Prune=false", (), True, False, TaskKind.SKIP_PRUNE),
        ("", ("Prune=false",), True, False, TaskKind.SKIP_PRUNE),
        ("Prune=true", ("Prune=false",), True, False, TaskKind.PRUNE),
        ("Prune=confirm", (), True, True, TaskKind.PRUNE),
        ("", ("Prune=confirm",), True, True, TaskKind.PRUNE),
        ("Prune=true", ("Prune=confirm",), True, False, TaskKind.PRUNE),
        ("Prune=confirm", (), False, False, TaskKind.SKIP_PRUNE),
    ],
)
def test_the_object_has_the_last_word_on_its_prune(
    own: str, application: tuple[str, ...], prune: bool, asks: bool, kind: TaskKind
) -> None:
    plan = planned([], [found("Secret", "old", options=own)], prune=prune, sync_options=application)
    (task,) = plan.tasks
    assert (task.kind, task.needs_approval) == (kind, asks)
    assert task.reason.startswith("no longer in Git")


@pytest.mark.parametrize(
    "mark",
    [
        "other:/Secret:shop/old",  # another application's
        "ns_shop:/Secret:shop/old",
        "shop:/Secret:shop/copied",  # copied by a controller, mark and all
        "shop:/Secret:elsewhere/old",
        "shop:/ConfigMap:shop/old",
        "broken",
        "",
    ],
)
def test_prune_keeps_objects_that_are_not_ours(mark: str) -> None:
    assert not list(planned([], [found("Secret", "old", mark=mark)]).tasks)


def test_only_changed_objects_are_applied_on_request() -> None:
    live = [found("Secret", "same")]
    plan = planned([wanted("Secret", "same"), wanted("Secret", "new")], live, sync_options=("ApplyOutOfSyncOnly=true",))
    assert told(plan) == ["apply 0 Secret new"]


def test_reasons_say_why_an_object_is_applied() -> None:
    objects, live = [wanted("Secret", name) for name in "abc"], {key_of("Secret", n): found("Secret", n) for n in "bc"}
    plan = build_plan(objects, live, options=PlanOptions("shop"), out_of_sync={key_of("Secret", "b")})
    assert [task.reason for task in plan.tasks] == [
        "missing in the cluster",
        "differs from Git",
        "in sync; applied again",
    ]


def test_a_selective_sync_touches_only_what_was_selected() -> None:
    selected = (SyncOperationResource(kind="Secret", name="a"), SyncOperationResource(kind="Secret", name="old"))
    live = [found("Secret", "old"), found("Secret", "older")]
    plan = planned([wanted("Secret", "a"), wanted("Secret", "b"), wanted("Namespace", "n")], live, resources=selected)
    assert told(plan) == ["prune 0 Secret old", "apply 0 Secret a"]


@pytest.mark.parametrize("options", [{"run_hooks": False}, {"resources": (SyncOperationResource(kind="X", name="x"),)}])
def test_strategy_apply_and_partial_syncs_run_no_hooks(options: dict[str, Any]) -> None:
    hook = wanted("Secret", "hook", hook="PreSync")
    plan = planned([hook], [found("Secret", "hook")], **options)
    assert not list(plan.tasks)
    assert plan.hooks_left_out == (hook.key,)


def test_skipped_objects_are_neither_applied_nor_pruned() -> None:
    assert not list(planned([wanted("Secret", "skipped", hook="Skip")], [found("Secret", "skipped")]).tasks)


def test_the_destination_namespace_is_created_first_and_only_if_needed() -> None:
    options: dict[str, Any] = {"namespace": "shop", "sync_options": ("CreateNamespace=true",)}
    plan = planned([wanted("Secret", "s", wave=-5)], **options)
    assert [(step.phase, step.tasks[0].key.kind) for step in plan.steps] == [
        (SyncPhase.PRE_SYNC, "Namespace"),
        (SyncPhase.SYNC, "Secret"),
    ]
    assert told(planned([], [found("Namespace", "shop", mark="")], **options)) == []
    assert told(planned([wanted("Namespace", "shop")], **options)) == ["apply 0 Namespace shop"]


def test_a_partial_sync_creates_the_namespace_of_what_it_selects() -> None:
    plan = planned(
        [wanted("Secret", "s"), wanted("Secret", "t")],
        namespace="shop",
        sync_options=("CreateNamespace=true",),
        resources=(SyncOperationResource(kind="Secret", name="s"),),
    )
    assert [task.key.name for task in plan.tasks] == ["shop", "s"]


def test_managed_namespace_metadata_is_applied_with_each_sync() -> None:
    """Only an apply takes away a label that has left it."""
    options: dict[str, Any] = {
        "namespace": "shop",
        "sync_options": ("CreateNamespace=true",),
        "namespace_metadata": {"labels": {"team": "x"}},
    }
    labelled = found("Namespace", "shop", mark="", labels={"team": "x", "tier": "left"})
    (task,) = planned([], [labelled], **options).tasks
    assert task.desired is not None
    assert task.desired.body["metadata"] == {"name": "shop", "labels": {"team": "x"}}
    assert not task.options.take_over_client_side, "labels that somebody applied with kubectl stay"


def test_options_travel_with_their_task() -> None:
    own = wanted(
        "Secret", "own", options="Replace=true,ServerSideApply=false,Validate=false,PrunePropagationPolicy=orphan"
    )
    plan = planned([own, wanted("Secret", "plain")], sync_options=("Force=true", "ServerSideApply=true"))
    options = {task.key.name: task.options for task in plan.tasks}
    assert (options["own"].replace, options["own"].server_side, options["own"].validate) == (True, False, False)
    assert (options["own"].propagation, options["plain"].propagation) == ("Orphan", "Foreground")
    assert (options["plain"].replace, options["plain"].server_side, options["plain"].force) == (False, True, True)


def test_an_object_may_switch_off_what_its_application_asks() -> None:
    asked = ("Replace=true", "Force=true", "Validate=false", "SkipDryRunOnMissingResource=true", "ServerSideApply=true")
    own = wanted("Secret", "own", options="Replace=false, Force=false,Validate=true,SkipDryRunOnMissingResource=false")
    plan = planned([own, wanted("Secret", "plain")], sync_options=asked)
    options = {task.key.name: task.options for task in plan.tasks}
    assert options["own"] == TaskOptions(server_side=True)
    assert options["plain"] == TaskOptions(True, True, True, validate=False, skip_dry_run_on_missing=True)


def test_hooks_run_where_only_changed_objects_are_applied() -> None:
    hook, same = wanted("Job", "migrate", hook="PreSync"), wanted("Secret", "same")
    live = [found("Secret", "same"), found("Job", "migrate")]
    plan = planned([hook, same], live, sync_options=("ApplyOutOfSyncOnly=true",))
    assert [task.key.name for task in plan.tasks] == ["migrate"]


def test_the_annotation_names_another_manager_to_take_over_from() -> None:
    usual = {"kubectl-client-side-apply", "argocd-controller"}
    named = {"argocd.argoproj.io/client-side-apply-migration-manager": "deployer"}
    assert managers_taken_over({}, {}) == usual
    assert managers_taken_over(named, {}) == usual | {"deployer"}
    assert managers_taken_over(named, {"ClientSideApplyMigration": "false"}) == set()


def test_batches_are_all_prunes_then_kind_by_kind() -> None:
    live = [found("Secret", "old"), found("Deployment", "older")]
    (step,) = planned([wanted("Service", "a"), wanted("Service", "b"), wanted("Deployment", "d")], live).steps
    assert [[task.key.name for task in batch] for batch in step.batches] == [["old", "older"], ["a", "b"], ["d"]]


KINDS = st.sampled_from(["Namespace", "Secret", "Deployment", "Service", "Widget", "CustomResourceDefinition"])
NAMES = st.sampled_from("abcdef")
DESIRED = st.lists(
    st.builds(lambda kind, name, wave: wanted(kind, name, wave=wave), KINDS, NAMES, st.integers(-2, 2)),
    max_size=8,
    unique_by=lambda one: one.key,
)
LIVE = st.lists(
    st.builds(
        lambda kind, name, wave, application: found(kind, name, wave=wave, application=application),
        KINDS,
        NAMES,
        st.integers(-2, 2),
        st.sampled_from(["shop", "other"]),
    ),
    max_size=8,
    unique_by=lambda one: one.key,
)


@given(DESIRED, LIVE, st.randoms(use_true_random=False))
def test_the_order_of_the_input_does_not_matter(
    desired: list[DesiredObject], live: list[LiveObject], random: Any
) -> None:
    shuffled = desired[:]
    random.shuffle(shuffled)
    assert told(planned(desired, live)) == told(planned(shuffled, live[::-1]))


@given(DESIRED, LIVE)
def test_every_task_appears_once_and_steps_only_go_on(desired: list[DesiredObject], live: list[LiveObject]) -> None:
    plan = planned(desired, live)
    tasks = list(plan.tasks)
    assert len({task.id for task in tasks}) == len(tasks)
    assert {task.key for task in tasks if task.kind is TaskKind.APPLY} == {one.key for one in desired}
    assert [task.order for task in tasks] == list(range(len(tasks)))
    waves = [step.wave for step in plan.steps]
    assert waves == sorted(set(waves))


@given(DESIRED, LIVE, st.booleans())
def test_nothing_of_other_applications_is_pruned(
    desired: list[DesiredObject], live: list[LiveObject], prune: bool
) -> None:
    pruned = [task for task in planned(desired, live, prune=prune).tasks if task.kind is not TaskKind.APPLY]
    wanted_keys = {one.key for one in desired}
    assert all(task.live is not None and task.live.owner.startswith("shop:") for task in pruned)
    assert not {task.key for task in pruned} & wanted_keys
    assert prune or all(task.kind is TaskKind.SKIP_PRUNE for task in pruned)
