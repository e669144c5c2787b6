"""AWS Load Balancer Controller: weights in an annotation of an Ingress, header routes as conditions and paths."""

import json
from collections.abc import Callable
from typing import Any

from gitsync.manifest.object import JsonObject
from gitsync.rollout.routing.values import (
    Address,
    RoutedRollout,
    Router,
    Traffic,
    by_name,
    change,
    ingress_without,
    required,
    with_annotations,
    with_field,
)
from gitsync.rollout.values import Event, LiveObjects, Needed, Patch, Routed, RoutingFailed

MANAGED_ANNOTATIONS = "rollouts.argoproj.io/managed-alb-annotations"
_PREFIX = "alb.ingress.kubernetes.io"
_USE_ANNOTATION = "use-annotation"
_MAX_STICKY_SECONDS = 604_800


def alb_spec(rollout: RoutedRollout) -> JsonObject:
    alb: JsonObject = rollout.routing.get("alb") or {}
    return alb


def alb_ingresses(rollout: RoutedRollout) -> list[tuple[str, tuple[int, ...]]]:
    """Each Ingress with the ports of the services behind it."""
    spec = alb_spec(rollout)
    named = [str(name) for name in spec.get("ingresses") or [spec.get("ingress", "")]]
    by_ingress = {one.get("ingress"): tuple(one.get("servicePorts") or ()) for one in spec.get("servicePorts") or ()}
    default = (int(spec["servicePort"]),) if spec.get("servicePort") else ()
    return [(name, by_ingress.get(name, default)) for name in named]


def ingress_address(rollout: RoutedRollout, name: str) -> Address:
    return rollout.address(rollout.settings.ingress_version, "Ingress", name)


def _needs(rollout: RoutedRollout) -> tuple[Needed, ...]:
    return by_name(*(ingress_address(rollout, name) for name, _ in alb_ingresses(rollout)))


def _named(rollout: RoutedRollout) -> list[tuple[str, Address]]:
    field = "alb.ingresses" if alb_spec(rollout).get("ingresses") else "alb.ingress"
    return [(field, ingress_address(rollout, name)) for name, _ in alb_ingresses(rollout)]


def _route(rollout: RoutedRollout, traffic: Traffic, objects: LiveObjects) -> Routed:
    patches: list[Patch] = []
    events: list[Event] = []
    for name, ports in alb_ingresses(rollout):
        address = ingress_address(rollout, name)
        live = required(objects, address)
        after = live
        for wanted, apply, message in _changes(rollout, traffic, name, ports):
            before, after = after, apply(after) if wanted else after
            events += [Event("PatchingALBIngress", message)] if before != after else []
        patches += change(address, live, after)
    return Routed(patches=tuple(patches), events=tuple(events))


def _changes(
    rollout: RoutedRollout, traffic: Traffic, name: str, ports: tuple[int, ...]
) -> list[tuple[bool, Callable[[JsonObject], JsonObject], str]]:
    header = traffic.header_route
    return [
        (
            traffic.remove_managed_routes and bool(rollout.managed_routes),
            lambda body: _without_managed(rollout, body),
            f"Updating Ingress `{name}` removing managed routes",
        ),
        (
            header is not None,
            lambda body: _with_header(rollout, header or {}, ports, body),
            f"Updating Ingress `{name}` to headerRoute '{(header or {}).get('name', '')}'",
        ),
        (
            traffic.weight is not None,
            lambda body: _with_weights(rollout, traffic, ports, body),
            f"Updating Ingress `{name}` to desiredWeight '{traffic.weight}'",
        ),
    ]


def _key(rollout: RoutedRollout, kind: str, name: str) -> str:
    return f"{alb_spec(rollout).get('annotationPrefix') or _PREFIX}/{kind}.{name}"


def _with_weights(rollout: RoutedRollout, traffic: Traffic, ports: tuple[int, ...], body: JsonObject) -> JsonObject:
    service = alb_spec(rollout).get("rootService") or rollout.stable_service
    if service not in _services(body):
        raise RoutingFailed(
            f"ingress does not have service `{service}` in rules",
            suggestion="add a path with that service to the Ingress",
        )
    shares = [(rollout.canary_service, traffic.canary_weight)]
    shares += [(one.service_name, one.weight) for one in traffic.additional]
    shares.append((rollout.stable_service, traffic.stable_weight))
    key = _key(rollout, "actions", service)
    return _managed(rollout, with_annotations(body, {key: _forward(rollout, ports, shares)}), add=(key,))


def _services(body: JsonObject) -> set[str]:
    return {_service_of(path) for rule in _rules(body) for path in (rule.get("http") or {}).get("paths") or ()}


def _rules(body: JsonObject) -> list[JsonObject]:
    return list((body.get("spec") or {}).get("rules") or ())


def _service_of(path: JsonObject) -> str:
    return str(((path.get("backend") or {}).get("service") or {}).get("name", ""))


