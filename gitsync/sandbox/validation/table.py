"""Which rules hold for which kind."""

from collections.abc import Callable, Iterator, Mapping
from typing import Final

from gitsync.manifest.object import JsonObject
from gitsync.sandbox.registry import ResourceType
from gitsync.sandbox.validation import others, pods
from gitsync.sandbox.validation.declared import custom_problems
from gitsync.sandbox.validation.names import finalizer_problems, metadata_problems, name_problems
from gitsync.sandbox.validation.problem import Problem, invalid, refuse

Rules = Callable[[JsonObject], Iterator[Problem]]
UpdateRules = Callable[[JsonObject, JsonObject], Iterator[Problem]]

_CORE: Final = ""
_RBAC: Final = "rbac.authorization.k8s.io"
_DEFINITION: Final = ("apiextensions.k8s.io", "CustomResourceDefinition")

RULES: Final[Mapping[tuple[str, str], Rules]] = {
    (_CORE, "Pod"): pods.pod_problems,
    (_CORE, "Service"): others.service_problems,
    (_CORE, "ConfigMap"): others.config_map_problems,
    (_CORE, "Secret"): others.secret_problems,
    (_CORE, "PersistentVolumeClaim"): others.claim_problems,
    ("apps", "Deployment"): pods.deployment_problems,
    ("apps", "ReplicaSet"): pods.replica_set_problems,
    ("apps", "StatefulSet"): pods.stateful_set_problems,
    ("apps", "DaemonSet"): pods.daemon_set_problems,
    ("batch", "Job"): pods.job_problems,
    ("batch", "CronJob"): pods.cron_job_problems,
    ("networking.k8s.io", "Ingress"): others.ingress_problems,
    ("policy", "PodDisruptionBudget"): others.budget_problems,
    ("autoscaling", "HorizontalPodAutoscaler"): others.autoscaler_problems,
    _DEFINITION: others.definition_problems,
}

UPDATE_RULES: Final[Mapping[tuple[str, str], UpdateRules]] = {
    (_CORE, "Pod"): pods.pod_update_problems,
    (_CORE, "Service"): others.service_update_problems,
    (_CORE, "ConfigMap"): others.immutable_data_problems,
    (_CORE, "Secret"): others.immutable_data_problems,
    (_CORE, "PersistentVolumeClaim"): others.claim_update_problems,
    ("apps", "Deployment"): pods.selector_is_fixed,
    ("apps", "ReplicaSet"): pods.selector_is_fixed,
    ("apps", "DaemonSet"): pods.selector_is_fixed,
    ("apps", "StatefulSet"): pods.stateful_set_update_problems,
    ("batch", "Job"): pods.job_update_problems,
    (_RBAC, "RoleBinding"): others.role_ref_problems,
    (_RBAC, "ClusterRoleBinding"): others.role_ref_problems,
    _DEFINITION: others.definition_update_problems,
}


def validate_create(type_: ResourceType, body: JsonObject) -> None:
    """Raises InvalidError naming every broken rule."""
    refuse(type_, body, [*name_problems(type_, body), *_problems(type_, body)])


def validate_update(type_: ResourceType, live: JsonObject, new: JsonObject, subresource: str = "") -> None:
    """Raises InvalidError naming every broken rule, those about change included."""
    problems = [*finalizer_problems(live, new), *_problems(type_, new)]
    rules = UPDATE_RULES.get((type_.group, type_.kind))
    if rules and not subresource:
        problems += rules(live, new)
    refuse(type_, new, problems)


def _problems(type_: ResourceType, body: JsonObject) -> Iterator[Problem]:
    yield from metadata_problems(body["metadata"])
    if type_.is_custom:
        yield from custom_problems(body, type_.node, "")
        return
    rules = RULES.get((type_.group, type_.kind))
    if rules:
        yield from rules(body)


def require_revision(type_: ResourceType, body: JsonObject) -> None:
    """Custom resources are only replaced by who says what he saw."""
    if type_.is_custom and not body["metadata"].get("resourceVersion"):
        problem = invalid("metadata.resourceVersion", 0, "must be specified for an update")
        refuse(type_, body, [problem], by_kind=False)
