"""StatefulSets and DaemonSets in the sandbox."""

from typing import Any

import pytest

from tests.support.controller_rig import Rig

STATEFUL_SET = """
apiVersion: apps/v1
kind: StatefulSet
metadata: {name: db}
spec:
  serviceName: db
  replicas: 3
  selector: {matchLabels: {app: db}}
  template:
    metadata: {labels: {app: db}}
    spec: {containers: [{name: server, image: "postgres:1"}]}
  volumeClaimTemplates:
  - metadata: {name: data}
    spec: {accessModes: [ReadWriteOnce], resources: {requests: {storage: 1Gi}}}
"""
DAEMON_SET = """
apiVersion: apps/v1
kind: DaemonSet
metadata: {name: agent}
spec:
  selector: {matchLabels: {app: agent}}
  template:
    metadata: {labels: {app: agent}}
    spec: {containers: [{name: server, image: "agent:1"}]}
"""


def with_image(template: dict[str, Any], image: str) -> dict[str, Any]:
    container = {**template["spec"]["containers"][0], "image": image}
    return {**template, "spec": {**template["spec"], "containers": [container]}}


def change_image(rig: Rig, kind: str, name: str, image: str) -> None:
    rig.patch(kind, name, template=with_image(rig.get(kind, name)["spec"]["template"], image))


def images(rig: Rig) -> dict[str, str]:
    return {pod["metadata"]["name"]: pod["spec"]["containers"][0]["image"] for pod in rig.pods("db-")}


def test_numbered_pods_come_one_after_the_other(rig: Rig) -> None:
    rig.apply(STATEFUL_SET)
    rig.advance(0.1)
    assert list(images(rig)) == ["db-0"]
    rig.advance(0.4)
    assert list(images(rig)) == ["db-0", "db-1"]
    rig.advance(5)
    status = rig.status("StatefulSet", "db")
    assert (status["replicas"], status["readyReplicas"], status["availableReplicas"]) == (3, 3, 3)
    assert status["currentRevision"] == status["updateRevision"]


def test_a_pod_that_is_not_ready_holds_the_others_back(rig: Rig) -> None:
    rig.apply(STATEFUL_SET.replace("postgres:1", "nonexistent"))
    rig.advance(60)
    assert list(images(rig)) == ["db-0"]


def test_parallel_pods_do_not_wait(rig: Rig) -> None:
    rig.apply(STATEFUL_SET.replace("serviceName: db", "serviceName: db\n  podManagementPolicy: Parallel"))
    rig.advance(0.1)
    assert len(rig.pods()) == 3


def test_an_update_goes_from_the_highest_number_down(rig: Rig) -> None:
    rig.apply(STATEFUL_SET)
    rig.advance(5)
    change_image(rig, "StatefulSet", "db", "postgres:2")
    seen: list[list[str]] = []
    for _ in range(60):
        rig.advance(0.1)
        updated = [name for name, image in images(rig).items() if image == "postgres:2"]
        if updated and updated not in seen:
            seen.append(updated)
        ready = rig.status("StatefulSet", "db").get("readyReplicas", 0)
        assert ready >= 2
    assert seen == [["db-2"], ["db-1", "db-2"], ["db-0", "db-1", "db-2"]]
    status = rig.status("StatefulSet", "db")
    assert status["currentRevision"] == status["updateRevision"]
    assert status["updatedReplicas"] == status["currentReplicas"] == 3


def test_a_partition_keeps_the_lower_numbers(rig: Rig) -> None:
    rig.apply(STATEFUL_SET)
    rig.patch("StatefulSet", "db", updateStrategy={"type": "RollingUpdate", "rollingUpdate": {"partition": 2}})
    rig.advance(5)
    change_image(rig, "StatefulSet", "db", "postgres:2")
    rig.advance(5)
    assert images(rig) == {"db-0": "postgres:1", "db-1": "postgres:1", "db-2": "postgres:2"}
    status = rig.status("StatefulSet", "db")
    assert (status["updatedReplicas"], status["currentReplicas"]) == (1, 2)
    assert status["currentRevision"] != status["updateRevision"]
    rig.delete("Pod", "db-0")
    rig.advance(5)
    assert images(rig)["db-0"] == "postgres:1"


