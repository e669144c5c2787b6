"""Actions that make a new object from the one they are asked of: a run of something that is otherwise scheduled."""

from datetime import datetime

from gitsync.actions.parts import field, mapping
from gitsync.actions.values import Impact, Parameters, created
from gitsync.manifest.object import JsonObject

_LONGEST_NAME = 63


def job_of_cron_job(body: JsonObject, _: Parameters, now: datetime) -> tuple[Impact, ...]:
    """As `kubectl create job --from` makes it. Without `controller` in its owner, so that history limits spare it."""
    labels, annotations = (mapping(body, f"spec.jobTemplate.metadata.{name}") for name in ("labels", "annotations"))
    job = {
        "apiVersion": "batch/v1",
        "kind": "Job",
        "metadata": {
            **_named_after(body, now),
            "labels": labels,
            "annotations": {**annotations, "cronjob.kubernetes.io/instantiate": "manual"},
            "ownerReferences": [_owner(body)],
        },
        "spec": mapping(body, "spec.jobTemplate.spec"),
    }
    return created(job)


def workflow_of_cron_workflow(body: JsonObject, _: Parameters, now: datetime) -> tuple[Impact, ...]:
    labels = {
        **mapping(body, "spec.workflowMetadata.labels"),
        "workflows.argoproj.io/cron-workflow": field(body, "metadata.name"),
    }
    workflow = {
        "apiVersion": "argoproj.io/v1alpha1",
        "kind": "Workflow",
        "metadata": {
            **_named_after(body, now),
            "labels": labels,
            "annotations": mapping(body, "spec.workflowMetadata.annotations"),
            "ownerReferences": [_owner(body)],
        },
        "spec": mapping(body, "spec.workflowSpec"),
    }
    return created(workflow)


def workflow_of_template(body: JsonObject, _: Parameters, now: datetime) -> tuple[Impact, ...]:
    reference = {"name": field(body, "metadata.name")}
    if body.get("kind") == "ClusterWorkflowTemplate":
        reference["clusterScope"] = True
    workflow = {
        "apiVersion": "argoproj.io/v1alpha1",
        "kind": "Workflow",
        "metadata": {
            **_named_after(body, now),
            "labels": {"workflows.argoproj.io/workflow-template": field(body, "metadata.name")},
            "ownerReferences": [_owner(body)],
        },
        "spec": {"workflowTemplateRef": reference},
    }
    return created(workflow)


def backup_of_cnpg_schedule(body: JsonObject, _: Parameters, now: datetime) -> tuple[Impact, ...]:
    """A Backup with the method of the schedule."""
    kept = ("cluster", "method", "online", "onlineConfiguration", "pluginConfiguration", "target")
    spec = mapping(body, "spec")
    backup = {
        "apiVersion": body.get("apiVersion"),
        "kind": "Backup",
        "metadata": {**_named_after(body, now), "labels": {"cnpg.io/scheduled-backup": field(body, "metadata.name")}},
        "spec": {name: spec[name] for name in kept if name in spec},
    }
    return created(backup)


def backup_of_velero_schedule(body: JsonObject, _: Parameters, now: datetime) -> tuple[Impact, ...]:
    labels = {**mapping(body, "metadata.labels"), "velero.io/schedule-name": field(body, "metadata.name")}
    backup = {
        "apiVersion": "velero.io/v1",
        "kind": "Backup",
        "metadata": {**_named_after(body, now), "labels": labels},
        "spec": mapping(body, "spec.template"),
    }
    return created(backup)


def _named_after(body: JsonObject, now: datetime) -> JsonObject:
    """A name that says when; cut so that it still fits into the labels that controllers make of it."""
    suffix = f"-{int(now.timestamp())}"
    name = str(field(body, "metadata.name") or "run")[: _LONGEST_NAME - len(suffix)].rstrip("-.")
    namespace = field(body, "metadata.namespace")
    return {"name": f"{name}{suffix}", **({"namespace": namespace} if namespace else {})}


def _owner(body: JsonObject) -> JsonObject:
    return {
        "apiVersion": body.get("apiVersion"),
        "kind": body.get("kind"),
        "name": field(body, "metadata.name"),
        "uid": field(body, "metadata.uid") or "",
    }
