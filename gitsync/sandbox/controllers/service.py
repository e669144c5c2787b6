"""Services: which pods stand behind each, as Endpoints and as an EndpointSlice."""

from collections.abc import Sequence

from gitsync.manifest.object import JsonObject
from gitsync.sandbox.controllers.body import (
    is_deleting,
    labels_of,
    owner_reference,
    random_suffix,
    status_of,
    uid_of,
)
from gitsync.sandbox.controllers.cluster import Cluster
from gitsync.sandbox.controllers.label_index import LabelIndex
from gitsync.sandbox.controllers.pod import is_finished, is_ready
from gitsync.sandbox.objects import EventType, StoreEvent
from model.identity import ResourceKey

# Pods of one rollout change together; one write for all of them is enough.
_GATHER_SECONDS = 0.2
_MANAGED_BY = "endpointslice-controller.k8s.io"
_MOST_ADDRESSES = 1000
_ENDPOINTS_LABEL, _ENDPOINTS_BY = "endpoints.kubernetes.io/managed-by", "endpoint-controller"


class Services:
    """Notes what stands behind a Service, and writes it down a moment later."""

    def __init__(self, cluster: Cluster) -> None:
        self._cluster = cluster
        self._index = LabelIndex()

    def note_service(self, event: StoreEvent) -> None:
        service = event.object
        key = _key(service)
        gone = event.type is EventType.DELETED
        self._index.put_selector(key, None if gone else service["spec"].get("selector"))
        if gone:
            self._cluster.queue.add(self.reconcile, key)
        else:
            self._look_soon(key)

    def note_pod(self, event: StoreEvent) -> None:
        pod = event.object
        namespace, labels = pod["metadata"]["namespace"], labels_of(pod)
        key = ResourceKey("", "Pod", namespace, pod["metadata"]["name"])
        gone = event.type is EventType.DELETED
        self._index.put(key, None if gone else labels)
        if event.old is not None and not gone and _face(event.old) == _face(pod):
            return
        for each in (pod, event.old):
            if each is not None:
                for service in self._index.selecting(namespace, labels_of(each)):
                    self._look_soon(service)

    def reconcile(self, key: ResourceKey) -> None:
        service = self._cluster.objects.get(key)
        if service is None:
            self._remove_endpoints(key)
            return
        if is_deleting(service) or not service["spec"].get("selector"):
            return
        if service["spec"].get("type") == "ExternalName":
            return
        found = [self._cluster.objects.get(pod) for pod in self._index.selected_by(key)]
        pods = [pod for pod in found if pod is not None and status_of(pod).get("podIP") and not is_finished(pod)]
        self._write_endpoints(service, pods[:_MOST_ADDRESSES])
        self._write_slice(service, pods[:_MOST_ADDRESSES])

    def _look_soon(self, key: ResourceKey) -> None:
        self._cluster.queue.add_after(_GATHER_SECONDS, self.reconcile, key)

    def _write_endpoints(self, service: JsonObject, pods: Sequence[JsonObject]) -> None:
        metadata = service["metadata"]
        subset: JsonObject = {}
        keep_unready = bool(service["spec"].get("publishNotReadyAddresses"))
        ready = [_address(pod) for pod in pods if keep_unready or _serves(pod)]
        not_ready = [_address(pod) for pod in pods if not keep_unready and not _serves(pod) and not is_deleting(pod)]
        if ready:
            subset["addresses"] = ready
        if not_ready:
            subset["notReadyAddresses"] = not_ready
        ports = _ports(service, pods)
        if subset and ports:
            subset["ports"] = ports
        body: JsonObject = {
            "apiVersion": "v1",
            "kind": "Endpoints",
            "metadata": {
                "name": metadata["name"],
                "namespace": metadata["namespace"],
                "labels": {**labels_of(service), _ENDPOINTS_LABEL: _ENDPOINTS_BY},
            },
        }
        if subset:
            body["subsets"] = [subset]
        old = self._cluster.objects.get(ResourceKey("", "Endpoints", metadata["namespace"], metadata["name"]))
        if old is None:
            self._cluster.objects.create(body)
        elif old.get("subsets") != body.get("subsets"):
            rest = {field: value for field, value in old.items() if field != "subsets"}
            self._cluster.objects.update({**rest, **({"subsets": [subset]} if subset else {})})

    def _remove_endpoints(self, service: ResourceKey) -> None:
        """Endpoints name no owner, so that nobody else removes them. Those that people wrote stay."""
        endpoints = self._cluster.objects.get(ResourceKey("", "Endpoints", service.namespace, service.name))
        if endpoints is not None and labels_of(endpoints).get(_ENDPOINTS_LABEL) == _ENDPOINTS_BY:
            self._cluster.delete(endpoints)

    def _write_slice(self, service: JsonObject, pods: Sequence[JsonObject]) -> None:
        content = {
            "addressType": "IPv4",
            "endpoints": [_endpoint(pod) for pod in pods],
            "ports": _ports(service, pods),
        }
        old = next((each for each in self._slices(service)), None)
        if old is not None:
            if any(old.get(field) != value for field, value in content.items()):
                self._cluster.objects.update({**old, **content})
            return
        metadata = service["metadata"]
        generated = f"{metadata['name']}-"
        self._cluster.objects.create(
            {
                "apiVersion": "discovery.k8s.io/v1",
                "kind": "EndpointSlice",
                "metadata": {
                    "name": generated + random_suffix(),
                    "generateName": generated,
                    "namespace": metadata["namespace"],
                    "labels": {
                        **labels_of(service),
                        "endpointslice.kubernetes.io/managed-by": _MANAGED_BY,
                        "kubernetes.io/service-name": metadata["name"],
                    },
                    "ownerReferences": [owner_reference(service)],
                },
                **content,
            }
        )

    def _slices(self, service: JsonObject) -> list[JsonObject]:
        return [each for each in self._cluster.objects.owned_by(uid_of(service)) if each["kind"] == "EndpointSlice"]


