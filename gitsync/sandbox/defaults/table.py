"""Which function defaults which kind."""

from collections.abc import Callable, Mapping
from typing import Final

from gitsync.manifest.object import JsonObject
from gitsync.sandbox.defaults import others, pods, workloads

Default = Callable[[JsonObject], None]

DEFAULTS: Final[Mapping[tuple[str, str], Default]] = {
    ("", "Pod"): pods.default_pod,
    ("", "PodTemplate"): pods.default_template,
    ("", "ReplicationController"): workloads.default_replication_controller,
    ("", "Service"): others.default_service,
    ("", "Secret"): others.default_secret,
    ("", "Namespace"): others.default_namespace,
    ("", "PersistentVolumeClaim"): others.default_claim,
    ("", "PersistentVolume"): others.default_volume,
    ("", "Event"): others.default_event,
    ("", "Endpoints"): others.default_endpoints,
    ("apps", "Deployment"): workloads.default_deployment,
    ("apps", "ReplicaSet"): workloads.default_replica_set,
    ("apps", "StatefulSet"): workloads.default_stateful_set,
    ("apps", "DaemonSet"): workloads.default_daemon_set,
    ("batch", "Job"): workloads.default_job,
    ("batch", "CronJob"): workloads.default_cron_job,
    ("autoscaling", "HorizontalPodAutoscaler"): others.default_autoscaler,
    ("networking.k8s.io", "NetworkPolicy"): others.default_network_policy,
    ("discovery.k8s.io", "EndpointSlice"): others.default_endpoint_slice,
    ("rbac.authorization.k8s.io", "RoleBinding"): others.default_binding,
    ("rbac.authorization.k8s.io", "ClusterRoleBinding"): others.default_binding,
    ("scheduling.k8s.io", "PriorityClass"): others.default_priority_class,
    ("storage.k8s.io", "StorageClass"): others.default_storage_class,
    ("admissionregistration.k8s.io", "ValidatingWebhookConfiguration"): others.default_webhooks,
    ("admissionregistration.k8s.io", "MutatingWebhookConfiguration"): others.default_webhooks,
    ("apiextensions.k8s.io", "CustomResourceDefinition"): others.default_definition,
}


def apply_defaults(body: JsonObject, group: str, kind: str) -> None:
    """Fills the body in place."""
    default = DEFAULTS.get((group, kind))
    if default:
        default(body)
