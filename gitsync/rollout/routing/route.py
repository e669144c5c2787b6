"""All routers of a Rollout at once. Several may be configured, for traffic that comes in on several ways."""

from dataclasses import replace

from gitsync.manifest.object import JsonObject
from gitsync.rollout.problem import invalid
from gitsync.rollout.routing.alb import ALB
from gitsync.rollout.routing.alb_verification import verify_weights
from gitsync.rollout.routing.ambassador import AMBASSADOR
from gitsync.rollout.routing.apisix import APISIX
from gitsync.rollout.routing.app_mesh import APP_MESH
from gitsync.rollout.routing.gateway_api import GATEWAY_API, PLUGIN
from gitsync.rollout.routing.istio import ISTIO
from gitsync.rollout.routing.nginx import NGINX
from gitsync.rollout.routing.smi import SMI
from gitsync.rollout.routing.traefik import TRAEFIK
from gitsync.rollout.routing.values import RoutedRollout, Router, RouterSettings, Traffic, joined
from gitsync.rollout.values import LiveObjects, Needed, Routed, RoutingFailed, RoutingRequest

# In the order of upstream, which shows in the order of writes and events.
_ROUTERS = (ISTIO, NGINX, ALB, SMI, AMBASSADOR, APP_MESH, TRAEFIK, APISIX, GATEWAY_API)
_PATH = "spec.strategy.canary.trafficRouting"
_DEFAULTS = RouterSettings()


def route(request: RoutingRequest, live: LiveObjects, settings: RouterSettings = _DEFAULTS) -> Routed:
    """What to write so that traffic flows as asked. Raises RoutingFailed, and nothing is to be written then."""
    rollout = _routed_rollout(request.rollout, settings, request.stable_service, request.canary_service)
    traffic = Traffic(
        weight=request.desired_weight,
        canary_hash=request.canary_hash,
        stable_hash=request.stable_hash,
        additional=request.additional,
        header_route=request.header_route,
        mirror_route=request.mirror_route,
        remove_managed_routes=request.remove_managed,
        total=request.max_weight,
    )
    routed = joined(router.route(rollout, _supported(router, traffic), live) for router in _routers(rollout))
    if request.balancers is None or not _has(rollout, ALB):
        return routed
    seen = verify_weights(rollout, traffic, request.balancers)
    statuses: JsonObject = {"albs": list(seen.statuses), "alb": seen.statuses[0] if len(seen.statuses) == 1 else None}
    return replace(routed, verified=seen.verified, status=statuses, events=(*routed.events, *seen.events))


def needed(rollout: JsonObject, settings: RouterSettings = _DEFAULTS) -> tuple[Needed, ...]:
    """What has to be among the live objects for `route`. Nothing for a router that Argosy does not have."""
    routed = _routed_rollout(rollout, settings, "", "")
    chosen = [router for router in _ROUTERS if _has(routed, router)]
    return tuple(dict.fromkeys(one for router in chosen for one in router.needs(routed)))


def missing(rollout: JsonObject, live: LiveObjects, settings: RouterSettings = _DEFAULTS) -> str:
    """The first object that the Rollout names for its routers and that is not there or does not fit, as a problem of
    its spec; "".
    """
    canary = ((rollout.get("spec") or {}).get("strategy") or {}).get("canary") or {}
    pair = canary.get("pingPong") or {}
    stable = str(canary.get("stableService") or pair.get("pingService") or "")
    routed = _routed_rollout(
        rollout, settings, stable, str(canary.get("canaryService") or pair.get("pongService") or "")
    )
    named = [(router, *one) for router in _ROUTERS if _has(routed, router) for one in router.named(routed)]
    for _, field, address in named:
        if address.key not in live:
            plural = "" if address.kind == "Ingress" else "s"  # as the upstream's two kinds of clients call them
            what = f'{address.kind.lower()}{plural}.{address.gvk.group} "{address.name}" not found'
            return invalid(f"{_PATH}.{field}", address.name, what)
    for router, field, address in named:
        if problem := router.unfit(routed, address, live[address.key]):
            return invalid(f"{_PATH}.{field}", address.name, problem)
    return ""


def splits_experiments(rollout: JsonObject) -> bool:
    """Every router must be able to, or an experiment's share would be counted and not sent."""
    routed = _routed_rollout(rollout, _DEFAULTS, "", "")
    chosen = [router for router in _ROUTERS if _has(routed, router)]
    return bool(chosen) and all(router.splits_experiments for router in chosen)


def _routed_rollout(body: JsonObject, settings: RouterSettings, stable: str, canary: str) -> RoutedRollout:
    strategy = ((body.get("spec") or {}).get("strategy") or {}).get("canary") or {}
    metadata = body["metadata"]
    return RoutedRollout(
        name=str(metadata["name"]),
        namespace=str(metadata.get("namespace", "")),
        uid=str(metadata.get("uid", "")),
        stable_service=stable,
        canary_service=canary,
        routing=strategy.get("trafficRouting") or {},
        settings=settings,
    )


def _has(rollout: RoutedRollout, router: Router) -> bool:
    plugin = PLUGIN in (rollout.routing.get("plugins") or {})
    return rollout.routing.get(router.key) is not None or (router is GATEWAY_API and plugin)


def _routers(rollout: RoutedRollout) -> list[Router]:
    for plugin in rollout.routing.get("plugins") or {}:
        if plugin != PLUGIN:
            raise RoutingFailed(f"the router plugin {plugin} is not supported", suggestion=f"use {PLUGIN} instead")
    return [router for router in _ROUTERS if _has(rollout, router)]


def _supported(router: Router, traffic: Traffic) -> Traffic:
    return replace(
        traffic,
        additional=traffic.additional if router.splits_experiments else (),
        header_route=traffic.header_route if router.has_header_routes else None,
        mirror_route=traffic.mirror_route if router.has_mirror_routes else None,
    )
