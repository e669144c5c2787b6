"""Service Mesh Interface: a TrafficSplit that the Rollout owns."""

from typing import Any

from gitsync.manifest.object import JsonObject
from gitsync.rollout.routing.values import Address, RoutedRollout, Router, Traffic, by_name, change
from gitsync.rollout.values import Event, LiveObjects, Needed, Routed, RoutingFailed


def _address(rollout: RoutedRollout) -> Address:
    name = (rollout.routing.get("smi") or {}).get("trafficSplitName") or rollout.name
    return rollout.address(rollout.settings.smi_version, "TrafficSplit", name)


def _needs(rollout: RoutedRollout) -> tuple[Needed, ...]:
    return by_name(_address(rollout))


def _route(rollout: RoutedRollout, traffic: Traffic, objects: LiveObjects) -> Routed:
    if traffic.weight is None:
        return Routed()
    address = _address(rollout)
    live = objects.get(address.key)
    if live is None:
        body = {
            "apiVersion": address.api_version,
            "kind": "TrafficSplit",
            "metadata": {
                "name": address.name,
                "namespace": address.namespace,
                "ownerReferences": [rollout.owner_reference()],
            },
            "spec": _spec(rollout, traffic),
        }
        event = Event("TrafficSplitCreated", f"TrafficSplit `{address.name}` created")
        return Routed(creates=(body,), events=(event,))
    if not rollout.controls(live):
        raise RoutingFailed(
            f"Rollout does not own TrafficSplit `{address.name}`",
            suggestion="delete that TrafficSplit, or name another one in trafficRouting.smi.trafficSplitName",
        )
    return Routed(patches=change(address, live, {**live, "spec": _spec(rollout, traffic)}))


def _spec(rollout: RoutedRollout, traffic: Traffic) -> JsonObject:
    shares = [(rollout.canary_service, traffic.canary_weight)]
    shares += [(one.service_name, one.weight) for one in traffic.additional]
    shares.append((rollout.stable_service, traffic.stable_weight))
    root = (rollout.routing.get("smi") or {}).get("rootService") or rollout.stable_service
    return {
        "service": root,
        "backends": [{"service": service, "weight": _weight(rollout, weight)} for service, weight in shares],
    }


def _weight(rollout: RoutedRollout, weight: int) -> Any:
    """The first version of the API counts in quantities, which are texts."""
    return str(weight) if rollout.settings.smi_version.endswith("/v1alpha1") else weight


SMI = Router("smi", _needs, _route, splits_experiments=True)
