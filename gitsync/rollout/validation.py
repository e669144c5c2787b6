"""What a Rollout may not say. The first finding is shown; nothing is done until it is gone.

Order, fields and words are those of the upstream controller, down to its field names that leave out the strategy's:
people and programs look for them.
"""

from collections.abc import Iterator

from gitsync.rollout import defaults
from gitsync.rollout.problem import invalid, missing_field, negative, required
from gitsync.rollout.replica_set import selects
from gitsync.rollout.validation_references import routers, services, templates
from gitsync.rollout.validation_steps import steps
from gitsync.rollout.values import Children
from model.kinds.rollout import AntiAffinity, BlueGreenStrategy, CanaryStrategy, PingPong, Rollout, TrafficRouting

_PATH = "spec.strategy"
_ROUTED_SERVICES = "Canary service and Stable service must to be set to use Traffic Routing"
_PING_PONG_SERVICES = "Ping service and Pong service must to be set to use Ping-Pong feature"
_SAME = "This rollout uses the same service for the {} services, but two different services are required."
_MAX_WEIGHT = "Canary maxTrafficWeight in traffic routing only supported in Nginx and Plugins"
_HISTORY = "This rollout's revision history limit can not be smaller than the rollout's scale down limit"


def problems(rollout: Rollout, children: Children) -> Iterator[str]:
    """In the order in which they are worth telling."""
    yield from _spec(rollout)
    strategy = rollout.spec.strategy
    if strategy.canary is None and strategy.blue_green is None:
        yield missing_field(f"{_PATH}.strategy", ".spec.strategy.canary or .spec.strategy.blueGreen")
    elif strategy.canary is not None and strategy.blue_green is not None:
        yield invalid(f"{_PATH}.strategy", "blueGreen: true canary: true", "Multiple Strategies can not be listed")
    elif strategy.blue_green is not None:
        yield from _blue_green(rollout, strategy.blue_green)
    elif strategy.canary is not None:
        yield from _canary(rollout, strategy.canary)
    yield from services(rollout, children)
    yield from templates(rollout, children)
    yield from routers(rollout)


def _spec(rollout: Rollout) -> Iterator[str]:
    spec = rollout.spec
    if (spec.replicas or 0) < 0:
        yield negative("spec.replicas", spec.replicas or 0)
    if not spec.selector and spec.workload_ref is None:
        if spec.selector is None:
            yield missing_field("spec.selector", ".spec.selector")
        else:
            yield invalid("spec.selector", {}, "empty selector is invalid for deployment")
    elif spec.selector and not spec.selector.get("matchLabels") and not spec.selector.get("matchExpressions"):
        yield invalid("spec.selector", spec.selector, "empty selector is invalid for deployment")
    yield from _template(rollout)
    if spec.min_ready_seconds < 0:
        yield negative("spec.minReadySeconds", spec.min_ready_seconds)
    if (spec.revision_history_limit or 0) < 0:
        yield negative("spec.revisionHistoryLimit", spec.revision_history_limit or 0)
    seconds = defaults.progress_deadline_seconds(rollout)
    if seconds < 0:
        yield negative("spec.progressDeadlineSeconds", seconds)
    if seconds <= spec.min_ready_seconds:
        yield invalid("spec.progressDeadlineSeconds", seconds, "must be greater than minReadySeconds")


def _template(rollout: Rollout) -> Iterator[str]:
    template = rollout.spec.template or {}
    labels = (template.get("metadata") or {}).get("labels") or {}
    if not template:
        yield missing_field("spec.template", ".spec.template")
        return
    if rollout.spec.selector and not selects(rollout.spec.selector, labels):
        yield invalid("spec.template.metadata.labels", labels, "`selector` does not match template `labels`")
    spec = template.get("spec") or {}
    if not spec.get("containers"):
        yield required("spec.template.spec.containers")
    names: set[str] = set()
    for index, container in enumerate(spec.get("containers") or ()):
        path = f"spec.template.spec.containers[{index}]"
        for field in ("name", "image"):
            if not container.get(field):
                yield required(f"{path}.{field}")
        name = str(container.get("name", ""))
        if name and name in names:
            yield f'{path}.name: Duplicate value: "{name}"'
        names.add(name)
    if (policy := spec.get("restartPolicy")) not in (None, "", "Always"):
        yield f'spec.template.spec.restartPolicy: Unsupported value: "{policy}": supported values: "Always"'


def _blue_green(rollout: Rollout, strategy: BlueGreenStrategy) -> Iterator[str]:
    if not strategy.active_service:
        yield required(f"{_PATH}.activeService")
    if strategy.active_service == strategy.preview_service:
        yield invalid(f"{_PATH}.activeService", strategy.active_service, _SAME.format("active and preview"))
    limit, history = strategy.scale_down_delay_revision_limit, rollout.spec.revision_history_limit
    if limit is not None and limit < 0:
        yield negative(f"{_PATH}.scaleDownDelayRevisionLimit", limit)
    if limit is not None and limit > (defaults.REVISION_HISTORY if history is None else history):
        yield invalid(f"{_PATH}.scaleDownDelayRevisionLimit", limit, _HISTORY)
    yield from _anti_affinity(strategy.anti_affinity)


