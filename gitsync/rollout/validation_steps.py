"""What the steps of a canary may not say."""

from collections.abc import Iterator

from gitsync.duration import parse_duration
from gitsync.manifest.object import JsonObject
from gitsync.rollout import defaults
from gitsync.rollout.problem import invalid, missing_field, required
from model.kinds.rollout import CanaryStep, CanaryStrategy, Rollout, TrafficRouting

_PATH = "spec.strategy"
_KINDS = "Step must have one of the following set: experiment, setWeight, setCanaryScale, plugin or pause"
_EXCLUSIVE = ("Experiment", "Pause", "SetWeight", "Analysis")
_OTHERS = ("SetCanaryScale", "SetHeaderRoute", "SetMirrorRoute", "Plugin")
_HEADER = "SetHeaderRoute requires TrafficRouting, supports Istio and ALB and Apisix"
_MIRROR = "SetMirrorRoute requires TrafficRouting, supports Istio and Plugins"
_UNMANAGED = "Steps define a route that does not exist in spec.strategy.canary.trafficRouting.managedRoutes"
_ONE_MATCH = "StringMatch match value must have exactly one of the following: exact, regex, prefix"
_NO_MATCH = "StringMatch value missed, match value must have one of the following: exact, regex, prefix"
_EXACT = "SetHeaderRoute match value invalid. ALB supports 'exact' value only"
_UNROUTED_WEIGHT = "Experiment template weight cannot be set unless TrafficRouting is enabled"
_NO_SHARES = (
    "Experiment template weight is only available for TrafficRouting with SMI, ALB, Istio and Plugins at this time"
)
_NO_PLUGINS = (
    "step plugins are executables of the upstream controller, which Argosy does not run; remove the step, or leave "
    "this Rollout to the upstream controller"
)


def steps(rollout: Rollout, canary: CanaryStrategy) -> Iterator[str]:
    for index, step in enumerate(canary.steps):
        path = f"{_PATH}.steps[{index}]"
        yield from _kind(step, path)
        yield from _numbers(rollout, canary, step, path)
        yield from _routes(canary.traffic_routing, step, path)
        yield from _experiment(canary.traffic_routing, step, path)
        if step.plugin is not None:
            yield invalid(f"{path}.plugin.name", step.plugin.get("name", ""), _NO_PLUGINS)


def _kind(step: CanaryStep, path: str) -> Iterator[str]:
    """Something to do, and at most one of those that exclude each other."""
    exclusive = (step.experiment, step.pause, step.set_weight, step.analysis)
    others = (step.set_canary_scale, step.set_header_route, step.set_mirror_route, step.plugin)
    if exclusive.count(None) < len(exclusive) - 1:
        shown = (f"step.{name}: {_text(one is not None)}" for name, one in zip(_EXCLUSIVE, exclusive, strict=True))
        yield invalid(path, " ".join(shown), _KINDS)
    elif exclusive.count(None) == len(exclusive) and others.count(None) == len(others):
        yield invalid(path, " ".join(f"step.{name}: true" for name in (*_EXCLUSIVE, *_OTHERS)), _KINDS)


def _text(value: bool) -> str:
    return "true" if value else "false"


def _numbers(rollout: Rollout, canary: CanaryStrategy, step: CanaryStep, path: str) -> Iterator[str]:
    whole = defaults.max_weight(rollout)
    if step.set_weight is not None and not 0 <= step.set_weight <= whole:
        yield invalid(f"{path}.setWeight", step.set_weight, f"SetWeight needs to be between 0 and {whole}")
    if step.pause is not None and step.pause.duration is not None:
        duration = step.pause.duration
        seconds = float(duration) if isinstance(duration, int) else parse_duration(duration)
        if seconds is None or seconds < 0:
            yield invalid(f"{path}.pause.duration", duration, "Duration needs to be greater than 0")
    scale = step.set_canary_scale
    if scale is None:
        return
    if canary.traffic_routing is None:
        yield required(f"{_PATH}.trafficRouting", "SetCanaryScale requires TrafficRouting to be set")
    elif (scale.replicas or 0) < 0:
        yield invalid(f"{path}.setCanaryScale.replicas", scale.replicas, "Replicas cannot be negative")
    elif scale.weight is not None and not 0 <= scale.weight <= whole:
        yield invalid(f"{path}.setCanaryScale.weight", scale.weight, f"weight needs to be between 0 and {whole}")


def _routes(routing: TrafficRouting | None, step: CanaryStep, path: str) -> Iterator[str]:
    header, mirror = step.set_header_route, step.set_mirror_route
    if header is not None:
        routed = routing is not None and (routing.istio, routing.alb, routing.apisix) != (None,) * 3
        if routing is None or not (routed or routing.plugins):
            yield invalid(f"{path}.setHeaderRoute", header, _HEADER)
        else:
            yield from _header_matches(routing, header, f"{path}.setHeaderRoute")
    if mirror is not None:
        if routing is None or not (routing.istio is not None or routing.plugins):
            yield invalid(f"{path}.setMirrorRoute", mirror, _MIRROR)
        for index, match in enumerate(mirror.get("match") or ()):
            for value in (match.get("method"), match.get("path")):
                if value is not None:
                    yield from _string_match(value, f"{path}.setMirrorRoute.match[{index}]")
    if routing is None:
        return
    for name, route in (("setHeaderRoute", header), ("setMirrorRoute", mirror)):
        if route is None:
            continue
        if not routing.managed_routes:
            where = f"{_PATH}.trafficRouting.managedRoutes"
            yield missing_field(where, "spec.strategy.canary.trafficRouting.managedRoutes")
        elif route.get("name") not in {one.get("name") for one in routing.managed_routes}:
            yield invalid(f"{path}.{name}", route.get("name", ""), _UNMANAGED)


def _header_matches(routing: TrafficRouting, route: JsonObject, path: str) -> Iterator[str]:
    """A match has one kind of value; load balancers of AWS compare whole values only."""
    for index, match in enumerate(route.get("match") or ()):
        value, where = match.get("headerValue"), f"{path}.match[{index}]"
        if routing.alb is None or value is None:
            yield from _string_match(value, where)
        elif not value.get("exact") or value.get("regex") or value.get("prefix"):
            yield invalid(where, value, _EXACT)


def _string_match(value: JsonObject | None, path: str) -> Iterator[str]:
    given = [kind for kind in ("exact", "regex", "prefix") if (value or {}).get(kind)]
    if not given:
        yield invalid(path, value, _NO_MATCH)
    elif len(given) > 1:
        yield invalid(path, value, _ONE_MATCH)


def _experiment(routing: TrafficRouting | None, step: CanaryStep, path: str) -> Iterator[str]:
    if step.experiment is None:
        return
    for index, one in enumerate(step.experiment.templates):
        where = f"{path}.experiment.templates[{index}]"
        if one.spec_ref not in ("canary", "stable"):
            yield invalid(f"{where}.specRef", one.spec_ref, "must be canary or stable")
        if one.weight is None:
            continue
        if routing is None:
            yield invalid(f"{where}.weight", one.weight, _UNROUTED_WEIGHT)
        elif (routing.alb, routing.smi, routing.istio) == (None,) * 3 and not routing.plugins:
            yield invalid(f"{where}.weight", one.weight, _NO_SHARES)
