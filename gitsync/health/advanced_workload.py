"""apps.kruise.io StatefulSet and DaemonSet: workloads whose update somebody may hold at a partition.

The partition is how many pods keep the old version, as a number or a share of all, rounded up. An update that has
come that far and has pods left waits for a person, hence Suspended; without pods left it is through.
"""

from typing import Any

from gitsync.health.fields import MalformedField, count, flag, optional_count, section, text
from gitsync.health.report import healthy, progressing, suspended
from gitsync.manifest.object import JsonObject
from model.health import HealthReport


def assess_stateful_set(body: JsonObject) -> HealthReport:
    spec, status = section(body, "spec"), section(body, "status")
    replicas = optional_count(spec, "replicas")
    wanted = 1 if replicas is None else replicas
    ready, updated = count(status, "readyReplicas"), count(status, "updatedReplicas")
    return _assess(body, wanted=wanted, ready=ready, updated=updated)


def assess_daemon_set(body: JsonObject) -> HealthReport:
    status = section(body, "status")
    wanted, ready = count(status, "desiredNumberScheduled"), count(status, "numberAvailable")
    return _assess(body, wanted=wanted, ready=ready, updated=count(status, "updatedNumberScheduled"))


def _assess(body: JsonObject, *, wanted: int, ready: int, updated: int) -> HealthReport:
    strategy = section(section(body, "spec"), "updateStrategy")
    rolling = section(strategy, "rollingUpdate")
    if flag(rolling, "paused"):
        return suspended("The update is paused")
    observed = count(section(body, "status"), "observedGeneration")
    if observed == 0 or observed < count(section(body, "metadata"), "generation"):
        return progressing("Waiting for the controller to see the newest spec")
    if ready < wanted:
        return progressing(f"{ready} of {wanted} pods are ready")
    if text(strategy, "type") == "OnDelete" or updated >= wanted:
        return healthy()
    held = _pods(rolling.get("partition"), wanted)
    if updated < wanted - held:
        return progressing(f"{updated} of {wanted - held} pods are new")
    return suspended(f"{updated} of {wanted} pods are new; it waits until somebody lowers the partition")


def _pods(partition: Any, wanted: int) -> int:
    """How many pods a partition keeps."""
    if partition is None:
        return 0
    text_ = str(partition)
    share = text_.removesuffix("%")
    if isinstance(partition, bool) or not share.isdecimal():
        raise MalformedField(f"field partition should be a number or a share but is {text_[:40]!r}")
    pods = -(-wanted * int(share) // 100) if text_.endswith("%") else int(share)
    return min(pods, wanted)
