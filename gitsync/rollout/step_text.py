"""A canary step in one line, as events and people's screens show it."""

from model.kinds.rollout import CanaryStep


def step_text(step: CanaryStep) -> str:
    if step.set_weight is not None:
        return f"setWeight: {step.set_weight}"
    if step.pause is not None:
        return "pause" if step.pause.duration is None else f"pause: {step.pause.duration}"
    if step.experiment is not None:
        return "experiment"
    if step.analysis is not None:
        return "analysis"
    if (scale := step.set_canary_scale) is not None:
        if scale.weight is not None:
            return f"setCanaryScale{{weight: {scale.weight}}}"
        if scale.match_traffic_weight:
            return "setCanaryScale{matchTrafficWeight: true}"
        if scale.replicas is not None:
            return f"setCanaryScale{{replicas: {scale.replicas}}}"
    for name, route in (("setHeaderRoute", step.set_header_route), ("setMirrorRoute", step.set_mirror_route)):
        if route is not None:
            return f"{name}: {route.get('name', '')}" if route.get("name") else name
    if step.plugin is not None:
        return f"plugin: {step.plugin.get('name', '')}"
    return "invalid"
