"""A small Kubernetes client for contract tests: says what is sent, gives back what came."""

import json
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import httpx

Json = dict[str, Any]
APPLY = "application/apply-patch+yaml"
MERGE = "application/merge-patch+json"
STRATEGIC = "application/strategic-merge-patch+json"
JSON_PATCH = "application/json-patch+json"
TABLE = "application/json;as=Table;v=v1;g=meta.k8s.io"
METADATA = "application/json;as=PartialObjectMetadata;v=v1;g=meta.k8s.io"

_PLACES = {
    "ConfigMap": ("api/v1", "configmaps"),
    "Secret": ("api/v1", "secrets"),
    "Service": ("api/v1", "services"),
    "ServiceAccount": ("api/v1", "serviceaccounts"),
    "Pod": ("api/v1", "pods"),
    "PersistentVolumeClaim": ("api/v1", "persistentvolumeclaims"),
    "Deployment": ("apis/apps/v1", "deployments"),
    "StatefulSet": ("apis/apps/v1", "statefulsets"),
    "DaemonSet": ("apis/apps/v1", "daemonsets"),
    "ReplicaSet": ("apis/apps/v1", "replicasets"),
    "Job": ("apis/batch/v1", "jobs"),
    "CronJob": ("apis/batch/v1", "cronjobs"),
    "Ingress": ("apis/networking.k8s.io/v1", "ingresses"),
    "NetworkPolicy": ("apis/networking.k8s.io/v1", "networkpolicies"),
    "HorizontalPodAutoscaler": ("apis/autoscaling/v2", "horizontalpodautoscalers"),
    "PodDisruptionBudget": ("apis/policy/v1", "poddisruptionbudgets"),
    "Role": ("apis/rbac.authorization.k8s.io/v1", "roles"),
    "RoleBinding": ("apis/rbac.authorization.k8s.io/v1", "rolebindings"),
    "Lease": ("apis/coordination.k8s.io/v1", "leases"),
    "Event": ("api/v1", "events"),
    "Widget": ("apis/contract.example.com/v1", "widgets"),
}


@dataclass(frozen=True, slots=True)
class Answer:
    """Status code, body and warnings."""

    code: int
    body: Any
    warnings: tuple[str, ...]

    @property
    def causes(self) -> list[tuple[str, str]]:
        """`(field, reason)` of a refusal."""
        found = (self.body.get("details") or {}).get("causes") or []
        return [(cause.get("field", ""), cause["reason"]) for cause in found]


class KubernetesClient:
    """Requests to one server, in one namespace unless a path says otherwise."""

    def __init__(self, url: str, token: str, authority: str, namespace: str) -> None:
        headers = {"Authorization": f"Bearer {token}", "User-Agent": "contract/1.0"}
        tls = ssl.create_default_context(cafile=authority)
        self.http = httpx.Client(base_url=url, headers=headers, verify=tls, timeout=10)
        self.namespace = namespace

    def close(self) -> None:
        self.http.close()

    def path(self, kind: str, name: str = "", subresource: str = "") -> str:
        base, plural = _PLACES[kind]
        parts = ["", base, "namespaces", self.namespace, plural, name, subresource]
        return "/".join(part for part in parts if part or part is parts[0]).rstrip("/")

    def send(
        self,
        method: str,
        path: str,
        body: Any = None,
        *,
        content_type: str = "application/json",
        accept: str = "",
        **query: Any,
    ) -> Answer:
        headers = {"Content-Type": content_type} | ({"Accept": accept} if accept else {})
        content = body if body is None or isinstance(body, bytes) else json.dumps(body)
        response = self.http.request(method, path, content=content, headers=headers, params=query)
        is_json = response.headers.get("Content-Type", "").startswith("application/json")
        warnings = tuple(response.headers.get_list("Warning"))
        return Answer(response.status_code, response.json() if is_json else response.text, warnings)

    def create(self, body: Json, **query: Any) -> Answer:
        return self.send("POST", self.path(body["kind"]), body, **query)

    def get(self, kind: str, name: str, **options: Any) -> Answer:
        return self.send("GET", self.path(kind, name), **options)

    def list(self, kind: str, **options: Any) -> Answer:
        return self.send("GET", self.path(kind), **options)

    def replace(self, body: Json, subresource: str = "", **query: Any) -> Answer:
        return self.send("PUT", self.path(body["kind"], body["metadata"]["name"], subresource), body, **query)

    def patch(
        self, kind: str, name: str, body: Any, content_type: str = MERGE, subresource: str = "", **query: Any
    ) -> Answer:
        return self.send("PATCH", self.path(kind, name, subresource), body, content_type=content_type, **query)

    def apply(self, body: Json, manager: str = "first", *, subresource: str = "", **query: Any) -> Answer:
        query = {"fieldManager": manager} | query
        return self.patch(body["kind"], body["metadata"]["name"], body, APPLY, subresource, **query)

    def delete(self, kind: str, name: str, body: Json | None = None, **query: Any) -> Answer:
        return self.send("DELETE", self.path(kind, name), body, **query)

    @contextmanager
    def watch(self, kind: str, *, accept: str = "", **query: Any) -> Iterator[Iterator[Json]]:
        """The events of a watch, one by one."""
        params = {"watch": "true", "timeoutSeconds": 5} | query
        headers = {"Accept": accept} if accept else {}
        with self.http.stream("GET", self.path(kind), params=params, headers=headers) as response:
            yield (json.loads(line) for line in response.iter_lines() if line)


def owners(body: Json) -> dict[tuple[str, str, str], Any]:
    """Fields by `(manager, operation, subresource)`."""
    entries = body["metadata"].get("managedFields") or []
    return {(item["manager"], item["operation"], item.get("subresource", "")): item["fieldsV1"] for item in entries}


def config_map(name: str = "settings", **data: str) -> Json:
    body: Json = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name}}
    return body | {"data": data} if data else body


def deployment(name: str = "web", *, image: str = "nginx:1.27", **spec: Any) -> Json:
    container = {"name": "main", "image": image, "ports": [{"containerPort": 80}]}
    template = {"metadata": {"labels": {"app": name}}, "spec": {"containers": [container]}}
    full = {"selector": {"matchLabels": {"app": name}}, "template": template} | spec
    return {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": name}, "spec": full}


def widget(name: str = "one", **spec: Any) -> Json:
    return {"apiVersion": "contract.example.com/v1", "kind": "Widget", "metadata": {"name": name}, "spec": spec}
