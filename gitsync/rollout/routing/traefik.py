"""Traefik: the weights of a weighted TraefikService."""

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
from gitsync.rollout.values import LiveObjects, Needed, Routed, RoutingFailed

_SERVICES = ("spec", "weighted", "services")


def _address(rollout: RoutedRollout) -> Address:
    name = str((rollout.routing.get("traefik") or {}).get("weightedTraefikServiceName", ""))
    return rollout.address(rollout.settings.traefik_version, "TraefikService", name)


def _needs(rollout: RoutedRollout) -> tuple[Needed, ...]:
    return by_name(_address(rollout))


def _route(rollout: RoutedRollout, traffic: Traffic, objects: LiveObjects) -> Routed:
    if traffic.weight is None:
        return Routed()
    address = _address(rollout)
    live = required(objects, address)
    services = ((live.get("spec") or {}).get("weighted") or {}).get("services")
    if not isinstance(services, list):
        raise RoutingFailed(
            f"{address}: spec.weighted.services was not found", suggestion="list the two services of the Rollout there"
        )
    weights = {rollout.canary_service: traffic.canary_weight, rollout.stable_service: traffic.stable_weight}
    names = {one.get("name") for one in services}
    for role, service in (("canary", rollout.canary_service), ("stable", rollout.stable_service)):
        if service not in names:
            raise RoutingFailed(
                f"{address}: traefik {role} service was not found",
                suggestion=f"add {service} to spec.weighted.services",
            )
    after = [_weighted(one, weights) for one in services]
    return Routed(patches=change(address, live, with_field(live, _SERVICES, after)))


def _weighted(service: JsonObject, weights: dict[str, int]) -> JsonObject:
    name = service.get("name", "")
    return {**service, "weight": weights[name]} if name in weights else service


TRAEFIK = Router("traefik", _needs, _route)
