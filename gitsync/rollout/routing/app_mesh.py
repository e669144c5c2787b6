"""AWS App Mesh: weights of targets in the routes of a VirtualRouter; pod hashes in the selectors of two VirtualNodes.

The Rollout names a VirtualService, and that names its VirtualRouter. AWS ends the service; clusters that have it still
work.
"""

from typing import Any

from gitsync.manifest.object import JsonObject
from gitsync.rollout.routing.values import (
    Address,
    RoutedRollout,
    Router,
    Traffic,
    by_name,
    change,
    required,
    with_field,
)
from gitsync.rollout.values import LiveObjects, Needed, Patch, Routed, RoutingFailed
from model.kinds.rollout import HASH_LABEL

_VERSION = "appmesh.k8s.aws/v1beta2"
_NO_PODS, _NO_STABLE = "canary-hash", "stable-hash"  # as upstream writes it: no template hashes to these
_PROTOCOLS = ("httpRoute", "http2Route", "grpcRoute", "tcpRoute")


def _spec(rollout: RoutedRollout) -> JsonObject:
    mesh: JsonObject = rollout.routing.get("appMesh") or {}
    return mesh


def _service(rollout: RoutedRollout) -> Address:
    return rollout.address(
        _VERSION, "VirtualService", str((_spec(rollout).get("virtualService") or {}).get("name", ""))
    )


def _node(rollout: RoutedRollout, role: str) -> Address:
    reference = (_spec(rollout).get("virtualNodeGroup") or {}).get(f"{role}VirtualNodeRef") or {}
    return rollout.address(_VERSION, "VirtualNode", str(reference.get("name", "")))


def _needs(rollout: RoutedRollout) -> tuple[Needed, ...]:
    """Which VirtualRouter is meant only the VirtualService tells, so all of the namespace are looked at."""
    service = _service(rollout)
    routers = Address(_VERSION, "VirtualRouter", rollout.namespace, "")
    named = by_name(service, _node(rollout, "canary"), _node(rollout, "stable"))
    return (*named, Needed(routers.gvk, routers.namespace))


def _named(rollout: RoutedRollout) -> list[tuple[str, Address]]:
    return [("appMesh.virtualService.name", _service(rollout))]


def _route(rollout: RoutedRollout, traffic: Traffic, objects: LiveObjects) -> Routed:
    """The nodes first: weights must not send requests to a node that selects no pods yet. Two nodes may not select the
    same pods (the admission hook of App Mesh refuses that), so a canary that is stable, or not there, selects none.
    """
    patches: list[Patch] = []
    canary_hash = _NO_PODS if traffic.canary_hash in ("", traffic.stable_hash) else traffic.canary_hash
    for role, pod_template_hash in (("stable", traffic.stable_hash or _NO_STABLE), ("canary", canary_hash)):
        node = _node(rollout, role)
        live = required(objects, node)
        path = ("spec", "podSelector", "matchLabels", HASH_LABEL)
        patches += change(node, live, with_field(live, path, pod_template_hash))
    if traffic.weight is None:
        return Routed(patches=tuple(patches))
    router = _router(rollout, objects)
    live = required(objects, router)
    routes = (live.get("spec") or {}).get("routes") or []
    wanted = _wanted_routes(rollout, router, routes)
    after = [_weighted(rollout, traffic, one) if one.get("name") in wanted else one for one in routes]
    patches += change(router, live, with_field(live, ("spec", "routes"), after))
    return Routed(patches=tuple(patches))


def _router(rollout: RoutedRollout, objects: LiveObjects) -> Address:
    service = _service(rollout)
    provider = (required(objects, service).get("spec") or {}).get("provider") or {}
    reference = (provider.get("virtualRouter") or {}).get("virtualRouterRef") or {}
    if not reference.get("name"):
        raise RoutingFailed(f"{service} has no virtual router", suggestion="give it a provider.virtualRouter")
    return rollout.address(_VERSION, "VirtualRouter", str(reference["name"]), str(reference.get("namespace") or ""))


def _wanted_routes(rollout: RoutedRollout, router: Address, routes: list[JsonObject]) -> set[str]:
    """Those that the Rollout lists, or all."""
    present = {str(one.get("name", "")) for one in routes}
    wanted = set((_spec(rollout).get("virtualService") or {}).get("routes") or present)
    if missing := wanted - present or ({"any"} if not wanted else set()):
        raise RoutingFailed(
            f"{router} has no route {', '.join(sorted(missing))}",
            suggestion="correct trafficRouting.appMesh.virtualService.routes",
        )
    return wanted


def _weighted(rollout: RoutedRollout, traffic: Traffic, route: JsonObject) -> JsonObject:
    weights = {
        _node(rollout, "canary").name: traffic.canary_weight,
        _node(rollout, "stable").name: traffic.stable_weight,
    }
    for protocol in _PROTOCOLS:
        if not isinstance(route.get(protocol), dict):
            continue
        targets: list[Any] = list((route[protocol].get("action") or {}).get("weightedTargets") or ())
        names = {_target(one) for one in targets}
        if missing := [name for name in weights if name not in names]:
            raise RoutingFailed(
                f"route {route.get('name')} has no target for the VirtualNode {missing[0]}",
                suggestion="add it to its weightedTargets",
            )
        after = [{**one, "weight": weights[_target(one)]} if _target(one) in weights else one for one in targets]
        return with_field(route, (protocol, "action", "weightedTargets"), after)
    raise RoutingFailed(f"route {route.get('name')} is of no known protocol", suggestion="make it an httpRoute")


def _target(target: JsonObject) -> str:
    return str((target.get("virtualNodeRef") or {}).get("name", ""))


APP_MESH = Router("appMesh", _needs, _route, named=_named)
