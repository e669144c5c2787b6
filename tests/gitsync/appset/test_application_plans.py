"""What is created, changed and deleted for an ApplicationSet, and in which steps its Applications are synced."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gitsync.appset.generate import Generation, GenerationError
from gitsync.appset.plan import Policy, governed, plan_applications, policy_of
from gitsync.appset.rollout import RolloutApplication, allowed_at_once, deletion_order, held, next_rollout, sync_request

OWNER = {"kind": "ApplicationSet", "apiVersion": "argoproj.io/v1alpha1", "name": "set", "uid": "u"}
OWNER |= {"controller": True, "blockOwnerDeletion": True}  # type: ignore[dict-item]  # an object holds any JSON


def body(name: str, **spec: Any) -> dict[str, Any]:
    return {"apiVersion": "argoproj.io/v1alpha1", "kind": "Application", "metadata": {"name": name}, "spec": spec}


def owned(name: str, **spec: Any) -> dict[str, Any]:
    return {**body(name, **spec), "metadata": {"name": name, "ownerReferences": [OWNER]}}


def application_set(**spec: Any) -> dict[str, Any]:
    return {"metadata": {"name": "set", "namespace": "argocd", "uid": "u"}, "spec": spec}


def planned(wanted: list[Any], live: list[Any], policy: str = "sync", **spec: Any) -> list[tuple[str, str]]:
    plan = plan_applications(application_set(**spec), Generation(tuple(wanted)), live, Policy(policy))
    return [(str(change.verb), change.name) for change in plan.changes]


@pytest.mark.parametrize(
    ("policy", "changes"),
    [
        ("sync", [("create", "new"), ("update", "old"), ("delete", "gone")]),
        ("create-only", [("create", "new")]),
        ("create-update", [("create", "new"), ("update", "old")]),
        ("create-delete", [("create", "new"), ("delete", "gone")]),
    ],
)
def test_the_policy_says_what_may_be_done(policy: str, changes: list[tuple[str, str]]) -> None:
    live = [owned("old", a=1), owned("gone")]
    assert planned([body("new"), body("old", a=2)], live, policy) == changes


def test_nothing_is_deleted_when_generation_failed() -> None:
    generation = Generation((), (GenerationError("ApplicationGenerationFromParamsError", "boom"),))
    plan = plan_applications(application_set(), generation, [owned("a")], Policy.SYNC)
    assert plan.changes == ()
    assert plan.withheld


def test_applications_of_others_are_left_alone() -> None:
    assert planned([body("a", x=1)], [body("a"), body("b")]) == []


def test_applications_that_are_handed_to_a_renamed_set_stay_as_they_are() -> None:
    new_owner = {**OWNER, "name": "renamed", "uid": "v"}
    handed = {**body("a", x=1), "metadata": {"name": "a", "ownerReferences": [new_owner]}}
    renamed = {"metadata": {"name": "renamed", "namespace": "argocd", "uid": "v"}, "spec": {}}
    assert planned([], [handed]) == [], "nothing goes with the set of before"
    plan = plan_applications(renamed, Generation((body("a", x=1),)), [handed], Policy.SYNC)
    assert (plan.changes, plan.withheld) == ((), ())


def test_an_application_that_is_as_generated_is_not_written() -> None:
    assert planned([body("a", x=1)], [owned("a", x=1)]) == []


def test_preserved_and_ignored_fields_stay_as_they_are() -> None:
    live = owned("a", source={"targetRevision": "mine", "path": "p"})
    live["metadata"]["annotations"] = {"keep": "1", "drop": "1"}
    spec = {"ignoreApplicationDifferences": [{"jsonPointers": ["/spec/source/targetRevision"]}]}
    spec |= {"preservedFields": {"annotations": ["keep"]}}  # type: ignore[dict-item]  # a spec is any JSON
    wanted = body("a", source={"targetRevision": "theirs", "path": "q"})
    (change,) = plan_applications(application_set(**spec), Generation((wanted,)), [live], Policy.SYNC).changes
    assert change.body["spec"]["source"] == {"targetRevision": "mine", "path": "q"}
    assert change.body["metadata"]["annotations"] == {"keep": "1"}


@pytest.mark.parametrize(
    ("expression", "kept"),
    [
        (".spec.source.targetRevision", {"source": {"targetRevision": "mine", "path": "q"}}),
        (".spec.source | .path, .targetRevision", {"source": {"targetRevision": "mine", "path": "p"}}),
        (".spec.absent.field", {"source": {"targetRevision": "theirs", "path": "q"}}),
    ],
)
def test_fields_that_jq_names_stay_as_they_are(expression: str, kept: Any) -> None:
    live = owned("a", source={"targetRevision": "mine", "path": "p"})
    spec = {"ignoreApplicationDifferences": [{"name": "a", "jqPathExpressions": [expression]}]}
    wanted = Generation((body("a", source={"targetRevision": "theirs", "path": "q"}),))
    plan = plan_applications(application_set(**spec), wanted, [live], Policy.SYNC)
    assert [change.body["spec"] for change in plan.changes] == ([kept] if kept != live["spec"] else [])


def test_a_list_in_which_jq_names_something_stays_as_a_whole() -> None:
    live = owned("a", list=[{"name": "x", "value": "mine"}])
    rule = {"jqPathExpressions": ['.spec.list[] | select(.name == "x") | .value']}
    wanted = Generation((body("a", list=[{"name": "x", "value": "theirs"}, {"name": "y"}]),))
    plan = plan_applications(application_set(ignoreApplicationDifferences=[rule]), wanted, [live], Policy.SYNC)
    assert plan.changes == ()


def test_resources_are_kept_when_the_set_says_so() -> None:
    live = [owned("a")]
    spec = {"syncPolicy": {"preserveResourcesOnDeletion": True}}
    (change,) = plan_applications(application_set(**spec), Generation(()), live, Policy.SYNC).changes
    assert change.keeps_resources


def step(value: str, **more: Any) -> dict[str, Any]:
    return {"matchExpressions": [{"key": "env", "operator": "In", "values": [value]}], **more}


def app(name: str, env: str, *, healthy: bool = True, synced: bool = False, operating: bool = False) -> Any:
    return RolloutApplication(name, {"env": env}, healthy, synced, operating)


STRATEGY = {"rollingSync": {"steps": [step("dev"), step("prod", maxUpdate="10%")]}, "deletionOrder": "Reverse"}


def test_a_step_waits_for_the_one_before_it() -> None:
    apps = [app("d", "dev"), app("p", "prod"), app("q", "prod"), app("x", "other")]
    assert next_rollout(STRATEGY, apps).sync == ("d",)
    assert next_rollout(STRATEGY, [app("d", "dev", synced=True, healthy=False), *apps[1:]]).sync == ()
    assert next_rollout(STRATEGY, [app("d", "dev", synced=True), *apps[1:]]).sync == ("p",)
    running = [app("d", "dev", synced=True), app("p", "prod", operating=True), app("q", "prod")]
    assert next_rollout(STRATEGY, running).sync == ()


def test_deletion_may_go_backwards() -> None:
    assert deletion_order(STRATEGY, [app("d", "dev"), app("p", "prod")]) == (("p",), ("d",))


@given(st.integers(0, 100), st.integers(0, 50))
def test_a_share_above_zero_lets_at_least_one_begin(percent: int, count: int) -> None:
    allowed = allowed_at_once(f"{percent}%", count)
    assert allowed == 0 if percent == 0 else 1 <= allowed <= max(count, 1)


@pytest.mark.parametrize(
    ("own", "policy", "override", "counts"),
    [
        (None, "", True, "sync"),
        ("create-only", "", True, "create-only"),
        ("create-only", "", False, "sync"),
        (None, "create-update", True, "create-update"),
        ("sync", "create-update", True, "sync"),
        ("sync", "create-update", False, "create-update"),
    ],
)
def test_the_policy_of_all_sets_is_overridden_only_where_that_is_allowed(
    own: str | None, policy: str, override: bool, counts: str
) -> None:
    given = application_set(**({"syncPolicy": {"applicationsSync": own}} if own else {}))
    assert policy_of(governed(given, policy, override=override, labels=(), annotations=())) == counts


def test_labels_and_annotations_that_are_preserved_for_all_sets_stay_beside_those_of_the_set() -> None:
    given = governed(
        application_set(preservedFields={"labels": ["mine"]}), "", override=True, labels=("all",), annotations=("note",)
    )
    live = owned("a")
    live["metadata"] |= {"labels": {"mine": "1", "all": "1", "gone": "1"}, "annotations": {"note": "1", "old": "1"}}
    (change,) = plan_applications(given, Generation((body("a"),)), [live], Policy.SYNC).changes
    metadata = change.body["metadata"]
    assert (metadata["labels"], metadata["annotations"]) == ({"mine": "1", "all": "1"}, {"note": "1"})


def test_what_may_not_be_written_is_neither_changed_nor_deleted_and_others_are() -> None:
    generation = Generation((body("new"),), rejected={"old": "more than one Application has this name"})
    plan = plan_applications(application_set(), generation, [owned("old"), owned("gone")], Policy.SYNC)
    assert [(str(one.verb), one.name) for one in plan.changes] == [("create", "new"), ("delete", "gone")]
    assert plan.withheld == ("old is not written: more than one Application has this name",)


@pytest.mark.parametrize(
    ("limit", "of_five"),
    [(None, 5), (0, 0), ("0%", 0), ("10%", 1), ("50%", 2), ("100%", 5), (3, 3), ("3", 3), ("many", 0)],
)
def test_how_many_of_a_step_may_begin_at_once(limit: int | str | None, of_five: int) -> None:
    """0 leaves the step to people; what cannot be read lets nobody begin."""
    assert allowed_at_once(limit, 5) == of_five


def test_a_rolling_set_switches_the_automated_sync_of_its_applications_off_and_keeps_the_rest_of_it() -> None:
    wanted = body("a", syncPolicy={"automated": {"prune": True}, "syncOptions": ["X=true"]})
    policy = held(wanted)["spec"]["syncPolicy"]
    assert policy == {"automated": {"prune": True, "enabled": False}, "syncOptions": ["X=true"]}
    assert sync_request(held(wanted))["sync"] == {"prune": True, "syncOptions": ["X=true"]}
