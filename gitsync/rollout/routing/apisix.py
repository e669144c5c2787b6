"""Apache APISIX: weights of an ApisixRoute's backends; a header route is a copy of it that matches first."""

from typing import Any

from gitsync.manifest.object import JsonObject
from gitsync.rollout.routing.values import (
    Address,
    RoutedRollout,
    Router,
    Traffic,
    by_name,
    change,
    joined,
    required,
    with_field,
)
from gitsync.rollout.values import Delete, LiveObjects, Needed, Routed, RoutingFailed

_SERVER_FIELDS = ("resourceVersion", "generation", "uid", "creationTimestamp", "managedFields", "selfLink")


def _address(rollout: RoutedRollout, name: str = "") -> Address:
    name = name or (rollout.routing.get("apisix") or {}).get("route", {}).get("name", "")
    return rollout.address(rollout.settings.apisix_version, "ApisixRoute", name)


def _needs(rollout: RoutedRollout) -> tuple[Needed, ...]:
    return by_name(_address(rollout), *(_address(rollout, name) for name in rollout.managed_routes))


def _route(rollout: RoutedRollout, traffic: Traffic, objects: LiveObjects) -> Routed:
    address = _address(rollout)
    live = required(objects, address)
    parts: list[Routed] = []
    if traffic.remove_managed_routes:
        managed = [(one, objects.get(one.key)) for one in (_address(rollout, name) for name in rollout.managed_routes)]
        parts += [_deleted(one, body) for one, body in managed if body is not None and rollout.controls(body)]
    if traffic.header_route is not None:
        parts.append(_header_writes(rollout, traffic.header_route, live, objects))
    if traffic.weight is None:
        return joined(parts)
    weights = {rollout.canary_service: traffic.canary_weight, rollout.stable_service: traffic.stable_weight}
    routes = [
        _weighted(address, route, weights) if _chosen(rollout, route) else route for route in _http(rollout, live)
    ]
    parts.append(Routed(patches=change(address, live, with_field(live, ("spec", "http"), routes))))
    return joined(parts)


def _deleted(address: Address, body: JsonObject) -> Routed:
    uid = str(body["metadata"].get("uid", ""))
    return Routed(deletes=(Delete(address.key, address.gvk.version, uid),))


def _rules(rollout: RoutedRollout) -> list[str]:
    route = (rollout.routing.get("apisix") or {}).get("route") or {}
    return list(route.get("rules") or [route.get("name", "")])


def _chosen(rollout: RoutedRollout, route: JsonObject) -> bool:
    return route.get("name") in _rules(rollout)


def _http(rollout: RoutedRollout, body: JsonObject) -> list[JsonObject]:
    """Raises RoutingFailed unless the route has every rule that the Rollout names."""
    address = _address(rollout)
    routes = (body.get("spec") or {}).get("http")
    if not isinstance(routes, list):
        raise RoutingFailed(f"{address}: spec.http was not found in Apisix Route manifest", suggestion="add the rules")
    names = {route.get("name") for route in routes}
    for rule in _rules(rollout):
        if rule not in names:
            raise RoutingFailed(
                f"{address}: Apisix http route rule {rule} not found",
                suggestion="name an existing rule in trafficRouting.apisix.route.rules",
            )
    return routes


def _weighted(address: Address, route: JsonObject, weights: dict[str, int]) -> JsonObject:
    backends = route.get("backends") or []
    names = {one.get("serviceName") for one in backends}
    for service in weights:
        if service not in names:
            raise RoutingFailed(
                f"{address}: apisix route {service} backend was not found", suggestion=f"add {service} to its backends"
            )
    weighted = [
        {**one, "weight": weights[one["serviceName"]]} if one.get("serviceName") in weights else one for one in backends
    ]
    return {**route, "backends": weighted}


def _header_writes(rollout: RoutedRollout, header: JsonObject, source: JsonObject, objects: LiveObjects) -> Routed:
    address = _address(rollout, str(header["name"]))
    live = objects.get(address.key)
    if live is not None and not rollout.controls(live):
        raise RoutingFailed(
            f"duplicate ApisixRoute [{address.name}] already exists", suggestion="give the managed route another name"
        )
    if header.get("match") is None:
        return _deleted(address, live) if live is not None else Routed()
    routes = [_header_rule(rollout, header, route) for route in _http(rollout, source)]
    if live is not None:
        return Routed(patches=change(address, live, with_field(live, ("spec", "http"), routes)))
    metadata = {key: value for key, value in source["metadata"].items() if key not in _SERVER_FIELDS}
    metadata |= {"name": address.name, "ownerReferences": [rollout.owner_reference()]}
    body = {key: value for key, value in source.items() if key != "status"}
    body = {**body, "metadata": metadata, "spec": {**source["spec"], "http": routes}}
    return Routed(creates=(body,))


def _header_rule(rollout: RoutedRollout, header: JsonObject, route: JsonObject) -> JsonObject:
    if not _chosen(rollout, route):
        return route
    backends = [
        {**one, "weight": 100} if one.get("serviceName") == rollout.canary_service else one
        for one in route.get("backends") or ()
        if one.get("serviceName") != rollout.stable_service
    ]
    expressions = [one for match in header["match"] for one in _expressions(match)]
    return {
        **route,
        "backends": backends,
        "priority": int(route.get("priority") or 0) + 1,
        "match": {**(route.get("match") or {}), "exprs": expressions},
    }


def _expressions(match: JsonObject) -> list[JsonObject]:
    subject = {"scope": "Header", "name": match.get("headerName", "")}
    value: dict[str, Any] = match.get("headerValue") or {}
    wanted = [
        ("Equal", value.get("exact")),
        ("RegexMatch", value.get("regex")),
        ("RegexMatch", f"^{value['prefix']}.*" if value.get("prefix") else None),
    ]
    return [{"subject": subject, "op": operator, "value": text} for operator, text in wanted if text]


APISIX = Router("apisix", _needs, _route, has_header_routes=True)
