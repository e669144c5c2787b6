"""Health of one object: deletion first, then the rule of its kind (code, else data), then the conventions of custom
resources."""

from collections.abc import Callable
from functools import lru_cache

from gitsync.health import (
    advanced_workload,
    api_service,
    cron_job,
    custom_resource,
    custom_resource_definition,
    daemon_set,
    deployment,
    horizontal_pod_autoscaler,
    ingress,
    job,
    persistent_volume_claim,
    pod,
    pod_disruption_budget,
    replica_set,
    rollout,
    service,
    stateful_set,
)
from gitsync.health.declared import declared_rule
from gitsync.health.fields import MalformedField
from gitsync.health.report import progressing, unknown
from gitsync.manifest.object import JsonObject
from model.health import HealthReport

Rule = Callable[[JsonObject], HealthReport | None]

HOOK_FINALIZER = "argocd.argoproj.io/hook-finalizer"


def _no_health(_: JsonObject) -> None:
    """Argo CD gives an Application no health of its own; whoever wants child applications in waves configures it."""


RULES: dict[tuple[str, str], Rule] = {
    ("apps", "Deployment"): deployment.assess,
    ("apps", "ReplicaSet"): replica_set.assess,
    ("apps", "StatefulSet"): stateful_set.assess,
    ("apps", "DaemonSet"): daemon_set.assess,
    ("", "Pod"): pod.assess,
    ("", "Service"): service.assess,
    ("", "PersistentVolumeClaim"): persistent_volume_claim.assess,
    ("batch", "Job"): job.assess,
    ("batch", "CronJob"): cron_job.assess,
    ("autoscaling", "HorizontalPodAutoscaler"): horizontal_pod_autoscaler.assess,
    ("networking.k8s.io", "Ingress"): ingress.assess,
    ("extensions", "Ingress"): ingress.assess,
    ("policy", "PodDisruptionBudget"): pod_disruption_budget.assess,
    ("apiregistration.k8s.io", "APIService"): api_service.assess,
    ("apiextensions.k8s.io", "CustomResourceDefinition"): custom_resource_definition.assess,
    ("argoproj.io", "Application"): _no_health,
    ("argoproj.io", "Rollout"): rollout.assess,
    ("apps.kruise.io", "StatefulSet"): advanced_workload.assess_stateful_set,
    ("apps.kruise.io", "DaemonSet"): advanced_workload.assess_daemon_set,
}

# Versions that a typed rule understands. An older one has other fields, so nothing can be said about it.
_ONLY_VERSION = {
    ("apps", "Deployment"): "apps/v1",
    ("apps", "ReplicaSet"): "apps/v1",
    ("apps", "StatefulSet"): "apps/v1",
    ("apps", "DaemonSet"): "apps/v1",
    ("batch", "Job"): "batch/v1",
}

_AFTER_WILDCARDS = {
    *(("apps", kind) for kind in ("Deployment", "ReplicaSet", "StatefulSet", "DaemonSet")),
    *(("", kind) for kind in ("Pod", "Service", "PersistentVolumeClaim")),
    *((group, "Ingress") for group in ("networking.k8s.io", "extensions")),
    ("batch", "Job"),
    ("autoscaling", "HorizontalPodAutoscaler"),
    ("apiregistration.k8s.io", "APIService"),
    ("argoproj.io", "Workflow"),
    ("argoproj.io", "Application"),
}

# Groups that Kubernetes itself serves: their kinds do not follow the conventions of custom resources.
_BUILT_IN_GROUPS = frozenset(
    {
        "",
        "apps",
        "autoscaling",
        "batch",
        "events.k8s.io",
        "extensions",
        "policy",
        "admissionregistration.k8s.io",
        "apiextensions.k8s.io",
        "apiregistration.k8s.io",
        "authentication.k8s.io",
        "authorization.k8s.io",
        "certificates.k8s.io",
        "coordination.k8s.io",
        "discovery.k8s.io",
        "flowcontrol.apiserver.k8s.io",
        "internal.apiserver.k8s.io",
        "networking.k8s.io",
        "node.k8s.io",
        "rbac.authorization.k8s.io",
        "resource.k8s.io",
        "scheduling.k8s.io",
        "storage.k8s.io",
        "storagemigration.k8s.io",
    }
)


def assess_health(body: JsonObject) -> HealthReport | None:
    """Health of a live object; None where no rule says anything. Never raises on what the object holds."""
    return pending_deletion(body) or assess_by_kind(body)


def pending_deletion(body: JsonObject) -> HealthReport | None:
    """An object on its way out is Progressing, whatever its kind, save a hook that waits for us."""
    metadata = body.get("metadata")
    if not isinstance(metadata, dict) or metadata.get("deletionTimestamp") is None:
        return None
    return None if HOOK_FINALIZER in (metadata.get("finalizers") or ()) else progressing("Pending deletion")


def assess_by_kind(body: JsonObject) -> HealthReport | None:
    """What the rule of the kind says; None where there is none."""
    api_version, kind = str(body.get("apiVersion") or ""), str(body.get("kind") or "")
    group = api_version.rpartition("/")[0]
    only_version = _ONLY_VERSION.get((group, kind), api_version)
    if only_version != api_version:
        return unknown(f"{api_version} {kind} is too old to be judged; use {only_version}")
    rule = _rule_of(group, kind)
    if rule is None:
        return None
    try:
        return rule(body)
    except MalformedField as error:
        return unknown(error.message)


def is_overridden_last(group: str, kind: str) -> bool:
    """Whether the kind has a rule that only a script for exactly this kind comes before, and no wildcard.

    Those are the rules that Argo CD has as scripts itself; its checks of Kubernetes' own kinds come after wildcards.
    """
    return (group, kind) not in _AFTER_WILDCARDS and _rule_of(group, kind) not in (None, custom_resource.assess)


@lru_cache(maxsize=4096)
def _rule_of(group: str, kind: str) -> Rule | None:
    rule = RULES.get((group, kind))
    if rule is None and group not in _BUILT_IN_GROUPS:
        rule = declared_rule(group, kind) or custom_resource.assess
    return rule
