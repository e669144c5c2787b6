"""Defaults of services, configuration, storage, access rules and definitions."""

import base64

from gitsync.manifest.object import JsonObject
from gitsync.sandbox.defaults.pods import fill

_RBAC = "rbac.authorization.k8s.io"


def default_service(body: JsonObject) -> None:
    spec = body.setdefault("spec", {})
    fill(spec, {"sessionAffinity": "None", "type": "ClusterIP"})
    if spec["sessionAffinity"] == "ClientIP":
        spec.setdefault("sessionAffinityConfig", {}).setdefault("clientIP", {}).setdefault("timeoutSeconds", 10800)
    for port in spec.get("ports", ()):
        port.setdefault("protocol", "TCP")
        if port.get("targetPort") in (None, 0, ""):
            port["targetPort"] = port.get("port", 0)
    if spec["type"] in ("NodePort", "LoadBalancer"):
        spec.setdefault("externalTrafficPolicy", "Cluster")
    if spec["type"] == "LoadBalancer":
        spec.setdefault("allocateLoadBalancerNodePorts", True)
    if spec["type"] != "ExternalName":
        spec.setdefault("internalTrafficPolicy", "Cluster")


def default_event(body: JsonObject) -> None:
    """Times that nobody gave are written as null."""
    fill(body, {"firstTimestamp": None, "lastTimestamp": None, "eventTime": None})


def default_secret(body: JsonObject) -> None:
    body.setdefault("type", "Opaque")
    plain = body.pop("stringData", None)
    if plain:
        encoded = {key: base64.b64encode(value.encode()).decode() for key, value in plain.items()}
        body["data"] = (body.get("data") or {}) | encoded


def default_namespace(body: JsonObject) -> None:
    metadata = body["metadata"]
    if metadata.get("name"):
        metadata.setdefault("labels", {})["kubernetes.io/metadata.name"] = metadata["name"]


def default_claim(body: JsonObject) -> None:
    body.setdefault("spec", {}).setdefault("volumeMode", "Filesystem")


def default_volume(body: JsonObject) -> None:
    fill(body.setdefault("spec", {}), {"persistentVolumeReclaimPolicy": "Retain", "volumeMode": "Filesystem"})


def default_storage_class(body: JsonObject) -> None:
    fill(body, {"reclaimPolicy": "Delete", "volumeBindingMode": "Immediate"})


def default_binding(body: JsonObject) -> None:
    reference = body.setdefault("roleRef", {})
    reference["apiGroup"] = reference.get("apiGroup") or _RBAC
    for subject in body.get("subjects", ()):
        if subject.get("kind") in ("User", "Group"):
            subject.setdefault("apiGroup", _RBAC)


def default_network_policy(body: JsonObject) -> None:
    spec = body.setdefault("spec", {})
    for rule in (*spec.get("ingress", ()), *spec.get("egress", ())):
        for port in rule.get("ports", ()):
            port.setdefault("protocol", "TCP")
    if not spec.get("policyTypes"):
        spec["policyTypes"] = ["Ingress", "Egress"] if spec.get("egress") else ["Ingress"]


def default_autoscaler(body: JsonObject) -> None:
    spec = body.setdefault("spec", {})
    spec.setdefault("minReplicas", 1)
    if not spec.get("metrics"):
        target = {"type": "Utilization", "averageUtilization": 80}
        spec["metrics"] = [{"type": "Resource", "resource": {"name": "cpu", "target": target}}]


def default_endpoints(body: JsonObject) -> None:
    for subset in body.get("subsets", ()):
        for port in subset.get("ports", ()):
            port.setdefault("protocol", "TCP")


def default_endpoint_slice(body: JsonObject) -> None:
    for port in body.get("ports", ()):
        fill(port, {"name": "", "protocol": "TCP"})


def default_priority_class(body: JsonObject) -> None:
    body.setdefault("preemptionPolicy", "PreemptLowerPriority")


def default_webhooks(body: JsonObject) -> None:
    for webhook in body.get("webhooks", ()):
        fill(webhook, {"failurePolicy": "Fail", "matchPolicy": "Equivalent", "timeoutSeconds": 10})
        fill(webhook, {"namespaceSelector": {}, "objectSelector": {}})
        if body["kind"] == "MutatingWebhookConfiguration":
            webhook.setdefault("reinvocationPolicy", "Never")
        for rule in webhook.get("rules", ()):
            rule.setdefault("scope", "*")
        service = webhook.get("clientConfig", {}).get("service")
        if service:
            service.setdefault("port", 443)


def default_definition(body: JsonObject) -> None:
    spec = body.setdefault("spec", {})
    spec.setdefault("conversion", {"strategy": "None"})
    names = spec.setdefault("names", {})
    kind = names.get("kind", "")
    fill(names, {"singular": kind.lower(), "listKind": f"{kind}List"})
