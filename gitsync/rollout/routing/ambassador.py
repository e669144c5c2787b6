"""Ambassador: beside each Mapping a second one, owned by the Rollout, with the share of the canary while it has one."""

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
from gitsync.rollout.values import Delete, Event, LiveObjects, Needed, Routed, RoutingFailed

_SUFFIX = "-canary"
_MAX_NAME = 253


def _names(rollout: RoutedRollout) -> list[str]:
    return [str(name) for name in (rollout.routing.get("ambassador") or {}).get("mappings") or ()]


def _address(rollout: RoutedRollout, name: str) -> Address:
    return rollout.address(rollout.settings.ambassador_version, "Mapping", name)


def _canary_address(rollout: RoutedRollout, name: str) -> Address:
    return _address(rollout, name[: _MAX_NAME - len(_SUFFIX)] + _SUFFIX)


def _needs(rollout: RoutedRollout) -> tuple[Needed, ...]:
    return by_name(*(one(rollout, name) for name in _names(rollout) for one in (_address, _canary_address)))


def _named(rollout: RoutedRollout) -> list[tuple[str, Address]]:
    return [("ambassador.mappings", _address(rollout, name)) for name in _names(rollout)]


def _unfit(rollout: RoutedRollout, address: Address, body: JsonObject) -> str:
    weighted = (body.get("spec") or {}).get("weight")
    return f'Ambassador mapping "{address.name}" can not define weight' if weighted else ""


def _route(rollout: RoutedRollout, traffic: Traffic, objects: LiveObjects) -> Routed:
    if traffic.weight is None:
        return Routed()
    parts = [_route_one(rollout, traffic, objects, name) for name in _names(rollout)]
    routed = joined(parts)
    if not (routed.creates or routed.patches or routed.deletes):
        return routed
    told = Event("CanaryMappingWeightUpdate", f"Set canary mapping weight to {traffic.canary_weight}")
    return joined([routed, Routed(events=(told,))])


def _route_one(rollout: RoutedRollout, traffic: Traffic, objects: LiveObjects, name: str) -> Routed:
    """Without a second Mapping the first one gets everything: that is how a share of nothing is written."""
    base, address = required(objects, _address(rollout, name)), _canary_address(rollout, name)
    live = objects.get(address.key)
    if live is not None and not rollout.controls(live):
        raise RoutingFailed(
            f"{address} is controlled by somebody else", suggestion="delete or rename it: the Rollout needs its name"
        )
    if traffic.canary_weight == 0:
        uid = str((live or {}).get("metadata", {}).get("uid", ""))
        return Routed(deletes=(Delete(address.key, address.gvk.version, uid),)) if live is not None else Routed()
    service = str((base.get("spec") or {}).get("service") or "")
    if rollout.stable_service not in service:
        raise RoutingFailed(
            f"{_address(rollout, name)} does not lead to {rollout.stable_service}",
            suggestion="let its spec.service be the Rollout's stableService",
        )
    replaced = service.replace(rollout.stable_service, rollout.canary_service, 1)
    spec = {**base["spec"], "service": replaced, "weight": traffic.canary_weight}
    if live is not None:
        return Routed(patches=change(address, live, with_field(live, ("spec",), spec)))
    metadata = {"name": address.name, "namespace": address.namespace, "ownerReferences": [rollout.owner_reference()]}
    return Routed(creates=({"apiVersion": base["apiVersion"], "kind": "Mapping", "metadata": metadata, "spec": spec},))


AMBASSADOR = Router("ambassador", _needs, _route, named=_named, unfit=_unfit)
