"""Health of an application, and the sentence that names what blocks it."""

import pytest

from gitsync.health.aggregate import ResourceHealth, aggregate_health
from gitsync.health.explain import explain
from gitsync.health.facts import facts_of
from gitsync.manifest.object import JsonObject, LiveObject
from model.health import Health, HealthReport
from model.identity import ResourceKey
from model.kinds.meta import OwnerReference


def resource(
    name: str, status: Health | None, message: str = "", *, kind: str = "Deployment", **more: bool
) -> ResourceHealth:
    group = {"Deployment": "apps", "Application": "argoproj.io"}.get(kind, "")
    report = HealthReport(status, message) if status else None
    return ResourceHealth(ResourceKey(group, kind, "shop", name), report, **more)


def test_the_worst_object_decides_and_is_named() -> None:
    report = aggregate_health(
        [resource("a", Health.HEALTHY), resource("b", Health.DEGRADED, "broken"), resource("c", Health.PROGRESSING)]
    )
    assert report == HealthReport(Health.DEGRADED, "Deployment.apps shop/b: broken")


def test_up_to_three_causes_are_named() -> None:
    report = aggregate_health([resource(name, Health.DEGRADED) for name in "edcba"])
    assert report.message == "Deployment.apps shop/a; Deployment.apps shop/b; Deployment.apps shop/c; and 2 more"


def test_objects_without_health_do_not_count() -> None:
    assert aggregate_health([resource("a", None, kind="ConfigMap")]).status is Health.HEALTHY


def test_missing_objects_count_only_when_nothing_lives() -> None:
    missing = resource("a", None, live=False)
    assert aggregate_health([missing, resource("b", Health.HEALTHY)]).status is Health.HEALTHY
    assert aggregate_health([missing, resource("b", None, live=False)]).status is Health.MISSING


def test_what_does_not_count_does_not_count() -> None:
    assert aggregate_health([resource("hook", Health.DEGRADED, counts=False)]).status is Health.HEALTHY


@pytest.mark.parametrize("status", [Health.MISSING, Health.UNKNOWN])
def test_a_child_application_speaks_for_itself(status: Health) -> None:
    assert aggregate_health([resource("child", status, kind="Application")]).status is Health.HEALTHY
    assert aggregate_health([resource("a", status)]).status is status


def test_an_application_of_nothing_is_healthy() -> None:
    assert aggregate_health([]).status is Health.HEALTHY


def live(kind: str, name: str, uid: str, owner: str = "", body: JsonObject | None = None) -> LiveObject:
    group = "" if kind == "Pod" else "apps"
    owners = (OwnerReference(kind="x", name="x", uid=owner),) if owner else ()
    facts = facts_of(body) if body else facts_of({"apiVersion": "v1", "kind": "ConfigMap"})
    return LiveObject(ResourceKey(group, kind, "shop", name), "v1", uid, "1", owners=owners, facts=facts)


def pod_body(waiting: JsonObject | None, image: str = "registry/checkout:1.9.1") -> JsonObject:
    state = {"waiting": waiting} if waiting else {"running": {}}
    statuses = [{"name": "app", "ready": not waiting, "restartCount": 0, "state": state}]
    conditions = [{"type": "Ready", "status": "False" if waiting else "True"}]
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {},
        "spec": {"restartPolicy": "Always", "containers": [{"name": "app", "image": image}]},
        "status": {"phase": "Running", "containerStatuses": statuses, "conditions": conditions},
    }


MISSING_IMAGE = {"reason": "ImagePullBackOff", "message": 'Back-off pulling image "registry/checkout:1.9.1": not found'}


def tree(*pods: JsonObject) -> list[LiveObject]:
    parents = [live("Deployment", "checkout", "d"), live("ReplicaSet", "checkout-1", "r", "d")]
    return [*parents, *(live("Pod", f"p{number}", f"p{number}", "r", body) for number, body in enumerate(pods))]


def test_the_pods_below_tell_the_cause() -> None:
    objects = tree(pod_body(MISSING_IMAGE), pod_body(None), pod_body(None))
    told = explain([resource("checkout", Health.PROGRESSING, "2 of 3")], objects)
    assert told == "1 of 3 pods: ImagePullBackOff registry/checkout:1.9.1 (not found)"


def test_the_object_is_named_when_there_are_others() -> None:
    resources = [resource("checkout", Health.PROGRESSING), resource("other", Health.HEALTHY)]
    told = explain(resources, tree(pod_body({"reason": "CrashLoopBackOff", "message": "back-off 5m0s"})))
    assert told == "Deployment checkout: 1 of 1 pods: CrashLoopBackOff (back-off 5m0s)"


def test_what_most_pods_say_is_said() -> None:
    crash = {"reason": "CrashLoopBackOff", "message": "back-off"}
    told = explain([resource("checkout", Health.DEGRADED)], tree(*map(pod_body, (MISSING_IMAGE, crash, crash))))
    assert told == "2 of 3 pods: CrashLoopBackOff (back-off)"


def test_without_failing_pods_the_object_speaks() -> None:
    told = explain([resource("checkout", Health.PROGRESSING, "waiting for  a\nquota")], tree(pod_body(None)))
    assert told == "Deployment.apps shop/checkout: waiting for a quota"


def test_a_missing_object_is_named() -> None:
    told = explain([resource("checkout", None, live=False)], [])
    assert told == "Deployment.apps shop/checkout does not exist in the cluster"


def test_an_object_that_fails_is_told_before_one_that_is_missing() -> None:
    told = explain([resource("a", None, live=False), resource("b", Health.DEGRADED, "broken")], [])
    assert told == "Deployment.apps shop/b: broken"


def test_there_is_nothing_to_explain_when_all_is_well() -> None:
    assert explain([resource("a", Health.HEALTHY), resource("b", None)], []) is None


def test_a_cycle_of_owners_ends() -> None:
    objects = [live("Deployment", "checkout", "d", "r"), live("ReplicaSet", "x", "r", "d")]
    assert explain([resource("checkout", Health.DEGRADED, "bad")], objects) == "Deployment.apps shop/checkout: bad"
