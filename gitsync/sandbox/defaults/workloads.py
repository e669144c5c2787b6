"""Defaults of Deployments and the other kinds that make pods."""

from gitsync.manifest.object import JsonObject
from gitsync.sandbox.defaults.pods import default_template, fill

TEMPLATE_GENERATION = "deprecated.daemonset.template.generation"
_MAX_INT32 = 2147483647


def default_deployment(body: JsonObject) -> None:
    spec = body.setdefault("spec", {})
    default_template(spec)
    fill(spec, {"replicas": 1, "revisionHistoryLimit": 10, "progressDeadlineSeconds": 600})
    strategy = spec.setdefault("strategy", {})
    strategy.setdefault("type", "RollingUpdate")
    if strategy["type"] == "RollingUpdate":
        fill(strategy.setdefault("rollingUpdate", {}), {"maxUnavailable": "25%", "maxSurge": "25%"})


def default_replica_set(body: JsonObject) -> None:
    spec = body.setdefault("spec", {})
    default_template(spec)
    spec.setdefault("replicas", 1)


def default_replication_controller(body: JsonObject) -> None:
    default_replica_set(body)
    labels = (body["spec"].get("template") or {}).get("metadata", {}).get("labels")
    if labels:
        body["spec"].setdefault("selector", labels)
        body["metadata"].setdefault("labels", labels)


def default_stateful_set(body: JsonObject) -> None:
    spec = body.setdefault("spec", {})
    default_template(spec)
    fill(spec, {"podManagementPolicy": "OrderedReady", "replicas": 1, "revisionHistoryLimit": 10})
    strategy = spec.setdefault("updateStrategy", {})
    strategy.setdefault("type", "RollingUpdate")
    if strategy["type"] == "RollingUpdate":
        strategy.setdefault("rollingUpdate", {}).setdefault("partition", 0)
    retention = spec.setdefault("persistentVolumeClaimRetentionPolicy", {})
    fill(retention, {"whenDeleted": "Retain", "whenScaled": "Retain"})
    for claim in spec.get("volumeClaimTemplates", ()):
        fill(claim, {"kind": "PersistentVolumeClaim", "apiVersion": "v1"})
        claim.setdefault("spec", {}).setdefault("volumeMode", "Filesystem")
        claim["status"] = {"phase": "Pending"}


def default_daemon_set(body: JsonObject) -> None:
    body["metadata"].setdefault("annotations", {}).setdefault(TEMPLATE_GENERATION, "1")
    spec = body.setdefault("spec", {})
    default_template(spec)
    spec.setdefault("revisionHistoryLimit", 10)
    strategy = spec.setdefault("updateStrategy", {})
    strategy.setdefault("type", "RollingUpdate")
    if strategy["type"] == "RollingUpdate":
        fill(strategy.setdefault("rollingUpdate", {}), {"maxUnavailable": 1, "maxSurge": 0})


def default_job(body: JsonObject) -> None:
    spec = body.setdefault("spec", {})
    default_template(spec)
    if "completions" not in spec and "parallelism" not in spec:
        spec["completions"] = 1
    fill(spec, {"parallelism": 1, "completionMode": "NonIndexed", "suspend": False, "manualSelector": False})
    spec.setdefault("backoffLimit", _MAX_INT32 if "backoffLimitPerIndex" in spec else 6)
    spec.setdefault("podReplacementPolicy", "Failed" if "podFailurePolicy" in spec else "TerminatingOrFailed")
    labels = (spec.get("template") or {}).get("metadata", {}).get("labels")
    if labels:
        body["metadata"].setdefault("labels", dict(labels))


def default_cron_job(body: JsonObject) -> None:
    spec = body.setdefault("spec", {})
    limits = {"successfulJobsHistoryLimit": 3, "failedJobsHistoryLimit": 1}
    fill(spec, {"concurrencyPolicy": "Allow", "suspend": False} | limits)
    default_template(spec.setdefault("jobTemplate", {}).setdefault("spec", {}))


def admit_job(body: JsonObject) -> None:
    """The selector and labels that tie pods to this very Job."""
    metadata, spec = body["metadata"], body["spec"]
    if spec.get("manualSelector"):
        return
    names = {"controller-uid": metadata["uid"], "job-name": metadata["name"]}
    marks = names | {f"batch.kubernetes.io/{key}": value for key, value in names.items()}
    template = spec.setdefault("template", {})
    template_metadata = template.setdefault("metadata", {})
    labels = template_metadata.get("labels", {})
    if labels and metadata.get("labels") == labels:  # a Job without labels of its own takes those of its pods
        metadata["labels"] = labels | marks
    template_metadata["labels"] = labels | marks
    key = "batch.kubernetes.io/controller-uid"
    spec.setdefault("selector", {"matchLabels": {key: marks[key]}})
