"""The objects of one hybrid runtime, in the order in which they are applied."""

from dataclasses import dataclass, field
from typing import Any

NAME = "argosy-runtime"
TOKEN_SECRET = "argosy-runtime-token"  # noqa: S105 - the name of a Secret, not a secret
_TOKEN_KEY = "token"  # noqa: S105 - the key in the Secret
_TOKEN_FOLDER = "/etc/argosy/link"  # noqa: S105 - where the Secret is mounted
_PORT = 8080
_USER = 10001

Object = dict[str, Any]


@dataclass(frozen=True, slots=True)
class RuntimeInstallation:
    """What is installed and where. `token` None: the Secret is there already, or made by somebody else.

    `engine` is auto, argosy or argo-cd, as the runtime process knows it.
    """

    name: str
    link_url: str
    image: str
    version: str
    namespace: str = "argosy"
    token: str | None = field(default=None, repr=False)
    config_repo: str = ""
    engine: str = "auto"
    network_policy: bool = False


def runtime_objects(wanted: RuntimeInstallation) -> tuple[Object, ...]:
    """Without the namespace, which may exist with labels of its own; see `namespace_object`."""
    objects = [_service_account(wanted), _cluster_role(wanted), _cluster_role_binding(wanted)]
    if wanted.token is not None:
        objects.append(_token_secret(wanted, wanted.token))
    objects.append(_deployment(wanted))
    if wanted.network_policy:
        objects.append(_network_policy(wanted))
    return tuple(objects)


def namespace_object(wanted: RuntimeInstallation) -> Object:
    return {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": wanted.namespace}}


def _service_account(wanted: RuntimeInstallation) -> Object:
    return {"apiVersion": "v1", "kind": "ServiceAccount", "metadata": _metadata(wanted)}


def _cluster_role(wanted: RuntimeInstallation) -> Object:
    # Applications may consist of any kind in any namespace, so the engine needs what its applications need: everything.
    rules = [
        {"apiGroups": ["*"], "resources": ["*"], "verbs": ["*"]},
        {"nonResourceURLs": ["*"], "verbs": ["*"]},
    ]
    metadata = _cluster_metadata(wanted)
    return {"apiVersion": "rbac.authorization.k8s.io/v1", "kind": "ClusterRole", "metadata": metadata, "rules": rules}


def _cluster_role_binding(wanted: RuntimeInstallation) -> Object:
    name = _cluster_name(wanted)
    return {
        "apiVersion": "rbac.authorization.k8s.io/v1",
        "kind": "ClusterRoleBinding",
        "metadata": _cluster_metadata(wanted),
        "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": name},
        "subjects": [{"kind": "ServiceAccount", "name": NAME, "namespace": wanted.namespace}],
    }


def _token_secret(wanted: RuntimeInstallation, token: str) -> Object:
    metadata = {**_metadata(wanted), "name": TOKEN_SECRET}
    secret = {"apiVersion": "v1", "kind": "Secret", "metadata": metadata, "type": "Opaque"}
    return {**secret, "stringData": {_TOKEN_KEY: token}}


def _deployment(wanted: RuntimeInstallation) -> Object:
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": _metadata(wanted),
        "spec": {
            "replicas": 1,
            "strategy": {"type": "Recreate"},  # two engines at once would fight over every Application
            "selector": {"matchLabels": _selector(wanted)},
            "template": {"metadata": {"labels": _labels(wanted)}, "spec": _pod(wanted)},
        },
    }


def _pod(wanted: RuntimeInstallation) -> Object:
    return {
        "serviceAccountName": NAME,
        "enableServiceLinks": False,  # a Service called argosy would be told as ARGOSY_PORT, a setting of ours
        "terminationGracePeriodSeconds": 30,
        "securityContext": {
            "runAsNonRoot": True,
            "runAsUser": _USER,
            "runAsGroup": _USER,
            "fsGroup": _USER,
            "seccompProfile": {"type": "RuntimeDefault"},
        },
        "containers": [_container(wanted)],
        "volumes": [
            {"name": "link", "secret": {"secretName": TOKEN_SECRET, "defaultMode": 0o440}},
            {"name": "data", "emptyDir": {}},  # caches only: losing them costs a fetch
            {"name": "tmp", "emptyDir": {}},
        ],
    }


def _container(wanted: RuntimeInstallation) -> Object:
    return {
        "name": "runtime",
        "image": wanted.image,
        "imagePullPolicy": "IfNotPresent",
        "args": _arguments(wanted),
        "env": [{"name": "TMPDIR", "value": "/tmp"}],  # noqa: S108 - a volume of the pod's own
        "ports": [{"name": "metrics", "containerPort": _PORT}],
        "livenessProbe": _probe("/healthz", period_seconds=20, failures=3),
        "readinessProbe": _probe("/readyz", period_seconds=10, failures=3),
        "resources": {"requests": {"cpu": "250m", "memory": "512Mi"}, "limits": {"memory": "2Gi"}},
        "securityContext": {
            "allowPrivilegeEscalation": False,
            "readOnlyRootFilesystem": True,
            "capabilities": {"drop": ["ALL"]},
        },
        "volumeMounts": [
            {"name": "link", "mountPath": _TOKEN_FOLDER, "readOnly": True},
            {"name": "data", "mountPath": "/data"},
            {"name": "tmp", "mountPath": "/tmp"},  # noqa: S108 - a volume of the pod's own
        ],
    }


def _arguments(wanted: RuntimeInstallation) -> list[str]:
    arguments = [
        "runtime",
        f"--name={wanted.name}",
        f"--namespace={wanted.namespace}",
        f"--link={wanted.link_url}",
        f"--token-file={_TOKEN_FOLDER}/{_TOKEN_KEY}",
        f"--engine={wanted.engine}",
        "--data-dir=/data",
        "--metrics-host=0.0.0.0",
        f"--metrics-port={_PORT}",
    ]
    return [*arguments, f"--config-repo={wanted.config_repo}"] if wanted.config_repo else arguments


def _probe(path: str, *, period_seconds: int, failures: int) -> Object:
    check = {"path": path, "port": "metrics"}
    return {"httpGet": check, "periodSeconds": period_seconds, "timeoutSeconds": 5, "failureThreshold": failures}


def _network_policy(wanted: RuntimeInstallation) -> Object:
    """Nothing comes in but scrapes and probes; the runtime itself dials control plane, clusters and Git hosts."""
    return {
        "apiVersion": "networking.k8s.io/v1",
        "kind": "NetworkPolicy",
        "metadata": _metadata(wanted),
        "spec": {
            "podSelector": {"matchLabels": _selector(wanted)},
            "policyTypes": ["Ingress", "Egress"],
            "ingress": [{"ports": [{"port": "metrics", "protocol": "TCP"}]}],
            "egress": [{}],
        },
    }


def _metadata(wanted: RuntimeInstallation) -> Object:
    return {"name": NAME, "namespace": wanted.namespace, "labels": _labels(wanted)}


def _cluster_metadata(wanted: RuntimeInstallation) -> Object:
    return {"name": _cluster_name(wanted), "labels": _labels(wanted)}


def _cluster_name(wanted: RuntimeInstallation) -> str:
    return f"{NAME}-{wanted.namespace}"


def _selector(wanted: RuntimeInstallation) -> dict[str, str]:
    return {"app.kubernetes.io/name": NAME, "app.kubernetes.io/instance": wanted.name}


def _labels(wanted: RuntimeInstallation) -> dict[str, str]:
    return {
        **_selector(wanted),
        "app.kubernetes.io/version": wanted.version,
        "app.kubernetes.io/part-of": "argosy",
    }
