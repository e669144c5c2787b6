"""The controller of Rollouts for a cluster that a runtime deploys to, as files of the shared configuration. Pure.

`runtimes/<runtime>/<cluster>.yaml` is the Application of the cluster, and `resources/clusters/<runtime>/<cluster>/` has
what it gets. Everything stands in Git in full: nothing is fetched from elsewhere, and the image is the runtime's own.
The definitions are no part of it: the controller makes those that are missing; one in Git could downgrade another's.
"""

import hashlib
import re
from collections.abc import Callable
from dataclasses import dataclass

from gitsync.changes.errors import BadInput
from gitsync.changes.shared_configuration import RESOURCES, RUNTIMES, SharedConfiguration
from gitsync.git.change import Contents, checked_path
from gitsync.git.tree import Files, find
from gitsync.manifest.object import JsonObject
from gitsync.manifest.yaml_text import yaml_text

NAME = "argosy-rollouts"
CLUSTERS = "clusters"
_FILE = "rollouts.yaml"
_PORT = 8080
_USER = 10001
_MOST_CHARACTERS = 40
_UNFIT = re.compile(r"[^a-z0-9]+")
_ALL = ["*"]
_OWN_KINDS = [
    f"{plural}{part}"
    for plural in ("rollouts", "analysisruns", "analysistemplates", "clusteranalysistemplates", "experiments")
    for part in ("", "/status", "/finalizers")
]
_READ = ["get", "list", "watch"]
_CHANGE = ["create", "update", "patch", "delete"]


@dataclass(frozen=True, slots=True)
class RolloutsController:
    """`cluster` and `server` are what the runtime calls the cluster; `version` is Argosy's."""

    cluster: str
    server: str
    image: str
    version: str


def file_name_of(cluster: str) -> str:
    """The name of a cluster as it stands in paths and names of objects: another one for each."""
    plain = _UNFIT.sub("-", cluster.lower()).strip("-")[:_MOST_CHARACTERS].rstrip("-")
    if plain == cluster:
        return plain
    return f"{plain}-{hashlib.blake2b(cluster.encode(), digest_size=4).hexdigest()}".lstrip("-")


def controller_installation(
    wanted: RolloutsController, configuration: SharedConfiguration
) -> Callable[[Files], Contents]:
    """An Application of the cluster that is there already stays as it is. The edit raises BadInput where the controller
    is in Git already."""
    name = file_name_of(wanted.cluster)
    folder = f"{CLUSTERS}/{configuration.runtime}/{name}"
    path = checked_path(f"{RESOURCES}/{folder}/{_FILE}")
    application = checked_path(f"{RUNTIMES}/{configuration.runtime}/{name}.yaml")
    manifests = "---\n".join(yaml_text(body) for body in controller_objects(wanted))

    def edit(files: Files) -> Contents:
        if find(files, path).entry is not None:
            raise BadInput(
                f"{path} is there already: the controller of Rollouts is being installed in {wanted.cluster}",
                field="cluster",
                suggestion=f"Look at the application cluster-{name} to see how far it is.",
            )
        contents: dict[str, bytes | None] = {path: manifests.encode()}
        if find(files, application).entry is None:
            body = configuration.of_cluster(f"cluster-{name}", wanted.server, f"{folder}/*")
            contents[application] = yaml_text(body).encode()
        return contents

    return edit


def controller_objects(wanted: RolloutsController) -> tuple[JsonObject, ...]:
    """In the order in which they are applied."""
    rbac = "rbac.authorization.k8s.io"
    role = {"apiGroup": rbac, "kind": "ClusterRole", "name": NAME}
    subject = {"kind": "ServiceAccount", "name": NAME, "namespace": NAME}
    return (
        _object(wanted, "v1", "Namespace", "", {}),
        _object(wanted, "v1", "ServiceAccount", NAME, {}),
        _object(wanted, f"{rbac}/v1", "ClusterRole", "", {"rules": _rules()}),
        _object(wanted, f"{rbac}/v1", "ClusterRoleBinding", "", {"roleRef": role, "subjects": [subject]}),
        _object(wanted, "apps/v1", "Deployment", NAME, {"spec": _deployment(wanted)}),
    )


def _object(wanted: RolloutsController, api_version: str, kind: str, namespace: str, rest: JsonObject) -> JsonObject:
    place = {"namespace": namespace} if namespace else {}
    metadata = {"name": NAME, **place, "labels": {**_selector(), "app.kubernetes.io/version": wanted.version}}
    return {"apiVersion": api_version, "kind": kind, "metadata": metadata, **rest}


