"""ingress-nginx: a second Ingress, owned by the Rollout, that takes a share of the stable one's requests."""

from gitsync.manifest.object import JsonObject
from gitsync.rollout.routing.values import (
    Address,
    RoutedRollout,
    Router,
    Traffic,
    by_name,
    change,
    ingress_without,
    joined,
    required,
)
from gitsync.rollout.values import Event, LiveObjects, Needed, Routed, RoutingFailed

_SUFFIX = "-canary"
_MAX_NAME = 253
_CLASS = "kubernetes.io/ingress.class"
_PREFIX = "nginx.ingress.kubernetes.io"


def _spec(rollout: RoutedRollout) -> JsonObject:
    nginx: JsonObject = rollout.routing.get("nginx") or {}
    return nginx


def _stable_names(rollout: RoutedRollout) -> list[str]:
    spec = _spec(rollout)
    return list(spec.get("stableIngresses") or [spec.get("stableIngress", "")])


def canary_ingress_name(rollout: str, stable_ingress: str) -> str:
    return f"{rollout}-{stable_ingress}"[: _MAX_NAME - len(_SUFFIX)] + _SUFFIX


def _address(rollout: RoutedRollout, name: str) -> Address:
    return rollout.address(rollout.settings.ingress_version, "Ingress", name)


def _needs(rollout: RoutedRollout) -> tuple[Needed, ...]:
    stable_names = _stable_names(rollout)
    names = [name for stable in stable_names for name in (stable, canary_ingress_name(rollout.name, stable))]
    return by_name(*(_address(rollout, name) for name in names))


def _named(rollout: RoutedRollout) -> list[tuple[str, Address]]:
    field = "nginx.stableIngresses" if _spec(rollout).get("stableIngresses") else "nginx.stableIngress"
    return [(field, _address(rollout, name)) for name in _stable_names(rollout)]


def _route(rollout: RoutedRollout, traffic: Traffic, objects: LiveObjects) -> Routed:
    if traffic.weight is None:
        return Routed()
    return joined(_route_one(rollout, traffic, objects, name) for name in _stable_names(rollout))


def _route_one(rollout: RoutedRollout, traffic: Traffic, objects: LiveObjects, stable_name: str) -> Routed:
    stable = required(objects, _address(rollout, stable_name))
    address = _address(rollout, canary_ingress_name(rollout.name, stable_name))
    wanted = _canary_ingress(rollout, traffic, stable, address)
    live = objects.get(address.key)
    if live is None:
        message = f"Creating canary ingress `{address.name}` with weight `{traffic.canary_weight}`"
        return Routed(creates=(wanted,), events=(Event("CreatingCanaryIngress", message),))
    if not rollout.controls(live):
        raise RoutingFailed(
            f"canary ingress `{address.name}` controlled by different object",
            suggestion="delete or rename that Ingress: the Rollout needs its name",
        )
    after = {**live, "spec": wanted["spec"]}
    after["metadata"] = {**live["metadata"], "annotations": wanted["metadata"]["annotations"]}
    patches = change(address, live, after)
    message = f"Updating Ingress `{address.name}` to desiredWeight '{traffic.canary_weight}'"
    return Routed(patches=patches, events=(Event("PatchingCanaryIngress", message),) if patches else ())


def _canary_ingress(rollout: RoutedRollout, traffic: Traffic, stable: JsonObject, address: Address) -> JsonObject:
    rules = _canary_rules(rollout, stable)
    if not rules:
        raise RoutingFailed(
            f"ingress `{stable['metadata']['name']}` has no rules using service {rollout.stable_service} backend",
            suggestion="let a rule of the stable Ingress point to the Rollout's stableService",
        )
    spec: JsonObject = {"rules": rules}
    for name in ("ingressClassName", "tls"):
        if (value := stable["spec"].get(name)) is not None:
            spec[name] = value
    return {
        "apiVersion": address.api_version,
        "kind": "Ingress",
        "metadata": {
            "name": address.name,
            "namespace": address.namespace,
            "annotations": _annotations(rollout, traffic, stable),
            "ownerReferences": [rollout.owner_reference()],
        },
        "spec": spec,
    }


def _annotations(rollout: RoutedRollout, traffic: Traffic, stable: JsonObject) -> dict[str, str]:
    spec = _spec(rollout)
    prefix = spec.get("annotationPrefix") or _PREFIX
    annotations: dict[str, str] = {}
    if ingress_class := (stable["metadata"].get("annotations") or {}).get(_CLASS):
        annotations[_CLASS] = ingress_class
    for key, value in (spec.get("additionalIngressAnnotations") or {}).items():
        annotations[key if key.startswith(prefix) else f"{prefix}/{key}"] = str(value)
    annotations.update({key: str(value) for key, value in (spec.get("canaryIngressAnnotations") or {}).items()})
    annotations[f"{prefix}/canary"] = "true"
    annotations[f"{prefix}/canary-weight"] = str(traffic.canary_weight)
    if (total := rollout.routing.get("maxTrafficWeight")) is not None:
        annotations[f"{prefix}/canary-weight-total"] = str(total)
    return annotations


def _canary_rules(rollout: RoutedRollout, stable: JsonObject) -> list[JsonObject]:
    """Whole rules that lead to the stable service somewhere, with that service exchanged."""
    rules: list[JsonObject] = []
    for rule in stable["spec"].get("rules") or ():
        paths = [_canary_path(rollout, path) for path in (rule.get("http") or {}).get("paths") or ()]
        if any(replaced for replaced, _ in paths):
            rules.append({**rule, "http": {**rule["http"], "paths": [path for _, path in paths]}})
    return rules


def _canary_path(rollout: RoutedRollout, path: JsonObject) -> tuple[bool, JsonObject]:
    service = (path.get("backend") or {}).get("service") or {}
    if service.get("name") != rollout.stable_service:
        return False, path
    backend = {**path["backend"], "service": {**service, "name": rollout.canary_service}}
    return True, {**path, "backend": backend}


def _unfit(rollout: RoutedRollout, address: Address, body: JsonObject) -> str:
    return ingress_without(body, rollout.stable_service)


NGINX = Router("nginx", _needs, _route, named=_named, unfit=_unfit)