def _anti_affinity(asked: AntiAffinity | None) -> Iterator[str]:
    if asked is None:
        return
    path = f"{_PATH}.antiAffinity"
    preferred = asked.preferred_during_scheduling_ignored_during_execution
    needed = asked.required_during_scheduling_ignored_during_execution
    if (preferred is None) == (needed is None):
        given = "true" if preferred is not None else "false"
        value = (
            f"antiAffinity.PreferredDuringSchedulingIgnoredDuringExecution: {given} "
            f"antiAffinity.RequiredDuringSchedulingIgnoredDuringExecution: {given}"
        )
        yield invalid(path, value, "AntiAffinity must have exactly one strategy listed")
    if preferred is not None and not 1 <= (weight := int(preferred.get("weight") or 0)) <= 100:
        yield invalid(f"{path}.weight", weight, "AntiAffinity weight must be between 1-100")


def _canary(rollout: Rollout, canary: CanaryStrategy) -> Iterator[str]:
    yield from _limits(canary)
    if canary.canary_service and canary.canary_service == canary.stable_service:
        yield invalid(f"{_PATH}.stableService", canary.stable_service, _SAME.format("stable and canary"))
    routing = canary.traffic_routing
    if canary.ping_pong is not None:
        yield from _ping_pong(canary.ping_pong, routing)
    if routing is not None and _needs_services(canary, routing):
        for field, name in (("stableService", canary.stable_service), ("canaryService", canary.canary_service)):
            if not name:
                yield invalid(f"{_PATH}.{field}", name, _ROUTED_SERVICES)
    yield from _routed_only(canary, routing)
    yield from steps(rollout, canary)
    yield from _anti_affinity(canary.anti_affinity)


def _needs_services(canary: CanaryStrategy, routing: TrafficRouting) -> bool:
    """Routers that tell canary and stable apart by their Services; subsets of a mesh and ping-pong pairs do not."""
    if routing.alb is not None and canary.ping_pong is None:
        return True
    if routing.istio is not None and not routing.istio.get("destinationRule") and canary.ping_pong is None:
        return True
    named = (routing.smi, routing.apisix, routing.ambassador, routing.nginx, routing.app_mesh, routing.traefik)
    return any(one is not None for one in named)


def _ping_pong(pair: PingPong, routing: TrafficRouting | None) -> Iterator[str]:
    path = f"{_PATH}.pingPong"
    # Plugins may do it as well: the reference names ALB, Istio and plugins.
    if routing is not None and routing.alb is None and routing.istio is None and not routing.plugins:
        problem = "Ping-pong feature works with the ALB, Istio, and plugin-based traffic routers only"
        yield invalid(f"{_PATH}.trafficRouting.alb", "null", problem)
    if not pair.ping_service:
        yield invalid(f"{path}.pingService", "", _PING_PONG_SERVICES)
    if not pair.pong_service:
        yield invalid(f"{path}.pongService", "", _PING_PONG_SERVICES)
    if pair.ping_service == pair.pong_service:
        yield invalid(f"{path}.pingService", pair.ping_service, _SAME.format("ping and pong"))
    if routing is not None and routing.alb is not None and not routing.alb.get("rootService"):
        problem = "Root service field is required for the configuration with ALB and ping-pong feature enabled"
        yield invalid(f"{_PATH}.trafficRouting.alb.rootService", "", problem)


def _routed_only(canary: CanaryStrategy, routing: TrafficRouting | None) -> Iterator[str]:
    """What means something only with a router, or with some of them."""
    delay, dynamic = canary.scale_down_delay_seconds, f"{_PATH}.dynamicStableScale"
    if routing is None:
        if delay is not None:
            problem = "Canary scaleDownDelaySeconds can only be used with traffic routing"
            yield invalid(f"{_PATH}.scaleDownDelaySeconds", delay, problem)
        if canary.dynamic_stable_scale:
            yield invalid(dynamic, True, "Canary dynamicStableScale can only be used with traffic routing")
        return
    if canary.dynamic_stable_scale and delay is not None:
        yield invalid(dynamic, True, "Canary dynamicStableScale cannot be used with scaleDownDelaySeconds")
    most = routing.max_traffic_weight
    if most is not None and (most <= 0 or (routing.nginx is None and not routing.plugins)):
        yield invalid(f"{_PATH}.trafficRouting.maxTrafficWeight", most, _MAX_WEIGHT)


def _limits(canary: CanaryStrategy) -> Iterator[str]:
    values = []
    for name, limit in (("maxSurge", canary.max_surge), ("maxUnavailable", canary.max_unavailable)):
        try:
            value = 1 if limit is None else defaults.resolve(limit, 100, up=True)
        except ValueError:
            yield invalid(f"{_PATH}.{name}", limit, "must be an integer or a percentage")
            return
        if value < 0:
            yield negative(f"{_PATH}.{name}", value)
            return
        values.append(value)
    if not any(values):
        yield invalid(f"{_PATH}.maxSurge", canary.max_surge, "MaxSurge and MaxUnavailable both can not be zero")
