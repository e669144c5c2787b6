"""Our own actions: what each makes of an object, and when it is not possible."""

from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gitsync.actions.built_in import BUILT_IN
from gitsync.actions.rules import available_actions, run_action
from gitsync.actions.values import ActionImpossible, Operation
from gitsync.manifest.merge_patch import apply_merge_patch, merge_patch

NOW = datetime(2026, 3, 1, 12, 30, tzinfo=UTC)
THEN = "2026-03-01T12:30:00Z"
EPOCH = "1772368200"


def thing(group: str, kind: str, **fields: Any) -> dict[str, Any]:
    metadata = {"name": "shop", "namespace": "prod", "uid": "u1", **fields.pop("metadata", {})}
    return {"apiVersion": f"{group}/v1" if group else "v1", "kind": kind, "metadata": metadata, **fields}


def notes(**annotations: str) -> dict[str, Any]:
    return {"metadata": {"annotations": annotations}}


PATCHES = [
    ("apps", "Deployment", {}, "restart", {},
     {"spec": {"template": {"metadata": {"annotations": {"kubectl.kubernetes.io/restartedAt": THEN}}}}}),
    ("apps", "StatefulSet", {"spec": {"replicas": 1}}, "scale", {"replicas": "3"}, {"spec": {"replicas": 3}}),
    ("apps", "Deployment", {}, "pause", {}, {"spec": {"paused": True}}),
    ("apps", "Deployment", {"spec": {"paused": True}}, "resume", {}, {"spec": {"paused": False}}),
    ("batch", "Job", {"status": {"active": 1}}, "terminate", {},
     {"status": {"conditions": [{"type": "FailureTarget", "status": "True", "reason": "ManuallyTerminated",
                                 "message": "Somebody terminated the Job", "lastTransitionTime": THEN}]}}),
    ("batch", "CronJob", {"spec": {"suspend": True}}, "resume", {}, {"spec": {"suspend": False}}),
    ("argoproj.io", "Rollout", {}, "restart", {}, {"spec": {"restartAt": THEN}}),
    ("argoproj.io", "Rollout", {"status": {"pauseConditions": [{}]}, "spec": {"paused": True}}, "resume", {},
     {"status": {"pauseConditions": None}, "spec": {"paused": False}}),
    ("argoproj.io", "Rollout", {"status": {"currentPodHash": "a", "stableRS": "b"}}, "abort", {},
     {"status": {"abort": True}}),
    ("argoproj.io", "Rollout", {"status": {"abort": True}}, "retry", {}, {"status": {"abort": False}}),
    ("argoproj.io", "Rollout", {}, "promote-full", {}, {"status": {"promoteFull": True}}),
    ("argoproj.io", "Rollout", {"spec": {"strategy": {"canary": {"steps": [{}, {}]}}}}, "skip-current-step", {},
     {"status": {"currentStepIndex": 1}}),
    ("argoproj.io", "Rollout", {"spec": {"template": {"spec": {"containers": [{"name": "a", "image": "x:1"}]}}}},
     "set-image", {"images": {"a": "x:2"}},
     {"spec": {"template": {"spec": {"containers": [{"name": "a", "image": "x:2"}]}}}}),
    ("argoproj.io", "Rollout", {"spec": {"template": {"spec": {"containers": [{"name": "a"}, {"name": "b"}]}}}},
     "set-image", {"images": {"*": "x:2"}},
     {"spec": {"template": {"spec": {"containers": [{"name": "a", "image": "x:2"}, {"name": "b", "image": "x:2"}]}}}}),
    ("argoproj.io", "AnalysisRun", {}, "terminate", {}, {"spec": {"terminate": True}}),
    ("argoproj.io", "Application", {"spec": {"syncPolicy": {"automated": {}}}}, "toggle-auto-sync", {},
     {"spec": {"syncPolicy": {"automated": {"enabled": False}}}}),
    ("source.toolkit.fluxcd.io", "GitRepository", {}, "reconcile", {},
     {"metadata": {"annotations": {"reconcile.fluxcd.io/requestedAt": THEN}}}),
    ("helm.toolkit.fluxcd.io", "HelmRelease", {}, "suspend", {}, {"spec": {"suspend": True}}),
    ("external-secrets.io", "ExternalSecret", {}, "refresh", {}, {"metadata": {"annotations": {"force-sync": EPOCH}}}),
    ("postgresql.cnpg.io", "Cluster", {}, "restart", {},
     {"metadata": {"annotations": {"kubectl.kubernetes.io/restartedAt": THEN}}}),
    ("postgresql.cnpg.io", "Cluster", {}, "suspend", {},
     {"metadata": {"annotations": {"cnpg.io/reconciliationLoop": "disabled"}}}),
    ("postgresql.cnpg.io", "Cluster", notes(**{"cnpg.io/reconciliationLoop": "disabled"}), "resume", {},
     {"metadata": {"annotations": {"cnpg.io/reconciliationLoop": None}}}),
    ("postgresql.cnpg.io", "Cluster", {}, "hibernate", {},
     {"metadata": {"annotations": {"cnpg.io/hibernation": "on"}}}),
    ("postgresql.cnpg.io", "Cluster",
     {"status": {"currentPrimary": "pg-3", "instancesStatus": {"healthy": ["pg-1", "pg-2", "pg-3"]}}}, "promote", {},
     {"status": {"targetPrimary": "pg-1", "targetPrimaryTimestamp": THEN, "phase": "Switchover in progress",
                 "phaseReason": "Switching over to pg-1"}}),
    ("numaflow.numaproj.io", "Pipeline", {"spec": {"lifecycle": {"desiredPhase": "Paused"}}}, "unpause-fast", {},
     {"metadata": {"labels": {"numaflow.numaproj.io/resume-strategy": "fast"}},
      "spec": {"lifecycle": {"desiredPhase": "Running"}}}),
    ("numaflow.numaproj.io", "InterStepBufferService",
     {"metadata": {"labels": {"numaplane.numaproj.io/upgrade-state": "in-progress"}}}, "force-promote", {},
     {"metadata": {"labels": {"numaplane.numaproj.io/force-promote": "true"}}}),
    ("promoter.argoproj.io", "PullRequest", {"spec": {"state": "open"}}, "merge", {}, {"spec": {"state": "merged"}}),
    ("k8s.mariadb.com", "MariaDB", {}, "suspend", {}, {"spec": {"suspend": True}}),
    ("keda.sh", "ScaledObject", {}, "paused-replicas", {"replicas": 2},
     {"metadata": {"annotations": {"autoscaling.keda.sh/paused-replicas": "2"}}}),
    ("keda.sh", "ScaledObject", notes(**{"autoscaling.keda.sh/paused": "true"}), "resume", {},
     {"metadata": {"annotations": {"autoscaling.keda.sh/paused": None}}}),
]  # fmt: skip


