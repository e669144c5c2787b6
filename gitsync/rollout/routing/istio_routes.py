"""Routes of one VirtualService: which of them the Rollout drives, and how they look at a weight."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from gitsync.manifest.object import JsonObject
from gitsync.rollout.values import RoutingFailed
from model.kinds.rollout import WeightDestination


@dataclass(frozen=True, slots=True)
class Split:
    """`host` is that of the DestinationRule, if there is one: subsets tell the pods apart then. `kept_subsets` have a
    share of their own, which somebody else decides.
    """

    canary_service: str
    stable_service: str
    canary_subset: str
    stable_subset: str
    host: str
    weight: int
    stable_weight: int
    additional: tuple[WeightDestination, ...] = ()
    kept_subsets: tuple[str, ...] = ()


def short_host(destination: JsonObject) -> str:
    """The name of the service: hosts may be written with namespace and domain."""
    return str((destination.get("destination") or {}).get("host", "")).split(".")[0]


def _subset(destination: JsonObject) -> str:
    return str((destination.get("destination") or {}).get("subset", ""))


def _is_canary(destination: JsonObject, split: Split) -> bool:
    subset = _subset(destination)
    named = bool(split.canary_service) and short_host(destination) == split.canary_service
    return named or bool(subset and subset == split.canary_subset)


def _is_stable(destination: JsonObject, split: Split) -> bool:
    subset = _subset(destination)
    named = bool(split.stable_service) and short_host(destination) == split.stable_service
    return named or bool(subset and subset == split.stable_subset)


def weighted(destinations: list[JsonObject], split: Split) -> list[JsonObject]:
    """Stable and canary get their weights, experiments come and go, and other destinations lose their share. Shares
    that are not ours to give are taken from stable.
    """
    shares = {one.service_name: one for one in split.additional}
    kept = sum(one.get("weight") or 0 for one in destinations if _subset(one) in split.kept_subsets)
    result: list[JsonObject] = []
    for one in destinations:
        if _is_canary(one, split):
            result.append(_at(one, split.weight))
        elif _is_stable(one, split):
            result.append(_at(one, max(split.stable_weight - kept, 0)))
        elif share := shares.pop(short_host(one), None):
            result.append(_at(one, share.weight))
        elif not one.get("weight") or _subset(one) in split.kept_subsets:
            result.append(one)
    added = [{"destination": {"host": one.service_name}, "weight": one.weight} for one in shares.values()]
    return result + added


def _at(destination: JsonObject, weight: int) -> JsonObject:
    """A weight that is left out counts as 0."""
    return destination if (destination.get("weight") or 0) == weight else {**destination, "weight": weight}


def chosen_routes(
    routes: list[JsonObject], wanted: JsonObject, protocol: str, managed: tuple[str, ...], split: Split
) -> list[int]:
    """Positions of the routes whose weights follow the Rollout. Raises RoutingFailed when they cannot."""
    if protocol == "http":
        chosen = _chosen_http(routes, list(wanted.get("routes") or ()), managed)
    else:
        chosen = _chosen_by_port(routes, list(wanted.get(f"{protocol}Routes") or ()), protocol)
    for position in chosen:
        _require_both(routes[position].get("route") or [], split)
    return chosen


def _chosen_http(routes: list[JsonObject], names: list[str], managed: tuple[str, ...]) -> list[int]:
    free = [position for position, route in enumerate(routes) if str(route.get("name", "")) not in managed]
    if not names:
        if len(free) != 1:
            raise RoutingFailed(
                "spec.http[] should be set in VirtualService and it must have exactly one route when omitting "
                "spec.strategy.canary.trafficRouting.istio.virtualService.routes",
                suggestion="name the routes that the Rollout drives in virtualService.routes",
            )
        chosen = free
    else:
        chosen = [_named(routes, name) for name in names]
    mirrors = [
        position
        for position, route in enumerate(routes)
        if route.get("mirror") and str(route.get("name", "")) in managed and position not in chosen
    ]
    return chosen + mirrors


def _named(routes: list[JsonObject], name: str) -> int:
    for position, route in enumerate(routes):
        if route.get("name") == name:
            return position
    raise RoutingFailed(
        f"HTTP Route '{name}' is not found in the defined Virtual Service.",
        suggestion="correct virtualService.routes, or add the route",
    )


def _chosen_by_port(routes: list[JsonObject], wanted: list[JsonObject], protocol: str) -> list[int]:
    if not wanted:
        if len(routes) > 1:
            raise RoutingFailed(
                f"spec.{protocol}[] should be set in VirtualService and it must have exactly one route when omitting "
                f"spec.strategy.canary.trafficRouting.istio.virtualService.{protocol}Routes",
                suggestion=f"name ports in virtualService.{protocol}Routes",
            )
        return [0]
    matches: Callable[[JsonObject, JsonObject], bool] = _tls_matches if protocol == "tls" else _port_matches
    chosen: list[int] = []
    for one in wanted:
        found = [position for position, route in enumerate(routes) if matches(route, one)]
        if not found:
            raise RoutingFailed(
                f"No matching {protocol.upper()} routes found in the defined Virtual Service.",
                suggestion=f"correct virtualService.{protocol}Routes, or add the route",
            )
        chosen += [position for position in found if position not in chosen]
    return chosen


def _port_matches(route: JsonObject, wanted: JsonObject) -> bool:
    ports = {match.get("port", 0) for match in route.get("match") or ()}
    return len(ports) <= 1 and next(iter(ports), 0) == wanted.get("port", 0)


def _tls_matches(route: JsonObject, wanted: JsonObject) -> bool:
    hosts = {host for match in route.get("match") or () for host in match.get("sniHosts") or ()}
    return _port_matches(route, wanted) and hosts == set(wanted.get("sniHosts") or ())


def _require_both(destinations: list[JsonObject], split: Split) -> None:
    if split.canary_subset or split.stable_subset:
        wanted = [
            ("Canary DestinationRule subset", split.canary_subset),
            ("Stable DestinationRule subset", split.stable_subset),
        ]
        present = {_subset(one) for one in destinations}
    else:
        wanted = [("Canary Service", split.canary_service), ("Stable Service", split.stable_service)]
        present = {short_host(one) for one in destinations}
    for role, name in wanted:
        if name not in present:
            raise RoutingFailed(
                f"{role} '{name}' not found in route", suggestion="add it as a destination of the route"
            )


def header_route(header: JsonObject, split: Split, routes: Sequence[JsonObject]) -> JsonObject:
    """All requests whose headers match go to the canary."""
    destination: JsonObject = {"host": split.host or split.canary_service}
    if port := _canary_port(split, routes):
        destination["port"] = port
    if split.canary_subset:
        destination["subset"] = split.canary_subset
    return {
        "name": header["name"],
        "match": [{"headers": {one["headerName"]: _texts(one.get("headerValue") or {})}} for one in header["match"]],
        "route": [{"destination": destination, "weight": 100}],
    }


def _texts(value: JsonObject) -> JsonObject:
    return {kind: value[kind] for kind in ("exact", "regex", "prefix") if value.get(kind)}


def _canary_port(split: Split, routes: Sequence[JsonObject]) -> Any:
    for route in routes:
        for one in route.get("route") or ():
            if _is_canary(one, split) and (port := one["destination"].get("port")):
                return {"number": port.get("number")}
    return None


def mirror_route(mirror: JsonObject, split: Split, destinations: list[JsonObject]) -> JsonObject:
    """Requests that match are served as before, and copies of them go to the canary."""
    target: JsonObject = {"host": split.host or split.canary_service}
    if split.canary_subset:
        target["subset"] = split.canary_subset
    if destinations and (port := (destinations[0].get("destination") or {}).get("port")):
        target["port"] = {"number": port.get("number")}
    percentage = mirror.get("percentage")
    return {
        "name": mirror["name"],
        "match": [_mirror_match(one) for one in mirror["match"]],
        "route": destinations,
        "mirror": target,
        "mirrorPercentage": {"value": 100 if percentage is None else percentage},
    }


def _mirror_match(match: JsonObject) -> JsonObject:
    found: JsonObject = {}
    for ours, theirs in (("method", "method"), ("path", "uri")):
        if value := match.get(ours):
            found[theirs] = _texts(value)
    if headers := match.get("headers"):
        found["headers"] = {name: _texts(value) for name, value in headers.items()}
    return found
