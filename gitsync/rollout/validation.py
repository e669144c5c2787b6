"""What a Rollout may not say. The first finding is shown; nothing is done until it is gone."""

import json
from collections.abc import Iterator

from gitsync.duration import parse_duration
from gitsync.rollout import defaults
from gitsync.rollout.replica_set import selects
from gitsync.rollout.values import Children
from model.kinds.rollout import (
    MANAGED_BY,
    AntiAffinity,
    BlueGreenStrategy,
    Body,
    CanaryStep,
    CanaryStrategy,
    Rollout,
    RolloutAnalysis,
    TrafficRouting,
)

_ONE_OF = "Step must have one of the following set: experiment, setWeight, setCanaryScale or pause"


def problems(rollout: Rollout, children: Children) -> Iterator[str]:
    """In the order in which they are worth telling."""
    yield from _spec(rollout)
    strategy = rollout.spec.strategy
    if strategy.canary is None and strategy.blue_green is None:
        missing = ".spec.strategy.canary or .spec.strategy.blueGreen"
        yield f"spec.strategy: Required value: Rollout has missing field '{missing}'"
    elif strategy.canary is not None and strategy.blue_green is not None:
        yield 'spec.strategy: Invalid value: "": Multiple Strategies can not be listed'
    elif strategy.blue_green is not None:
        yield from _blue_green(rollout, strategy.blue_green)
    elif strategy.canary is not None:
        yield from _canary(rollout, strategy.canary)
    yield from _services(rollout, children)
    yield from _templates(rollout, children)


def _spec(rollout: Rollout) -> Iterator[str]:
    spec = rollout.spec
    if not spec.selector:
        yield "spec.selector: Required value: Rollout has missing field '.spec.selector'"
    elif not spec.selector.get("matchLabels") and not spec.selector.get("matchExpressions"):
        yield 'spec.selector: Invalid value: "": This rollout is selecting all pods. A non-empty selector is required.'
    template = spec.template or {}
    labels = (template.get("metadata") or {}).get("labels") or {}
    if not template:
        yield "spec.template: Required value: Rollout has missing field '.spec.template'"
    elif spec.selector and not selects(spec.selector, labels):
        shown = json.dumps(labels)
        yield f"spec.template.metadata.labels: Invalid value: {shown}: `selector` does not match template `labels`"
    elif not (containers := (template.get("spec") or {}).get("containers")):
        yield "spec.template.spec.containers: Required value"
    else:
        for index, container in enumerate(containers):
            for field in ("name", "image"):
                if not container.get(field):
                    yield f"spec.template.spec.containers[{index}].{field}: Required value"
    if (spec.replicas or 0) < 0:
        yield f"spec.replicas: Invalid value: {spec.replicas}: must be greater than or equal to 0"
    if spec.min_ready_seconds < 0:
        yield f"spec.minReadySeconds: Invalid value: {spec.min_ready_seconds}: must be greater than or equal to 0"
    if (spec.revision_history_limit or 0) < 0:
        limit = spec.revision_history_limit
        yield f"spec.revisionHistoryLimit: Invalid value: {limit}: must be greater than or equal to 0"
    seconds = defaults.progress_deadline_seconds(rollout)
    if seconds <= spec.min_ready_seconds:
        yield f"spec.progressDeadlineSeconds: Invalid value: {seconds}: must be greater than minReadySeconds"


def _blue_green(rollout: Rollout, strategy: BlueGreenStrategy) -> Iterator[str]:
    path = "spec.strategy.blueGreen"
    if not strategy.active_service:
        yield f"{path}.activeService: Required value"
    if strategy.active_service == strategy.preview_service:
        yield (
            f'{path}.activeService: Invalid value: "{strategy.active_service}": This rollout uses the same service for '
            "the active and preview services, but two different services are required."
        )
    limit, history = strategy.scale_down_delay_revision_limit, rollout.spec.revision_history_limit
    if limit is not None and limit < 0:
        yield f"{path}.scaleDownDelayRevisionLimit: Invalid value: {limit}: must be greater than or equal to 0"
    if limit is not None and limit > (defaults.REVISION_HISTORY if history is None else history):
        yield (
            f"{path}.scaleDownDelayRevisionLimit: Invalid value: {limit}: This rollout's revision history limit can "
            "not be smaller than the rollout's scale down limit"
        )
    yield from _anti_affinity(strategy.anti_affinity, path)


def _anti_affinity(asked: AntiAffinity | None, path: str) -> Iterator[str]:
    if asked is None:
        return
    preferred = asked.preferred_during_scheduling_ignored_during_execution
    required = asked.required_during_scheduling_ignored_during_execution
    if (preferred is None) == (required is None):
        yield f'{path}.antiAffinity: Invalid value: "": AntiAffinity must have exactly one strategy listed'
    elif preferred is not None and not 1 <= int(preferred.get("weight") or 0) <= 100:
        field = f"{path}.antiAffinity.preferredDuringSchedulingIgnoredDuringExecution.weight"
        yield f"{field}: Invalid value: {preferred.get('weight')}: Weight must be from 1-100"


