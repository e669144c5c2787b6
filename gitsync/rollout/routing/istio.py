"""Istio: weights, header and mirror routes of VirtualServices; pod hashes in the subsets of a DestinationRule."""

from gitsync.manifest.object import JsonObject
from gitsync.rollout.routing.istio_routes import (
    Split,
    chosen_routes,
    header_route,
    mirror_route,
    weighted,
)
from gitsync.rollout.routing.values import (
    Address,
    RoutedRollout,
    Router,
    Traffic,
    by_name,
    change,
    in_managed_order,
    joined,
    with_annotations,
    with_field,
)
from gitsync.rollout.values import Event, LiveObjects, Needed, Patch, Routed, RoutingFailed
from model.kinds.rollout import HASH_LABEL, MANAGED_BY

_UPDATED = "Updated VirtualService"


def _spec(rollout: RoutedRollout) -> JsonObject:
    istio: JsonObject = rollout.routing.get("istio") or {}
    return istio


def _virtual_services(rollout: RoutedRollout) -> list[tuple[Address, JsonObject]]:
    """Each with what the Rollout says about it. A name may carry its namespace: `name.namespace`."""
    spec = _spec(rollout)
    named = spec.get("virtualServices") or ([spec["virtualService"]] if spec.get("virtualService") else [])
    found = []
    for one in named:
        full = str(one.get("name", "")).removesuffix(".cluster.local").removesuffix(".svc")
        name, dot, namespace = full.rpartition(".")
        if not dot:
            name, namespace = full, ""
        found.append((rollout.address(rollout.settings.istio_version, "VirtualService", name, namespace), one))
    return found


def _destination_rule(rollout: RoutedRollout) -> Address | None:
    rule = _spec(rollout).get("destinationRule")
    return rollout.address(rollout.settings.istio_version, "DestinationRule", rule["name"]) if rule else None


def _needs(rollout: RoutedRollout) -> tuple[Needed, ...]:
    rule = _destination_rule(rollout)
    return by_name(*(address for address, _ in _virtual_services(rollout)), *((rule,) if rule else ()))


def _named(rollout: RoutedRollout) -> list[tuple[str, Address]]:
    field = "istio.virtualServices.name" if _spec(rollout).get("virtualServices") else "istio.virtualService.name"
    return [(field, address) for address, _ in _virtual_services(rollout)]


def _unfit(rollout: RoutedRollout, address: Address, body: JsonObject) -> str:
    spec = body.get("spec") or {}
    wanted = next(one for where, one in _virtual_services(rollout) if where == address)
    protocols = [protocol for protocol in ("http", "tls", "tcp") if spec.get(protocol)]
    if not protocols:
        return "Unable to get any of the HTTP, TCP or TLS routes for the Istio VirtualService"
    for protocol in protocols:
        try:
            chosen_routes(spec[protocol], wanted, protocol, rollout.managed_routes, _split(rollout, Traffic(None), ""))
        except RoutingFailed as problem:
            return f"Istio VirtualService has invalid {protocol.upper()} routes. Error: {problem.message}"
    return ""


def _route(rollout: RoutedRollout, traffic: Traffic, objects: LiveObjects) -> Routed:
    """The subsets first: weights must not send requests to pods that no subset selects yet. But the share of a canary
    that is overtaken goes before its subset turns to the next one, which has no pods yet.
    """
    rule = _destination_rule(rollout)
    host = str((_present(objects, rule).get("spec") or {}).get("host", "")) if rule else ""
    split = _split(rollout, traffic, host)
    subsets = Routed()
    if rule is not None and (made := _update_subsets(rollout, traffic, rule, _present(objects, rule))):
        subsets = Routed(patches=made, events=(_subset_event(rollout, traffic),))
    weights = joined(
        _route_requests(rollout, traffic, _present(objects, address), address, wanted, split)
        for address, wanted in _virtual_services(rollout)
    )
    overtaken = traffic.weight == 0 and traffic.canary_hash != traffic.stable_hash
    return joined((weights, subsets) if overtaken else (subsets, weights))


def _route_requests(
    rollout: RoutedRollout, traffic: Traffic, live: JsonObject, address: Address, wanted: JsonObject, split: Split
) -> Routed:
    after, told = _with_routes(rollout, traffic, live, wanted, split, address.name)
    made = change(address, live, after)
    return Routed(patches=made, events=tuple(told) if made else ())


def _present(objects: LiveObjects, address: Address) -> JsonObject:
    body = objects.get(address.key)
    if body is None:
        raise RoutingFailed(f"{address.kind} `{address.name}` not found", suggestion=f"create {address}")
    return body


def _split(rollout: RoutedRollout, traffic: Traffic, host: str) -> Split:
    rule = _spec(rollout).get("destinationRule") or {}
    return Split(
        canary_service=rollout.canary_service,
        stable_service=rollout.stable_service,
        canary_subset=rule.get("canarySubsetName", ""),
        stable_subset=rule.get("stableSubsetName", ""),
        kept_subsets=tuple(rule.get("additionalSubsetNames") or ()),
        host=host,
        weight=traffic.canary_weight,
        stable_weight=traffic.stable_weight,
        additional=traffic.additional,
    )


