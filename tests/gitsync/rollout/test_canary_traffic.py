"""A canary whose traffic a router splits: weights, sizes, services, delays."""

import pytest

from gitsync.manifest.object import JsonObject
from gitsync.rollout.explain import explain
from gitsync.rollout.simulated import Available, SimulatedCluster, all_available
from tests.support.rollouts import cluster, phase, reasons, resume, rollout, selected, set_image, sizes, status

ROUTED = """
canary:
  canaryService: canary
  stableService: stable
  trafficRouting: {{nginx: {{stableIngress: web}}}}
  {more}
  steps: {steps}
"""
STEPS = "[{setWeight: 25}, {pause: {}}, {setWeight: 50}, {pause: {}}]"


def _ingress() -> JsonObject:
    backend = {"service": {"name": "stable", "port": {"number": 80}}}
    paths = [{"path": "/", "pathType": "Prefix", "backend": backend}]
    return {
        "apiVersion": "networking.k8s.io/v1",
        "kind": "Ingress",
        "metadata": {"name": "web"},
        "spec": {"rules": [{"host": "web.example", "http": {"paths": paths}}]},
    }


def _routed(steps: str = STEPS, more: str = "", available: Available = all_available) -> SimulatedCluster:
    body = rollout(ROUTED.format(steps=steps, more=more))
    world = cluster(body, "canary", "stable", available=available)
    world.add(_ingress())
    world.settle("web")
    return world


def _abort(world: SimulatedCluster) -> None:
    world.change("Rollout", "web", {"status": {"abort": True}})
    world.settle("web")


def _weights(world: SimulatedCluster) -> tuple[int, int]:
    weights = status(world)["canary"]["weights"]
    return weights["canary"]["weight"], weights["stable"]["weight"]


def _written_weight(world: SimulatedCluster) -> str:
    annotations: dict[str, str] = world.get("Ingress", "web-web-canary")["metadata"]["annotations"]
    return annotations["nginx.ingress.kubernetes.io/canary-weight"]


def test_weight_follows_the_steps_and_stable_keeps_its_size() -> None:
    world = _routed()
    assert _weights(world) == (0, 100)
    set_image(world, "web:2")
    world.settle("web")
    assert (_weights(world), sizes(world), _written_weight(world)) == ((25, 75), {1: 4, 2: 1}, "25")
    resume(world)
    world.settle("web")
    assert (_weights(world), sizes(world)) == ((50, 50), {1: 4, 2: 2})
    resume(world)
    world.settle("web")
    assert phase(world) == ("Healthy", "")
    assert _weights(world) == (0, 100)
    assert selected(world, "stable") == selected(world, "canary") == status(world)["stableRS"]


def test_previous_stable_waits_for_its_delay() -> None:
    world = _routed(steps="[{setWeight: 50}]")
    set_image(world, "web:2")
    world.settle("web")
    assert sizes(world) == {1: 4, 2: 4}
    world.advance(31)
    world.settle("web")
    assert sizes(world) == {1: 0, 2: 4}


def test_weight_waits_until_the_pods_for_it_are_there() -> None:
    ready = {"web:2": 0}
    world = _routed(available=lambda rs: ready["web:2"] if "web:2" in str(rs["spec"]) else rs["spec"]["replicas"])
    set_image(world, "web:2")
    world.settle("web")
    assert _weights(world) == (0, 100)
    assert phase(world) == ("Progressing", "more replicas need to be updated")
    ready["web:2"] = 1
    world.settle("web")
    assert _weights(world) == (25, 75)


def test_abort_sends_all_traffic_back_at_once_and_keeps_the_canary_for_its_delay() -> None:
    world = _routed()
    set_image(world, "web:2")
    world.settle("web")
    _abort(world)
    assert (_weights(world), sizes(world)) == ((0, 100), {1: 4, 2: 1})
    assert selected(world, "canary") == status(world)["stableRS"]
    world.advance(31)
    world.settle("web")
    assert sizes(world) == {1: 4, 2: 0}


def test_canary_is_kept_for_ever_where_the_delay_is_zero() -> None:
    world = _routed(more="abortScaleDownDelaySeconds: 0")
    set_image(world, "web:2")
    world.settle("web")
    _abort(world)
    world.advance(3600)
    world.settle("web")
    assert sizes(world)[1] == 4


@pytest.mark.parametrize(
    ("step", "canary"),
    [("{setCanaryScale: {replicas: 3}}", 3), ("{setCanaryScale: {weight: 50}}", 2)],
)
def test_canary_scale_is_apart_from_the_weight(step: str, canary: int) -> None:
    world = _routed(steps=f"[{step}, {{setWeight: 10}}, {{pause: {{}}}}]")
    set_image(world, "web:2")
    world.settle("web")
    assert (_weights(world), sizes(world)) == ((10, 90), {1: 4, 2: canary})