def _canary(rollout: Rollout, canary: CanaryStrategy) -> Iterator[str]:
    path = "spec.strategy.canary"
    if canary.canary_service and canary.canary_service == canary.stable_service:
        yield (
            f'{path}.stableService: Invalid value: "{canary.stable_service}": This rollout uses the same service for '
            "the stable and canary services, but two different services are required."
        )
    routing = canary.traffic_routing
    if routing is not None and canary.ping_pong is None and not (canary.canary_service and canary.stable_service):
        wanted = (
            routing.alb is not None
            or routing.nginx is not None
            or routing.smi is not None
            or routing.traefik is not None
        )
        if wanted:
            yield (
                f'{path}.trafficRouting: Invalid value: "": Canary service and Stable service must to be set to use '
                "Traffic Routing"
            )
    yield from _routed_only(canary, path)
    yield from _limits(rollout, canary, path)
    yield from _anti_affinity(canary.anti_affinity, path)
    for index, step in enumerate(canary.steps):
        yield from _step(rollout, canary, step, f"{path}.steps[{index}]")


def _routed_only(canary: CanaryStrategy, path: str) -> Iterator[str]:
    """What means something only with a router, or with some of them."""
    routing, delay = canary.traffic_routing, canary.scale_down_delay_seconds
    if delay is not None and routing is None:
        problem = "Canary scaleDownDelaySeconds can only be used with traffic routing"
        yield f"{path}.scaleDownDelaySeconds: Invalid value: {delay}: {problem}"
    if canary.dynamic_stable_scale and routing is None:
        problem = "Canary dynamicStableScale can only be used with traffic routing"
        yield f"{path}.dynamicStableScale: Invalid value: true: {problem}"
    elif canary.dynamic_stable_scale and delay is not None:
        problem = "Canary dynamicStableScale cannot be used with scaleDownDelaySeconds"
        yield f"{path}.dynamicStableScale: Invalid value: true: {problem}"
    if routing is None:
        return
    if (most := routing.max_traffic_weight) is not None and (most <= 0 or not (routing.nginx or routing.plugins)):
        problem = "Canary maxTrafficWeight in traffic routing only supported in Nginx and Plugins"
        yield f"{path}.trafficRouting.maxTrafficWeight: Invalid value: {most}: {problem}"
    if (pair := canary.ping_pong) is not None:
        if pair.ping_service == pair.pong_service:
            yield (
                f'{path}.pingPong.pingService: Invalid value: "{pair.ping_service}": This rollout uses the same '
                "service for the ping and pong services, but two different services are required."
            )
        if routing.alb is not None and not routing.alb.get("rootService"):
            yield (
                f'{path}.trafficRouting.alb.rootService: Invalid value: "": Root service field is required for the '
                "configuration with ALB and ping-pong feature enabled"
            )


def _limits(rollout: Rollout, canary: CanaryStrategy, path: str) -> Iterator[str]:
    for name, limit in (("maxSurge", canary.max_surge), ("maxUnavailable", canary.max_unavailable)):
        if limit is None:
            continue
        try:
            value = defaults.resolve(limit, 100, up=True)
        except ValueError:
            yield f'{path}.{name}: Invalid value: "{limit}": must be an integer or a percentage'
            return
        if value < 0:
            yield f"{path}.{name}: Invalid value: {limit}: must be greater than or equal to 0"
            return
    surge = 1 if canary.max_surge is None else defaults.resolve(canary.max_surge, 100, up=True)
    below = 1 if canary.max_unavailable is None else defaults.resolve(canary.max_unavailable, 100, up=True)
    if not surge and not below:
        yield f"{path}.maxSurge: Invalid value: {canary.max_surge}: MaxSurge and MaxUnavailable both can not be zero"