@pytest.mark.parametrize(
    ("group", "kind", "fields", "name", "parameters", "patch"), PATCHES, ids=[f"{row[1]}-{row[3]}" for row in PATCHES]
)
def test_an_action_patches_what_it_says(
    group: str, kind: str, fields: dict[str, Any], name: str, parameters: dict[str, Any], patch: dict[str, Any]
) -> None:
    body = thing(group, kind, **dict(fields))
    (impact,) = run_action(body, name, parameters, now=NOW)
    assert impact.operation is Operation.PATCH
    assert impact.patch == patch
    assert impact.body == apply_merge_patch(body, patch)
    assert {**impact.spec_patch, **impact.status_patch} == patch


def test_a_job_is_made_of_a_cron_job() -> None:
    template = {"metadata": {"labels": {"a": "b"}}, "spec": {"template": {"spec": {}}}}
    (impact,) = run_action(thing("batch", "CronJob", spec={"jobTemplate": template}), "create-job", {}, now=NOW)
    assert impact.operation is Operation.CREATE
    assert impact.body == {
        "apiVersion": "batch/v1",
        "kind": "Job",
        "metadata": {
            "name": f"shop-{EPOCH}",
            "namespace": "prod",
            "labels": {"a": "b"},
            "annotations": {"cronjob.kubernetes.io/instantiate": "manual"},
            "ownerReferences": [{"apiVersion": "batch/v1", "kind": "CronJob", "name": "shop", "uid": "u1"}],
        },
        "spec": {"template": {"spec": {}}},
    }


