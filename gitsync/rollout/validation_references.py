"""What a Rollout refers to and may not: objects that are not there, or that do not go with it."""

from collections.abc import Iterator, Mapping, Sequence

from gitsync.manifest.object import JsonObject
from gitsync.rollout.problem import contradictory, invalid
from gitsync.rollout.values import Children
from model.kinds.rollout import HASH_LABEL, MANAGED_BY, Rollout, RolloutAnalysis, TemplateRef


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


def services(rollout: Rollout, children: Children) -> Iterator[str]:
    """All must be there before any of them is looked at."""
    named = [(field, name, children.services.get(name)) for field, name in referenced_services(rollout) if name]
    for field, name, service in named:
        if service is None:
            yield invalid(field, name, f'service "{name}" not found')
    labels = ((rollout.spec.template or {}).get("metadata") or {}).get("labels") or {}
    for field, name, service in named:
        if service is None:
            continue
        for key, value in ((service.get("spec") or {}).get("selector") or {}).items():
            if key != HASH_LABEL and labels.get(key) != value:
                yield invalid(field, name, f'Service "{name}" has unmatch label "{key}" in rollout')
        manager = (service["metadata"].get("annotations") or {}).get(MANAGED_BY)
        if manager and manager != rollout.metadata.name:
            yield invalid(field, name, f'Service "{name}" is managed by another Rollout')


def routers(rollout: Rollout) -> Iterator[str]:
    """One object by itself or a list of them, and neither both nor none."""
    canary = rollout.spec.strategy.canary
    routing = canary.traffic_routing if canary else None
    if routing is None:
        return
    path = "spec.strategy.canary.trafficRouting"
    for name, body, one, many in (
        ("nginx", routing.nginx, "stableIngress", "stableIngresses"),
        ("alb", routing.alb, "ingress", "ingresses"),
    ):
        if body is not None and bool(body.get(one)) == bool(body.get(many)):
            which = f"{one[0].upper()}{one[1:]} or {many[0].upper()}{many[1:]}"
            found = "Both" if body.get(one) else "Neither"
            yield contradictory(f"{path}.{name}", f"Either {which} must be configured. {found} are configured.")
    istio = routing.istio
    if istio is not None and bool(istio.get("virtualService")) == bool(istio.get("virtualServices")):
        yield contradictory(f"{path}.istio", "either VirtualService or VirtualServices must be configured")


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


def templates(rollout: Rollout, children: Children) -> Iterator[str]:
    background = rollout.spec.strategy.canary.analysis if rollout.spec.strategy.canary else None
    found: list[tuple[str, RolloutAnalysis, list[JsonObject]]] = []
    for field, analysis in referenced_analyses(rollout):
        bodies: dict[tuple[bool, str], JsonObject] = {}
        yield from _gather(analysis.templates, f"{field}.templates", children, bodies)
        found.append((f"{field}.templates", analysis, list(bodies.values())))
    for path, analysis, all_bodies in found:
        given = {argument.name for argument in analysis.args}
        shown = f"templateNames: [{' '.join(body['metadata']['name'] for body in all_bodies)}]"
        for name in _repeated(all_bodies):
            yield invalid(path, shown, f"two metrics have the same name '{name}'")
        for name in _unresolved(all_bodies, given):
            yield invalid(path, shown, f"args.{name} was not resolved")
        if analysis is not background:
            yield from _endless(path, all_bodies)


def _gather(
    references: Sequence[TemplateRef], path: str, children: Children, bodies: dict[tuple[bool, str], JsonObject]
) -> Iterator[str]:
    """Each template once, with those that it refers to."""
    for reference in references:
        key = (reference.cluster_scope, reference.template_name)
        if key in bodies:
            continue
        known: Mapping[str, JsonObject] = children.cluster_templates if reference.cluster_scope else children.templates
        body = known.get(reference.template_name)
        if body is None:
            kind = "ClusterAnalysisTemplate" if reference.cluster_scope else "AnalysisTemplate"
            yield invalid(path, reference.template_name, f"{kind} '{reference.template_name}' not found")
            continue
        bodies[key] = body
        nested = (body.get("spec") or {}).get("templates") or ()
        inner = [TemplateRef(str(one.get("templateName", "")), bool(one.get("clusterScope"))) for one in nested]
        yield from _gather(inner, "spec.templates", children, bodies)


def _repeated(bodies: Sequence[JsonObject]) -> Iterator[str]:
    names: set[str] = set()
    for metric in (metric for body in bodies for metric in (body.get("spec") or {}).get("metrics") or ()):
        name = str(metric.get("name", ""))
        if name in names:
            yield name
        names.add(name)


def _unresolved(bodies: Sequence[JsonObject], given: set[str]) -> Iterator[str]:
    """Arguments to which nobody gives a value: neither the Rollout nor any of the templates."""
    arguments = [one for body in bodies for one in (body.get("spec") or {}).get("args") or ()]
    valued = {one.get("name") for one in arguments if one.get("value") is not None or one.get("valueFrom") is not None}
    for name in dict.fromkeys(str(one.get("name", "")) for one in arguments):
        if name not in valued and name not in given:
            yield name


def _endless(path: str, bodies: Sequence[JsonObject]) -> Iterator[str]:
    """A step or a promotion waits for the end of its analysis, so there must be one."""
    for body in bodies:
        name = body["metadata"]["name"]
        for metric in (body.get("spec") or {}).get("metrics") or ():
            count = metric.get("count")
            if metric.get("interval") and count in (None, "", 0, "0"):
                shown = "<nil>" if count is None else count
                problem = (
                    f"AnalysisTemplate {name} has metric {metric.get('name', '')} which runs indefinitely. Invalid "
                    f"value for count: {shown}"
                )
                yield invalid(path, name, problem)