def test_matching_the_traffic_weight_ends_the_canary_scale() -> None:
    steps = (
        "[{setCanaryScale: {replicas: 3}}, {setWeight: 25}, {setCanaryScale: {matchTrafficWeight: true}}, {pause: {}}]"
    )
    world = _routed(steps=steps)
    set_image(world, "web:2")
    world.settle("web")
    assert sizes(world) == {1: 4, 2: 1}


def test_stable_shrinks_with_its_traffic_where_asked() -> None:
    world = _routed(more="dynamicStableScale: true")
    set_image(world, "web:2")
    world.settle("web")
    assert sizes(world) == {1: 3, 2: 1}
    resume(world)
    world.settle("web")
    assert sizes(world) == {1: 2, 2: 2}
    _abort(world)
    assert (_weights(world), sizes(world)) == ((0, 100), {1: 4, 2: 0})


def test_traffic_steps_back_with_the_canary_where_stable_had_shrunk() -> None:
    world = _routed(more="dynamicStableScale: true")
    set_image(world, "web:2")
    world.settle("web")
    resume(world)
    world.settle("web")
    world.events.clear()
    _abort(world)
    told = [event.message for event in world.events if event.reason == "TrafficWeightUpdated"]
    assert told == ["Traffic weight updated from 50 to 25", "Traffic weight updated from 25 to 0"]
    assert selected(world, "canary") == status(world)["stableRS"]


def test_stable_grows_back_a_step_at_a_time_where_it_had_shrunk() -> None:
    """All of its pods at once, beside those of the canary, is what dynamicStableScale is there to avoid."""
    steps = "[{setWeight: 25}, {setWeight: 50}, {setWeight: 75}, {pause: {}}]"
    world = _routed(steps=steps, more="dynamicStableScale: true")
    set_image(world, "web:2")
    world.settle("web")
    assert (_weights(world), sizes(world)) == ((75, 25), {1: 1, 2: 3})
    world.change("Rollout", "web", {"status": {"abort": True}})
    most = 0
    for _ in range(20):
        world.move_pods()
        world.pass_once("web")
        most = max(most, sum(sizes(world).values()))
    assert (_weights(world), sizes(world), most) == ((0, 100), {1: 4, 2: 0}, 5)


def test_below_the_last_step_the_canary_keeps_what_stable_cannot_serve_yet() -> None:
    limit = {"stable": 4}
    world = _routed(
        steps="[{setWeight: 100}, {pause: {}}]",
        more="dynamicStableScale: true",
        available=lambda rs: min(rs["spec"]["replicas"], limit["stable"] if "web:1" in str(rs["spec"]) else 4),
    )
    set_image(world, "web:2")
    world.settle("web")
    assert _weights(world) == (100, 0)
    limit["stable"] = 1
    _abort(world)
    assert _weights(world) == (75, 25)
    limit["stable"] = 4
    world.settle("web")
    assert (_weights(world), sizes(world)) == ((0, 100), {1: 4, 2: 0})


def test_another_size_while_an_aborted_canary_waits_for_its_end_is_one_pass_only() -> None:
    """The canary keeps its pods, but must not look for ever as if it had to be scaled: traffic would be left alone."""
    world = _routed()
    set_image(world, "web:2")
    world.settle("web")
    _abort(world)
    world.change("Rollout", "web", {"spec": {"replicas": 6}})
    world.settle("web")
    wanted = [one["metadata"]["annotations"]["rollout.argoproj.io/desired-replicas"] for one in world.all("ReplicaSet")]
    assert (sizes(world), wanted) == ({1: 6, 2: 1}, ["6", "6"])
    world.advance(31)
    world.settle("web")
    assert sizes(world) == {1: 6, 2: 0}


def test_a_canary_larger_than_what_is_wanted_now_may_be_promoted() -> None:
    world = _routed(steps="[{setCanaryScale: {replicas: 4}}, {pause: {}}]")
    set_image(world, "web:2")
    world.settle("web")
    world.change("Rollout", "web", {"spec": {"replicas": 2}})
    world.settle("web")
    assert sizes(world)[2] == 4
    world.change("Rollout", "web", {"status": {"promoteFull": True}})
    world.settle("web")
    assert phase(world) == ("Healthy", "")