def _with_routes(
    rollout: RoutedRollout, traffic: Traffic, live: JsonObject, wanted: JsonObject, split: Split, name: str
) -> tuple[JsonObject, list[Event]]:
    """The VirtualService with everything that `traffic` says, and what to tell about it."""
    events: list[Event] = []
    after = live
    if traffic.remove_managed_routes and rollout.managed_routes:
        after = _without(after, rollout.managed_routes)
        events += _event(live, after, f"VirtualService `{name}` removed all managed routes.")
    if (header := traffic.header_route) is not None:
        before, after = after, _without(after, (header["name"],))
        if header.get("match"):
            made = header_route(header, split, (after.get("spec") or {}).get("http") or [])
            after = _with_http(rollout, after, [*_http(after), made])
        events += _event(before, after, f"VirtualService `{name}` set headerRoute '{header['name']}'")
    if (mirror := traffic.mirror_route) is not None:
        before, after = after, _without(after, (mirror["name"],))
        if mirror.get("match"):
            routes = _http(after)
            chosen = chosen_routes(routes, wanted, "http", rollout.managed_routes, split)
            made = mirror_route(mirror, split, routes[chosen[0]].get("route") or [])
            after = _with_http(rollout, after, [made, *routes])
        events += _event(before, after, f"VirtualService `{name}` set mirrorRoute '{mirror['name']}'")
    if traffic.weight is not None:
        before, after = after, _with_weights(rollout, after, wanted, split)
        events += _event(before, after, f"VirtualService `{name}` set to desiredWeight '{traffic.weight}'")
    return after, events


def _event(before: JsonObject, after: JsonObject, message: str) -> list[Event]:
    return [Event(_UPDATED, message)] if before != after else []


def _with_weights(rollout: RoutedRollout, body: JsonObject, wanted: JsonObject, split: Split) -> JsonObject:
    spec = body.get("spec") or {}
    changed: JsonObject = {}
    for protocol in ("http", "tls", "tcp"):
        routes = spec.get(protocol)
        if not routes:
            continue
        chosen = chosen_routes(routes, wanted, protocol, rollout.managed_routes, split)
        changed[protocol] = [
            {**route, "route": weighted(route.get("route") or [], split)} if position in chosen else route
            for position, route in enumerate(routes)
        ]
    if not changed:
        raise RoutingFailed(
            f"VirtualService `{body['metadata']['name']}` has no http, tls or tcp routes",
            suggestion="add a route to the stable and the canary service",
        )
    if all(changed[protocol] == spec[protocol] for protocol in changed):
        return body
    after = {**body, "spec": {**spec, **changed}}
    return _with_http(rollout, after, changed["http"]) if "http" in changed else after


def _http(body: JsonObject) -> list[JsonObject]:
    routes = (body.get("spec") or {}).get("http")
    if not isinstance(routes, list):
        raise RoutingFailed(
            f"VirtualService `{body['metadata']['name']}`: spec.http not found",
            suggestion="header and mirror routes need http routes",
        )
    return routes


def _with_http(rollout: RoutedRollout, body: JsonObject, routes: list[JsonObject]) -> JsonObject:
    ordered = in_managed_order(routes, rollout.managed_routes, lambda route: str(route.get("name", "")))
    return with_field(body, ("spec", "http"), ordered)


def _without(body: JsonObject, names: tuple[str, ...]) -> JsonObject:
    routes = (body.get("spec") or {}).get("http")
    if not routes or not any(route.get("name") in names for route in routes):
        return body
    return with_field(body, ("spec", "http"), [route for route in routes if route.get("name") not in names])


def _update_subsets(rollout: RoutedRollout, traffic: Traffic, address: Address, live: JsonObject) -> tuple[Patch, ...]:
    """Subsets of experiments come and go; any other subset that the Rollout does not name goes, and what it names as
    additional is left as it is.
    """
    rule = _spec(rollout)["destinationRule"]
    hashes = {one.service_name: one.pod_template_hash for one in traffic.additional}
    hashes |= {rule.get("canarySubsetName"): traffic.canary_hash, rule.get("stableSubsetName"): traffic.stable_hash}
    kept = rule.get("additionalSubsetNames") or ()
    subsets = [
        _with_hash(subset, hashes[subset["name"]]) if subset.get("name") in hashes else subset
        for subset in (live.get("spec") or {}).get("subsets") or ()
        if subset.get("name") in hashes or subset.get("name") in kept
    ]
    present = {subset["name"] for subset in subsets}
    for role in ("canarySubsetName", "stableSubsetName"):
        if rule.get(role) not in present:
            raise RoutingFailed(
                f"{address}: subset '{rule.get(role)}' not found", suggestion="add the subset that the Rollout names"
            )
    subsets += [
        {"name": one.service_name, "labels": {HASH_LABEL: one.pod_template_hash}}
        for one in traffic.additional
        if one.service_name not in present
    ]
    after = with_field(with_annotations(live, {MANAGED_BY: rollout.name}), ("spec", "subsets"), subsets)
    return change(address, live, after)


def _with_hash(subset: JsonObject, pod_template_hash: str) -> JsonObject:
    labels = {key: value for key, value in (subset.get("labels") or {}).items() if key != HASH_LABEL}
    if pod_template_hash:
        labels[HASH_LABEL] = pod_template_hash
    return {**subset, "labels": labels}


def _subset_event(rollout: RoutedRollout, traffic: Traffic) -> Event:
    rule = _spec(rollout)["destinationRule"]
    canary, stable = rule["canarySubsetName"], rule["stableSubsetName"]
    return Event(
        "UpdatedDestinationRule",
        f"DestinationRule {rule['name']} subset updated "
        f"({canary}: {traffic.canary_hash}, {stable}: {traffic.stable_hash})",
    )


ISTIO = Router(
    "istio",
    _needs,
    _route,
    splits_experiments=True,
    has_header_routes=True,
    has_mirror_routes=True,
    named=_named,
    unfit=_unfit,
)
