"""Did the load balancer really take over the weights? Compares what AWS says with what was asked for."""

from collections.abc import Sequence
from dataclasses import dataclass

from gitsync.manifest.object import JsonObject
from gitsync.rollout.routing.alb import alb_ingresses
from gitsync.rollout.routing.values import RoutedRollout, Traffic
from gitsync.rollout.values import Event, LoadBalancer, TargetGroup


@dataclass(frozen=True, slots=True)
class Verification:
    """`statuses` are the values of `status.albs`."""

    verified: bool
    statuses: tuple[JsonObject, ...]
    events: tuple[Event, ...]


def verify_weights(rollout: RoutedRollout, traffic: Traffic, balancers: Sequence[LoadBalancer]) -> Verification:
    """All of the target groups of canary and experiments must have their weights; stable's follows from them."""
    found = {one.ingress: one for one in balancers}
    events: list[Event] = []
    statuses: list[JsonObject] = []
    verified = expected = 0
    wanted = [
        (rollout.canary_service, traffic.canary_weight),
        *((one.service_name, one.weight) for one in traffic.additional),
    ]
    for ingress, ports in alb_ingresses(rollout):
        expected += len(ports) * len(wanted)
        balancer = found.get(ingress)
        if balancer is None:
            events.append(Event("LoadBalancerNotFound", f"Failed to find load balancer: {ingress}", type="Warning"))
            statuses.append({})
            continue
        statuses.append(_status(rollout, balancer, ports))
        for port in ports:
            for service, weight in wanted:
                group = _group(rollout, balancer, ingress, service, port)
                if group is None or group.weight is None:
                    continue
                verified += group.weight == weight
                events.append(_event(service, group, weight))
    return Verification(verified == expected, tuple(statuses), tuple(events))


def _group(rollout: RoutedRollout, balancer: LoadBalancer, ingress: str, service: str, port: int) -> TargetGroup | None:
    resource = f"{rollout.namespace}/{ingress}-{service}:{port}"
    return next((one for one in balancer.target_groups if one.resource == resource), None)


def _event(service: str, group: TargetGroup, weight: int) -> Event:
    about = f"Service {service} (TargetGroup {group.arn})"
    if group.weight == weight:
        return Event("TargetGroupVerified", f"{about} verified: canary weight {weight} set")
    message = f"{about} not verified: canary weight {weight} not yet set (current: {group.weight})"
    return Event("TargetGroupUnverified", message, type="Warning")


def _status(rollout: RoutedRollout, balancer: LoadBalancer, ports: tuple[int, ...]) -> JsonObject:
    status: JsonObject = {
        "ingress": balancer.ingress,
        "loadBalancer": {"name": balancer.name, "arn": balancer.arn, "fullName": _tail(balancer.arn, 2)},
    }
    for field, service in (
        ("canaryTargetGroup", rollout.canary_service),
        ("stableTargetGroup", rollout.stable_service),
    ):
        for port in ports:
            if group := _group(rollout, balancer, balancer.ingress, service, port):
                status[field] = {"name": group.name, "arn": group.arn, "fullName": _tail(group.arn, 1)}
    return status


def _tail(arn: str, parts: int) -> str:
    return "/".join(arn.split("/")[parts:])