def _forward(rollout: RoutedRollout, ports: tuple[int, ...], shares: list[tuple[str, int]]) -> str:
    groups = [
        {"ServiceName": service, "ServicePort": str(port), "Weight": weight}
        for service, weight in shares
        for port in ports
    ]
    forward: JsonObject = {"TargetGroups": groups}
    sticky = alb_spec(rollout).get("stickinessConfig") or {}
    if sticky.get("enabled"):
        seconds = int(sticky.get("durationSeconds") or 0)
        if not 1 <= seconds <= _MAX_STICKY_SECONDS:
            raise RoutingFailed(
                "TargetGroupStickinessConfig's duration must be between 1 and 604800 seconds (7 days)!",
                suggestion="correct trafficRouting.alb.stickinessConfig.durationSeconds",
            )
        forward["TargetGroupStickinessConfig"] = {"Enabled": True, "DurationSeconds": seconds}
    return _json({"Type": "forward", "ForwardConfig": forward})


def _json(value: Any) -> str:
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False)


def _managed(
    rollout: RoutedRollout, body: JsonObject, *, add: tuple[str, ...] = (), drop: tuple[str, ...] = ()
) -> JsonObject:
    """The list of annotations that Rollouts manage here, kept per Rollout in an annotation of its own."""
    written = (body["metadata"].get("annotations") or {}).get(MANAGED_ANNOTATIONS) or "{}"
    try:
        managed = json.loads(written)
    except ValueError as failure:
        raise RoutingFailed(
            f"annotation {MANAGED_ANNOTATIONS} of Ingress {body['metadata']['name']} is no JSON",
            suggestion="remove the annotation",
        ) from failure
    keys = [key for key in managed.get(rollout.name) or () if key not in drop]
    managed[rollout.name] = keys + [key for key in add if key not in keys]
    return with_annotations(body, {MANAGED_ANNOTATIONS: _json(dict(sorted(managed.items())))})


def _with_header(rollout: RoutedRollout, header: JsonObject, ports: tuple[int, ...], body: JsonObject) -> JsonObject:
    name = str(header["name"])
    action, condition = _key(rollout, "actions", name), _key(rollout, "conditions", name)
    if header.get("match") is None:
        gone = _managed(rollout, with_annotations(body, {action: None, condition: None}), drop=(action, condition))
        return _without_paths(gone, (name,))
    conditions = [
        {
            "field": "http-header",
            "httpHeaderConfig": {
                "httpHeaderName": match.get("headerName", ""),
                "values": [(match.get("headerValue") or {}).get("exact", "")],
            },
        }
        for match in header["match"]
    ]
    forward = _forward(rollout, ports, [(rollout.canary_service, 100)])
    annotated = with_annotations(body, {action: forward, condition: _json(conditions)})
    annotated = _managed(rollout, annotated, add=(action, condition))
    if name in _services(annotated):
        return annotated
    return _with_path(rollout, annotated, name)


def _with_path(rollout: RoutedRollout, body: JsonObject, name: str) -> JsonObject:
    """In every rule, before the paths that people wrote, and in the order of the managed routes."""
    path = {
        "path": "/*",
        "pathType": "ImplementationSpecific",
        "backend": {"service": {"name": name, "port": {"name": _USE_ANNOTATION}}},
    }
    order = {route: position for position, route in enumerate(rollout.managed_routes)}
    rules = [
        {
            **rule,
            "http": {
                **rule["http"],
                "paths": sorted(
                    [path, *(rule["http"].get("paths") or ())], key=lambda one: order.get(_service_of(one), len(order))
                ),
            },
        }
        if rule.get("http")
        else rule
        for rule in _rules(body)
    ]
    return with_field(body, ("spec", "rules"), rules)


def _without_paths(body: JsonObject, names: tuple[str, ...]) -> JsonObject:
    if not _services(body) & set(names):
        return body
    rules = []
    for rule in _rules(body):
        paths = [path for path in (rule.get("http") or {}).get("paths") or () if _service_of(path) not in names]
        rules.append({**rule, "http": {**rule["http"], "paths": paths}} if rule.get("http") else rule)
    return with_field(body, ("spec", "rules"), rules)


def _without_managed(rollout: RoutedRollout, body: JsonObject) -> JsonObject:
    names = rollout.managed_routes
    keys = tuple(_key(rollout, kind, name) for name in names for kind in ("actions", "conditions"))
    present = body["metadata"].get("annotations") or {}
    if not any(key in present for key in keys) and not _services(body) & set(names):
        return body
    bare = _managed(rollout, with_annotations(body, dict.fromkeys(keys)), drop=keys)
    return _without_paths(bare, names)


def _unfit(rollout: RoutedRollout, address: Address, body: JsonObject) -> str:
    return ingress_without(body, str(alb_spec(rollout).get("rootService") or rollout.stable_service))


ALB = Router("alb", _needs, _route, splits_experiments=True, has_header_routes=True, named=_named, unfit=_unfit)