def test_going_back_to_stable_dynamically_moves_traffic_only_as_stable_grows() -> None:
    limit = {"most": 4}
    world = _routed(more="dynamicStableScale: true", available=lambda rs: min(rs["spec"]["replicas"], limit["most"]))
    set_image(world, "web:2")
    world.settle("web")
    resume(world)
    world.settle("web")
    assert _weights(world) == (50, 50)
    limit["most"] = 2
    set_image(world, "web:1")
    world.settle("web")
    assert _weights(world)[0] > 0, "stable cannot serve everything yet"
    limit["most"] = 4
    world.settle("web")
    assert _weights(world) == (0, 100)
    assert phase(world)[0] == "Healthy"


def test_ping_and_pong_swap_roles_with_every_release() -> None:
    body = rollout(
        """
canary:
  pingPong: {pingService: ping, pongService: pong}
  trafficRouting: {alb: {ingress: web, rootService: root, servicePort: 80}}
  steps: [{setWeight: 50}, {pause: {}}]
"""
    )
    world = cluster(body, "ping", "pong", "root")
    backend = {"service": {"name": "root", "port": {"name": "use-annotation"}}}
    ingress = _ingress()
    ingress["spec"]["rules"][0]["http"]["paths"][0]["backend"] = backend
    ingress["metadata"]["annotations"] = {}
    world.add(ingress)
    world.settle("web")
    assert status(world)["canary"]["stablePingPong"] == "ping"
    set_image(world, "web:2")
    world.settle("web")
    assert selected(world, "pong") == status(world)["currentPodHash"]
    resume(world)
    world.settle("web")
    assert status(world)["canary"]["stablePingPong"] == "pong"
    assert phase(world)[0] == "Healthy"


def test_missing_ingress_is_an_invalid_spec_until_it_is_there() -> None:
    world = cluster(rollout(ROUTED.format(steps=STEPS, more="")), "canary", "stable")
    assert world.settle("web").requeue_seconds == 20.0
    assert 'stableIngress: Invalid value: "web": ingress.networking.k8s.io "web" not found' in phase(world)[1]
    assert world.all("ReplicaSet") == []
    world.add(_ingress())
    world.settle("web")
    assert phase(world) == ("Healthy", "")


def test_an_ingress_without_a_rule_for_the_service_is_an_invalid_spec() -> None:
    world = cluster(rollout(ROUTED.format(steps=STEPS, more="")), "canary", "stable")
    ingress = _ingress()
    ingress["spec"]["rules"][0]["http"]["paths"][0]["backend"]["service"]["name"] = "other"
    world.add(ingress)
    world.settle("web", most_passes=3)
    assert phase(world)[1].endswith(
        'spec.strategy.canary.trafficRouting.nginx.stableIngress: Invalid value: "web": ingress `web` has no rules '
        "using service stable backend"
    )


def test_router_object_of_somebody_else_holds_everything_and_says_so_until_it_is_gone() -> None:
    world = _routed()
    key = next(one for one in world.objects if one.kind == "Ingress" and one.name == "web-web-canary")
    world.objects[key] = {**world.objects[key], "metadata": {**world.objects[key]["metadata"], "ownerReferences": []}}
    set_image(world, "web:2")
    for _ in range(5):
        world.move_pods()
        result = world.pass_once("web")
    assert result.requeue_seconds == 10.0
    assert "TrafficRoutingError" in reasons(world)
    told = next(one for one in status(world)["conditions"] if one["type"] == "TrafficRouting")
    problem = "canary ingress `web-web-canary` controlled by different object"
    assert (told["status"], told["reason"], told["message"]) == ("False", "TrafficRoutingError", problem)
    explained = explain(world.get("Rollout", "web"), world.children(), world.now)
    assert problem in explained.sentence
    del world.objects[key]
    world.settle("web")
    assert phase(world) == ("Paused", "CanaryPauseStep")
    assert "TrafficRouting" not in {one["type"] for one in status(world)["conditions"]}


def test_an_experiment_gets_its_share_once_a_service_leads_to_it() -> None:
    """Pods without a port have none, and nothing could be sent to them."""
    step = "{experiment: {templates: [{name: a, specRef: canary, weight: 5}]}}"
    strategy = (
        f"canary: {{canaryService: canary, stableService: stable, trafficRouting: {{smi: {{}}}}, steps: [{step}]}}"
    )
    world = cluster(rollout(strategy), "canary", "stable")
    world.settle("web")
    set_image(world, "web:2")
    world.settle("web")
    name = world.all("Experiment")[0]["metadata"]["name"]
    template = {"name": "a", "podTemplateHash": "aaa"}
    for service, shares in (("", []), ("service-of-a", [5])):
        running = {"phase": "Running", "templateStatuses": [{**template, "serviceName": service}]}
        world.change("Experiment", name, {"status": running})
        world.settle("web")
        found = status(world)["canary"]["weights"].get("additional", [])
        assert [one["weight"] for one in found] == shares