def _key(service: JsonObject) -> ResourceKey:
    return ResourceKey("", "Service", service["metadata"]["namespace"], service["metadata"]["name"])


def _serves(pod: JsonObject) -> bool:
    return is_ready(pod) and not is_deleting(pod)


def _face(pod: JsonObject) -> tuple[object, ...]:
    """What of a pod a Service looks at."""
    return status_of(pod).get("podIP"), _serves(pod), is_deleting(pod), is_finished(pod), labels_of(pod)


def _address(pod: JsonObject) -> JsonObject:
    return {"ip": status_of(pod)["podIP"], "nodeName": pod["spec"].get("nodeName", ""), "targetRef": _reference(pod)}


def _endpoint(pod: JsonObject) -> JsonObject:
    return {
        "addresses": [status_of(pod)["podIP"]],
        "conditions": {"ready": _serves(pod), "serving": is_ready(pod), "terminating": is_deleting(pod)},
        "nodeName": pod["spec"].get("nodeName", ""),
        "targetRef": _reference(pod),
    }


def _reference(pod: JsonObject) -> JsonObject:
    metadata = pod["metadata"]
    return {"kind": "Pod", "name": metadata["name"], "namespace": metadata["namespace"], "uid": metadata["uid"]}


def _ports(service: JsonObject, pods: Sequence[JsonObject]) -> list[JsonObject]:
    """The Service's ports as the pods have them. A named port that no pod has is left out."""
    ports = []
    for port in service["spec"].get("ports") or ():
        target = port.get("targetPort", port["port"])
        number = target if isinstance(target, int) else _named_port(target, pods)
        if number is not None:
            ports.append({"name": port.get("name", ""), "port": number, "protocol": port.get("protocol", "TCP")})
    return ports


def _named_port(name: str, pods: Sequence[JsonObject]) -> int | None:
    for pod in pods:
        for container in pod["spec"]["containers"]:
            for port in container.get("ports") or ():
                if port.get("name") == name:
                    return int(port["containerPort"])
    return None