def test_on_delete_waits_for_somebody_to_delete(rig: Rig) -> None:
    rig.apply(STATEFUL_SET)
    rig.patch("StatefulSet", "db", updateStrategy={"type": "OnDelete"})
    rig.advance(5)
    change_image(rig, "StatefulSet", "db", "postgres:2")
    rig.advance(5)
    assert set(images(rig).values()) == {"postgres:1"}
    rig.delete("Pod", "db-1")
    rig.advance(5)
    assert images(rig) == {"db-0": "postgres:1", "db-1": "postgres:2", "db-2": "postgres:1"}


def test_scaling_down_takes_the_highest_and_keeps_the_claims(rig: Rig) -> None:
    rig.apply(STATEFUL_SET)
    rig.advance(5)
    rig.patch("StatefulSet", "db", replicas=1)
    rig.advance(5)
    assert list(images(rig)) == ["db-0"]
    claims = {claim["metadata"]["name"]: claim["status"]["phase"] for claim in rig.all("PersistentVolumeClaim")}
    assert claims == {"data-db-0": "Bound", "data-db-1": "Bound", "data-db-2": "Bound"}
    volumes = rig.pods("db-0")[0]["spec"]["volumes"]
    assert volumes[0] == {"name": "data", "persistentVolumeClaim": {"claimName": "data-db-0"}}


def test_a_claim_gets_a_volume_that_goes_with_it(rig: Rig) -> None:
    rig.apply(STATEFUL_SET)
    rig.advance(5)
    assert len(rig.all("PersistentVolume", None)) == 3
    rig.delete("StatefulSet", "db")
    rig.advance(5)
    rig.delete("PersistentVolumeClaim", "data-db-0")
    rig.advance(5)
    assert len(rig.all("PersistentVolume", None)) == 2


def test_a_claim_of_an_unknown_class_waits(rig: Rig) -> None:
    rig.apply(
        "{apiVersion: v1, kind: PersistentVolumeClaim, metadata: {name: disk}, spec: {storageClassName: gold, "
        "accessModes: [ReadWriteOnce], resources: {requests: {storage: 1Gi}}}}"
    )
    rig.advance(5)
    assert rig.status("PersistentVolumeClaim", "disk")["phase"] == "Pending"
    assert rig.reasons("PersistentVolumeClaim") == ["ProvisioningFailed"]


def test_a_daemon_runs_on_every_node(rig: Rig) -> None:
    rig.apply(DAEMON_SET)
    rig.advance(5)
    assert {pod["spec"]["nodeName"] for pod in rig.pods("agent")} == {"node-0", "node-1", "node-2"}
    status = rig.status("DaemonSet", "agent")
    names = ("desiredNumberScheduled", "currentNumberScheduled", "numberReady", "numberAvailable")
    assert [status[name] for name in (*names, "updatedNumberScheduled")] == [3] * 5


def test_a_daemon_is_updated_one_node_at_a_time(rig: Rig) -> None:
    rig.apply(DAEMON_SET)
    rig.advance(5)
    change_image(rig, "DaemonSet", "agent", "agent:2")
    for _ in range(60):
        rig.advance(0.1)
        assert rig.status("DaemonSet", "agent")["numberAvailable"] >= 2
    assert {pod["spec"]["containers"][0]["image"] for pod in rig.pods("agent")} == {"agent:2"}


def test_a_bad_update_of_a_daemon_stops_after_one_node(rig: Rig) -> None:
    rig.apply(DAEMON_SET)
    rig.advance(5)
    change_image(rig, "DaemonSet", "agent", "nonexistent")
    rig.advance(60)
    assert rig.status("DaemonSet", "agent")["updatedNumberScheduled"] == 1
    change_image(rig, "DaemonSet", "agent", "agent:3")
    rig.advance(10)
    assert rig.status("DaemonSet", "agent")["numberAvailable"] == 3


@pytest.mark.parametrize("change", [{"unschedulable": True}, {"taints": [{"key": "a", "effect": "NoSchedule"}]}])
def test_a_daemon_follows_the_nodes(rig: Rig, change: dict[str, Any]) -> None:
    rig.apply(DAEMON_SET)
    rig.advance(5)
    rig.patch("Node", "node-1", **change)
    rig.advance(5)
    expected = 3 if "unschedulable" in change else 2
    assert rig.status("DaemonSet", "agent")["desiredNumberScheduled"] == expected
    assert len(rig.pods("agent")) == expected