def _step(rollout: Rollout, canary: CanaryStrategy, step: CanaryStep, path: str) -> Iterator[str]:
    exclusive = (step.experiment, step.set_weight, step.pause, step.analysis)
    others = (step.set_canary_scale, step.set_header_route, step.set_mirror_route, step.plugin)
    if all(one is None for one in (*exclusive, *others)) or sum(one is not None for one in exclusive) > 1:
        yield f'{path}: Invalid value: "": {_ONE_OF}'
    whole = defaults.max_weight(rollout)
    if step.set_weight is not None and not 0 <= step.set_weight <= whole:
        yield f"{path}.setWeight: Invalid value: {step.set_weight}: SetWeight needs to be between 0 and {whole}"
    if step.pause is not None and step.pause.duration is not None:
        duration = step.pause.duration
        seconds = float(duration) if isinstance(duration, int) else parse_duration(duration)
        if seconds is None or seconds < 0:
            yield f"{path}.pause.duration: Invalid value: {duration}: Duration needs to be greater than 0"
    scale = step.set_canary_scale
    if scale is not None:
        if canary.traffic_routing is None:
            yield f'{path}.setCanaryScale: Invalid value: "": SetCanaryScale requires TrafficRouting to be set'
        elif (scale.replicas or 0) < 0:
            yield f"{path}.setCanaryScale.replicas: Invalid value: {scale.replicas}: Replicas cannot be negative"
        elif scale.weight is not None and not 0 <= scale.weight <= whole:
            problem = f"weight needs to be between 0 and {whole}"
            yield f"{path}.setCanaryScale.weight: Invalid value: {scale.weight}: {problem}"
    managed = (
        {route.get("name") for route in canary.traffic_routing.managed_routes} if canary.traffic_routing else set()
    )
    for name, route in (("setHeaderRoute", step.set_header_route), ("setMirrorRoute", step.set_mirror_route)):
        if route is None:
            continue
        if canary.traffic_routing is None:
            yield f'{path}.{name}: Invalid value: "": {name} requires TrafficRouting, supports Istio and ALB and Apisix'
        elif route.get("name") not in managed:
            yield (
                f'{path}.{name}.name: Invalid value: "{route.get("name", "")}": Steps define a route that does not '
                "exist in spec.strategy.canary.trafficRouting.managedRoutes"
            )
    if step.set_header_route is not None and canary.traffic_routing is not None:
        yield from _header_matches(canary.traffic_routing, step.set_header_route, f"{path}.setHeaderRoute")
    if step.plugin is not None and not step.plugin.get("disabled"):
        yield f'{path}.plugin.name: Invalid value: "{step.plugin.get("name", "")}": step plugins are not supported'
    if step.experiment is not None:
        for one in step.experiment.templates:
            if one.spec_ref not in ("canary", "stable"):
                yield f'{path}.experiment.templates.specRef: Invalid value: "{one.spec_ref}": must be canary or stable'
            if one.weight is not None and canary.traffic_routing is None:
                problem = "Experiment template weight cannot be set unless TrafficRouting is enabled"
                yield f"{path}.experiment.templates.weight: Invalid value: {one.weight}: {problem}"


def _header_matches(routing: TrafficRouting, route: Body, path: str) -> Iterator[str]:
    """A match has one kind of value; load balancers of AWS compare whole values only."""
    for index, match in enumerate(route.get("match") or ()):
        value = match.get("headerValue") or {}
        given = [kind for kind in ("exact", "regex", "prefix") if value.get(kind)]
        where = f'{path}.match[{index}].headerValue: Invalid value: ""'
        if not given:
            yield f"{where}: StringMatch value missed, match value must have one of the following: exact, regex, prefix"
        elif len(given) > 1:
            yield f"{where}: StringMatch match value must have exactly one of the following: exact, regex, prefix"
        elif routing.alb is not None and given != ["exact"]:
            yield f"{where}: SetHeaderRoute match value invalid. ALB supports 'exact' value only"


# ---- what it refers to


def referenced_services(rollout: Rollout) -> Iterator[tuple[str, str]]:
    """Field and name of every Service."""
    strategy = rollout.spec.strategy
    if (green := strategy.blue_green) is not None:
        yield "spec.strategy.blueGreen.activeService", green.active_service
        yield "spec.strategy.blueGreen.previewService", green.preview_service
    elif (canary := strategy.canary) is not None:
        yield "spec.strategy.canary.stableService", canary.stable_service
        yield "spec.strategy.canary.canaryService", canary.canary_service
        if canary.ping_pong is not None:
            yield "spec.strategy.canary.pingPong.pingService", canary.ping_pong.ping_service
            yield "spec.strategy.canary.pingPong.pongService", canary.ping_pong.pong_service


def _services(rollout: Rollout, children: Children) -> Iterator[str]:
    for field, name in referenced_services(rollout):
        if not name:
            continue
        service = children.services.get(name)
        if service is None:
            yield f'{field}: Invalid value: "{name}": service "{name}" not found'
            continue
        manager = (service["metadata"].get("annotations") or {}).get(MANAGED_BY)
        if manager and manager != rollout.metadata.name:
            yield f'{field}: Invalid value: "{name}": Service "{name}" is managed by another Rollout'


def referenced_analyses(rollout: Rollout) -> Iterator[tuple[str, RolloutAnalysis]]:
    strategy = rollout.spec.strategy
    if (green := strategy.blue_green) is not None:
        if green.pre_promotion_analysis:
            yield "spec.strategy.blueGreen.prePromotionAnalysis", green.pre_promotion_analysis
        if green.post_promotion_analysis:
            yield "spec.strategy.blueGreen.postPromotionAnalysis", green.post_promotion_analysis
    if (canary := strategy.canary) is not None:
        for index, step in enumerate(canary.steps):
            if step.analysis is not None:
                yield f"spec.strategy.canary.steps[{index}].analysis", step.analysis
        if canary.analysis is not None:
            yield "spec.strategy.canary.analysis", canary.analysis


def _templates(rollout: Rollout, children: Children) -> Iterator[str]:
    for field, analysis in referenced_analyses(rollout):
        for index, reference in enumerate(analysis.templates):
            found = children.cluster_templates if reference.cluster_scope else children.templates
            if reference.template_name not in found:
                kind = "ClusterAnalysisTemplate" if reference.cluster_scope else "AnalysisTemplate"
                where, name = f"{field}.templates[{index}].templateName", reference.template_name
                yield f"{where}: Invalid value: \"{name}\": {kind} '{name}' not found"