def _selector() -> dict[str, str]:
    return {"app.kubernetes.io/name": NAME, "app.kubernetes.io/part-of": "argosy"}


def _rules() -> list[JsonObject]:
    """What stepping a Rollout, switching its traffic and measuring it takes, in every namespace."""
    return [
        _rule(["argoproj.io"], _OWN_KINDS, [*_READ, *_CHANGE]),
        _rule(["apiextensions.k8s.io"], ["customresourcedefinitions"], ["get", "list", "watch", "create"]),
        _rule(["apps"], ["replicasets"], [*_READ, *_CHANGE]),
        _rule(
            ["apps"], ["deployments", "deployments/scale", "statefulsets", "daemonsets"], [*_READ, "update", "patch"]
        ),
        _rule([""], ["podtemplates", "replicationcontrollers", "endpoints", "nodes"], _READ),
        _rule([""], ["services"], [*_READ, *_CHANGE]),
        _rule([""], ["pods"], [*_READ, "update", "patch"]),
        _rule([""], ["pods/eviction"], ["create"]),
        _rule([""], ["namespaces"], _READ),
        _rule([""], ["secrets", "configmaps"], [*_READ, "create", "update", "patch"]),
        _rule(["", "events.k8s.io"], ["events"], [*_READ, "create", "update", "patch"]),
        _rule(["coordination.k8s.io"], ["leases"], [*_READ, "create", "update", "patch"]),
        _rule(["batch"], ["jobs"], [*_READ, *_CHANGE]),
        _rule(["discovery.k8s.io"], ["endpointslices"], _READ),
        _rule(_ROUTERS, _ALL, [*_READ, *_CHANGE]),
    ]


_ROUTERS = [
    "networking.k8s.io",
    "gateway.networking.k8s.io",
    "networking.istio.io",
    "split.smi-spec.io",
    "traefik.io",
    "traefik.containo.us",
    "apisix.apache.org",
    "getambassador.io",
    "x.getambassador.io",
    "appmesh.k8s.aws",
    "elbv2.k8s.aws",
]


def _rule(groups: list[str], resources: list[str], verbs: list[str]) -> JsonObject:
    return {"apiGroups": groups, "resources": resources, "verbs": verbs}


def _deployment(wanted: RolloutsController) -> JsonObject:
    return {
        "replicas": 1,
        "strategy": {"type": "Recreate"},
        "selector": {"matchLabels": _selector()},
        "template": {"metadata": {"labels": _selector()}, "spec": _pod(wanted)},
    }


def _pod(wanted: RolloutsController) -> JsonObject:
    return {
        "serviceAccountName": NAME,
        "enableServiceLinks": False,
        "securityContext": {
            "runAsNonRoot": True,
            "runAsUser": _USER,
            "runAsGroup": _USER,
            "fsGroup": _USER,
            "seccompProfile": {"type": "RuntimeDefault"},
        },
        "containers": [_container(wanted)],
        "volumes": [{"name": "data", "emptyDir": {}}, {"name": "tmp", "emptyDir": {}}],
    }


def _container(wanted: RolloutsController) -> JsonObject:
    return {
        "name": "controller",
        "image": wanted.image,
        "imagePullPolicy": "IfNotPresent",
        "args": [
            "runtime",
            "--controllers=rollouts",
            f"--name={NAME}",
            f"--namespace={NAME}",
            "--data-dir=/data",
            "--metrics-host=0.0.0.0",
            f"--metrics-port={_PORT}",
        ],
        "env": [{"name": "TMPDIR", "value": "/tmp"}],  # noqa: S108 - a volume of the pod's own
        "ports": [{"name": "metrics", "containerPort": _PORT}],
        "livenessProbe": _probe("/healthz", period_seconds=20),
        "readinessProbe": _probe("/readyz", period_seconds=10),
        "resources": {"requests": {"cpu": "100m", "memory": "192Mi"}, "limits": {"memory": "1Gi"}},
        "securityContext": {
            "allowPrivilegeEscalation": False,
            "readOnlyRootFilesystem": True,
            "capabilities": {"drop": ["ALL"]},
        },
        "volumeMounts": [
            {"name": "data", "mountPath": "/data"},
            {"name": "tmp", "mountPath": "/tmp"},  # noqa: S108 - a volume of the pod's own
        ],
    }


def _probe(path: str, *, period_seconds: int) -> JsonObject:
    check = {"path": path, "port": "metrics"}
    return {"httpGet": check, "periodSeconds": period_seconds, "timeoutSeconds": 5, "failureThreshold": 3}
