"""Gateway API: weights of backendRefs in HTTP, gRPC, TCP and TLS routes; header and mirror rules for HTTP.

Configured as the plugin of that name is (`trafficRouting.plugins."argoproj-labs/gatewayAPI"`), or in the same words
under `trafficRouting.gatewayAPI`.
"""

from dataclasses import dataclass
from typing import Any

from gitsync.manifest.object import JsonObject
from gitsync.rollout.routing.gateway_rules import header_rules, is_managed, mirror_rules, splits, weighted_rule
from gitsync.rollout.routing.label_selector import selector_text, selects
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
from model.identity import GroupVersionKind

PLUGIN = "argoproj-labs/gatewayAPI"
_KINDS = {"http": "HTTPRoute", "grpc": "GRPCRoute", "tcp": "TCPRoute", "tls": "TLSRoute"}
_ALPHA = ("tcp", "tls")
_LABEL, _LABEL_VALUE = "rollouts.argoproj.io/gatewayapi-canary", "in-progress"


@dataclass(frozen=True, slots=True)
class _Named:
    protocol: str
    address: Address
    rule_name: str
    headers: bool


def gateway_spec(rollout: RoutedRollout) -> JsonObject | None:
    spec: JsonObject | None = (rollout.routing.get("plugins") or {}).get(PLUGIN) or rollout.routing.get("gatewayAPI")
    return spec


def _spec(rollout: RoutedRollout) -> JsonObject:
    return gateway_spec(rollout) or {}


def _address(rollout: RoutedRollout, protocol: str, name: str) -> Address:
    namespace = str(_spec(rollout).get("namespace") or "")
    return rollout.address(_version(rollout, protocol), _KINDS[protocol], name, namespace)


def _version(rollout: RoutedRollout, protocol: str) -> str:
    group, _, version = rollout.settings.gateway_version.partition("/")
    return f"{group}/{'v1alpha2' if protocol in _ALPHA else version}"


def _named_routes(rollout: RoutedRollout) -> list[_Named]:
    spec = _spec(rollout)
    found: list[_Named] = []
    for protocol in _KINDS:
        if name := spec.get(f"{protocol}Route"):
            rule = str(spec.get(f"{protocol}RouteRuleName") or "")
            found.append(_Named(protocol, _address(rollout, protocol, name), rule, headers=True))
        for one in spec.get(f"{protocol}Routes") or ():
            address = _address(rollout, protocol, str(one.get("name", "")))
            rule = str(one.get("ruleName") or "")
            found.append(_Named(protocol, address, rule, headers=bool(one.get("useHeaderRoutes"))))
    return found


def _needs(rollout: RoutedRollout) -> tuple[Needed, ...]:
    return (*by_name(*(one.address for one in _named_routes(rollout))), *_selects(rollout))


def _selects(rollout: RoutedRollout) -> tuple[Needed, ...]:
    spec = _spec(rollout)
    namespace = str(spec.get("namespace") or rollout.namespace)
    return tuple(
        Needed(GroupVersionKind.parse(_version(rollout, protocol), kind), namespace, selector=selector_text(selector))
        for protocol, kind in _KINDS.items()
        if (selector := spec.get(f"{protocol}RouteSelector"))
    )


def _route(rollout: RoutedRollout, traffic: Traffic, objects: LiveObjects) -> Routed:
    """Routes that are found by label have their weights set like those that are named."""
    named = _named_routes(rollout)
    protocols = {kind: protocol for protocol, kind in _KINDS.items()}
    selected = {one.gvk.kind for one in _selects(rollout)}
    known = {one.address.key for one in named}
    found = [
        _Named(protocols[key.kind], _address(rollout, protocols[key.kind], key.name), "", headers=True)
        for key, body in objects.items()
        if key.kind in selected and key not in known and _selected(rollout, protocols[key.kind], body)
    ]
    if not named and not found:
        raise RoutingFailed(
            f"Rollout {rollout.namespace}/{rollout.name} names no route of the Gateway API",
            suggestion=f'set httpRoute or httpRoutes under trafficRouting.plugins."{PLUGIN}"',
        )
    patches: list[Patch] = []
    for one in (*named, *sorted(found, key=lambda route: route.address.name)):
        live = required(objects, one.address)
        patches += change(one.address, live, _with_rules(rollout, traffic, live, one))
    return Routed(patches=tuple(patches))


