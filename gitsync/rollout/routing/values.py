"""What routers are told, and what they have in common."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from gitsync.manifest.merge_patch import merge_patch
from gitsync.manifest.object import JsonObject
from gitsync.rollout.values import LiveObjects, Needed, Patch, Routed, RoutingFailed
from model.identity import GroupVersionKind, ResourceKey
from model.kinds.rollout import API_VERSION, WeightDestination


@dataclass(frozen=True, slots=True)
class Address:
    """One namespaced object. The version is the one that is asked for, and written when the object has to be made."""

    api_version: str
    kind: str
    namespace: str
    name: str

    @property
    def gvk(self) -> GroupVersionKind:
        return GroupVersionKind.parse(self.api_version, self.kind)

    @property
    def key(self) -> ResourceKey:
        return ResourceKey(self.gvk.group, self.kind, self.namespace, self.name)

    def __str__(self) -> str:
        return f"{self.kind} {self.namespace}/{self.name}"


@dataclass(frozen=True, slots=True)
class Traffic:
    """What is to be true; None leaves things as they are. A header or mirror route without `match` is to go."""

    weight: int | None
    canary_hash: str = ""
    stable_hash: str = ""
    additional: tuple[WeightDestination, ...] = ()
    header_route: JsonObject | None = None
    mirror_route: JsonObject | None = None
    remove_managed_routes: bool = False
    total: int = 100

    @property
    def canary_weight(self) -> int:
        return self.weight or 0

    @property
    def stable_weight(self) -> int:
        return self.total - self.canary_weight - sum(one.weight for one in self.additional)


@dataclass(frozen=True, slots=True)
class RouterSettings:
    """The API versions that the cluster serves, as the flags of the upstream controller choose them."""

    istio_version: str = "networking.istio.io/v1alpha3"
    smi_version: str = "split.smi-spec.io/v1alpha1"
    traefik_version: str = "traefik.io/v1alpha1"
    apisix_version: str = "apisix.apache.org/v2"
    ingress_version: str = "networking.k8s.io/v1"
    ambassador_version: str = "getambassador.io/v2"
    gateway_version: str = "gateway.networking.k8s.io/v1"


@dataclass(frozen=True, slots=True)
class RoutedRollout:
    """The parts of a Rollout that routers read. `routing` is `spec.strategy.canary.trafficRouting`."""

    name: str
    namespace: str
    uid: str
    stable_service: str
    canary_service: str
    routing: JsonObject
    settings: RouterSettings = RouterSettings()

    @property
    def managed_routes(self) -> tuple[str, ...]:
        return tuple(str(one.get("name", "")) for one in self.routing.get("managedRoutes") or ())

    def owner_reference(self) -> JsonObject:
        return {
            "apiVersion": API_VERSION,
            "kind": "Rollout",
            "name": self.name,
            "uid": self.uid,
            "controller": True,
            "blockOwnerDeletion": True,
        }

    def controls(self, body: JsonObject) -> bool:
        owners = body.get("metadata", {}).get("ownerReferences") or ()
        return any(one.get("controller") and one.get("uid") == self.uid for one in owners)

    def address(self, api_version: str, kind: str, name: str, namespace: str = "") -> Address:
        return Address(api_version, kind, namespace or self.namespace, name)


def _none(rollout: RoutedRollout) -> list[tuple[str, Address]]:
    return []


def _fits(rollout: RoutedRollout, address: Address, body: JsonObject) -> str:
    return ""


def ingress_without(body: JsonObject, service: str) -> str:
    """What is wrong with an Ingress none of whose rules leads to the service; "" when one does."""
    rules = (body.get("spec") or {}).get("rules") or ()
    paths = [path for rule in rules for path in (rule.get("http") or {}).get("paths") or ()]
    if any(((path.get("backend") or {}).get("service") or {}).get("name") == service for path in paths):
        return ""
    return f"ingress `{body['metadata']['name']}` has no rules using service {service} backend"


@dataclass(frozen=True, slots=True)
class Router:
    """One way for traffic to reach the pods. `key` is its name in `trafficRouting`; `needs` names what to read first.

    `splits_experiments`: it can give experiments a share of their own. `named` are objects that have to be there before
    anything is done, each with its field in `trafficRouting`; `unfit` says what is wrong with one that is there, or "".
    """

    key: str
    needs: Callable[[RoutedRollout], tuple[Needed, ...]]
    route: Callable[[RoutedRollout, Traffic, LiveObjects], Routed]
    splits_experiments: bool = False
    has_header_routes: bool = False
    has_mirror_routes: bool = False
    named: Callable[[RoutedRollout], list[tuple[str, Address]]] = _none
    unfit: Callable[[RoutedRollout, Address, JsonObject], str] = _fits


def by_name(*addresses: Address) -> tuple[Needed, ...]:
    return tuple(Needed(one.gvk, one.namespace, one.name) for one in dict.fromkeys(addresses))


def joined(routed: Iterable[Routed]) -> Routed:
    """All of them as one, in order."""
    parts = tuple(routed)
    return Routed(
        creates=tuple(body for one in parts for body in one.creates),
        patches=tuple(patch for one in parts for patch in one.patches),
        deletes=tuple(delete for one in parts for delete in one.deletes),
        events=tuple(event for one in parts for event in one.events),
    )


def required(objects: LiveObjects, address: Address) -> JsonObject:
    """Raises RoutingFailed when the object does not exist."""
    body = objects.get(address.key)
    if body is None:
        raise RoutingFailed(
            f"{address} is missing",
            suggestion=f"create it, or correct its name in the Rollout's trafficRouting: {address.name}",
        )
    return body


def change(address: Address, before: JsonObject, after: JsonObject) -> tuple[Patch, ...]:
    """The patch from one state to the other, or nothing. It fails if somebody else wrote in between."""
    patch = merge_patch(before, after)
    if not patch:
        return ()
    version = before.get("metadata", {}).get("resourceVersion")
    if version and "spec" in patch:
        patch = {**patch, "metadata": {**(patch.get("metadata") or {}), "resourceVersion": version}}
    return (Patch(address.key, address.gvk.version, patch),)


def with_field(body: JsonObject, path: tuple[str, ...], value: Any) -> JsonObject:
    """A copy of `body` with one field replaced; objects on the way are made."""
    head, *rest = path
    inner = body.get(head)
    if rest:
        value = with_field(inner if isinstance(inner, dict) else {}, tuple(rest), value)
    return {**body, head: value}


def with_annotations(body: JsonObject, annotations: Mapping[str, str | None]) -> JsonObject:
    """A copy with these annotations set, and those that are None removed."""
    metadata = body.get("metadata") or {}
    merged = {**(metadata.get("annotations") or {}), **annotations}
    kept = {key: value for key, value in merged.items() if value is not None}
    return {**body, "metadata": {**metadata, "annotations": kept}}


def in_managed_order(items: list[Any], managed: tuple[str, ...], name_of: Callable[[Any], str]) -> list[Any]:
    """Managed routes first, in the order in which the Rollout lists them; the rest as they were."""
    first = [item for name in managed for item in items if name_of(item) == name]
    return first + [item for item in items if name_of(item) not in managed]