def test_a_name_made_of_a_long_one_still_fits_a_label() -> None:
    body = thing("batch", "CronJob", metadata={"name": "x" * 52 + "." + "y" * 20})
    (impact,) = run_action(body, "create-job", {}, now=NOW)
    assert len(impact.body["metadata"]["name"]) <= 63


@pytest.mark.parametrize(
    ("body", "name", "told"),
    [
        (thing("apps", "Deployment", spec={"paused": True}), "restart", "it is paused; resume it first"),
        (thing("apps", "Deployment"), "resume", "it is not paused"),
        (thing("apps", "Deployment"), "fly", "has no action"),
        (thing("", "ConfigMap"), "restart", "has no action"),
        (thing("apps", "Deployment"), "scale", "replicas must be a whole number"),
        (thing("argoproj.io", "Rollout", status={"currentPodHash": "a", "stableRS": "a"}), "abort", "fully promoted"),
        (thing("argoproj.io", "Rollout"), "skip-current-step", "no canary steps"),
        (thing("argoproj.io", "Rollout"), "resume", "not paused"),
        (thing("argoproj.io", "Rollout"), "set-image", "kept in another workload"),
        (thing("batch", "Job", status={"conditions": [{"type": "Complete", "status": "True"}]}), "suspend", "ended"),
        (thing("source.toolkit.fluxcd.io", "Bucket", spec={"suspend": True}), "reconcile", "resume it first"),
        (thing("postgresql.cnpg.io", "Cluster", status={"instanceNames": ["pg-1"]}), "promote", "no other instance"),
        (thing("numaflow.numaproj.io", "Pipeline"), "force-promote", "no upgrade is in progress"),
        (thing("promoter.argoproj.io", "PullRequest", spec={"state": "merged"}), "merge", "not open"),
        (thing("keda.sh", "ScaledObject"), "resume", "not paused"),
    ],
)
def test_an_action_that_is_not_possible_says_why(body: dict[str, Any], name: str, told: str) -> None:
    with pytest.raises(ActionImpossible, match=told):
        run_action(body, name, {}, now=NOW)


@pytest.mark.parametrize("replicas", [-1, 1.5, True, "x", "", None, 10_001, "99999999999999999999"])
def test_replicas_are_a_sensible_number(replicas: Any) -> None:
    with pytest.raises(ActionImpossible, match="replicas must be"):
        run_action(thing("apps", "Deployment"), "scale", {"replicas": replicas}, now=NOW)


@pytest.mark.parametrize("kind", sorted(BUILT_IN))
@pytest.mark.parametrize("broken", [None, 1, "text", [1], {"conditions": [1], "jobTemplate": 1, "annotations": 2}])
def test_no_object_is_too_broken_to_be_asked(kind: tuple[str, str], broken: Any) -> None:
    body = {**thing(*kind), "spec": broken, "status": broken}
    for action in available_actions(body):
        assert action.display_name
        assert action.disabled is bool(action.reason)
        if not action.disabled and action.parameters is None:
            run_action(body, action.name, {}, now=NOW)


JSON = st.recursive(
    st.booleans() | st.integers(-3, 3) | st.text("ab", max_size=2),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text("abc", max_size=2), inner, max_size=3),
    max_leaves=12,
)


@given(st.dictionaries(st.text("abc", max_size=2), JSON), st.dictionaries(st.text("abc", max_size=2), JSON))
def test_a_merge_patch_turns_one_into_the_other(old: dict[str, Any], new: dict[str, Any]) -> None:
    assert apply_merge_patch(old, merge_patch(old, new)) == new
    assert merge_patch(new, new) == {}


def test_every_kind_of_whom_there_are_actions_has_a_name_for_each_of_its_own() -> None:
    for kind, actions in BUILT_IN.items():
        names = [action.name for action in actions]
        assert len(names) == len(set(names)) > 0, kind
    assert len(BUILT_IN) >= 51
    assert sum(map(len, BUILT_IN.values())) >= 125