def _selected(rollout: RoutedRollout, protocol: str, body: JsonObject) -> bool:
    metadata = body.get("metadata") or {}
    here = metadata.get("namespace") == (_spec(rollout).get("namespace") or rollout.namespace)
    return here and selects(_spec(rollout)[f"{protocol}RouteSelector"], metadata.get("labels") or {})


def _with_rules(rollout: RoutedRollout, traffic: Traffic, live: JsonObject, named: _Named) -> JsonObject:
    rules: list[Any] = list((live.get("spec") or {}).get("rules") or ())
    header, mirror = traffic.header_route, traffic.mirror_route
    if traffic.remove_managed_routes:
        rules = [rule for rule in rules if not is_managed(rule, rollout.managed_routes)]
    if header is not None and named.headers and named.protocol in ("http", "grpc"):
        rules = [rule for rule in rules if not is_managed(rule, (header["name"],))]
        sources = [rule for rule in rules if not is_managed(rule, rollout.managed_routes)]
        rules += header_rules(header, sources, rollout, named.rule_name) if header.get("match") else []
    if mirror is not None and named.protocol == "http":
        rules = [rule for rule in rules if not is_managed(rule, (mirror["name"],))]
        sources = [rule for rule in rules if not is_managed(rule, rollout.managed_routes)]
        rules += mirror_rules(mirror, sources, rollout, named.rule_name) if mirror.get("match") else []
    if not any(_driven(rollout, rule, named) for rule in rules):
        wanted = f"rule `{named.rule_name}`" if named.rule_name else "rule"
        raise RoutingFailed(
            f"{named.address} has no {wanted} with both {rollout.stable_service} and {rollout.canary_service}",
            suggestion="add both services to the backendRefs of a rule",
        )
    if traffic.weight is None:
        return with_field(live, ("spec", "rules"), rules)
    rules = [weighted_rule(rule, rollout, traffic) if _weighs(rollout, rule, named) else rule for rule in rules]
    return _labelled(rollout, traffic, with_field(live, ("spec", "rules"), rules))


def _driven(rollout: RoutedRollout, rule: JsonObject, named: _Named) -> bool:
    if is_managed(rule, rollout.managed_routes) or not splits(rule, rollout):
        return False
    return not named.rule_name or rule.get("name") == named.rule_name


def _weighs(rollout: RoutedRollout, rule: JsonObject, named: _Named) -> bool:
    """A mirror rule answers requests too, so its weights follow; a header rule knows the canary only."""
    managed = is_managed(rule, rollout.managed_routes)
    return _driven(rollout, rule, named) or (managed and splits(rule, rollout))


def _labelled(rollout: RoutedRollout, traffic: Traffic, body: JsonObject) -> JsonObject:
    """Tells tools that compare with Git to look away while the weights are not those of rest."""
    spec = _spec(rollout)
    if spec.get("disableInProgressLabel"):
        return body
    key, value = spec.get("inProgressLabelKey") or _LABEL, spec.get("inProgressLabelValue") or _LABEL_VALUE
    labels = dict(body["metadata"].get("labels") or {})
    if traffic.canary_weight > 0 or traffic.additional:
        labels[key] = value
    elif key in labels:
        del labels[key]
    else:
        return body
    return with_field(body, ("metadata", "labels"), labels)


GATEWAY_API = Router(
    "gatewayAPI",
    _needs,
    _route,
    splits_experiments=True,
    has_header_routes=True,
    has_mirror_routes=True,
)
