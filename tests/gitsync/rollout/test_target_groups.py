"""Old pods are needed until the load balancer sends to the new ones."""

from dataclasses import replace

from gitsync.rollout.routing.route import missing, route
from gitsync.rollout.simulated import SimulatedCluster
from gitsync.rollout.target_groups import awaited_service
from gitsync.rollout.values import Children, Parts, TargetRegistration
from tests.support.rollouts import START, make_run, phase, rollout, selected, set_image, sizes, status

ARN = "arn:aws:elb:x:targetgroup/web/1"
GREEN = "blueGreen: {activeService: active, scaleDownDelaySeconds: 5}"
JUDGED = "blueGreen: {activeService: active, postPromotionAnalysis: {templates: [{templateName: ok}]}}"
ALB = """
canary:
  canaryService: canary
  stableService: stable
  scaleDownDelaySeconds: 5
  trafficRouting: {alb: {ingress: web, servicePort: 80}}
"""


class _Verified(SimulatedCluster):
    """As where target groups are verified; `registered` of 4 addresses are known to the load balancer."""

    registered = 4
    problem = ""

    def children(self) -> Children:
        found = super().children()
        awaited = awaited_service(self.get("Rollout", "web"), found)
        target = TargetRegistration(ARN, 4, self.registered, self.problem)
        return replace(found, verifies_targets=True, targets=(target,) if awaited else None)

    def told(self, reason: str) -> set[str]:
        return {event.message for event in self.events if event.reason == reason}


def _world(strategy: str) -> _Verified:
    world = _Verified(START, Parts(route, make_run, missing))
    for name in ("active", "canary", "stable"):
        world.add(
            {"apiVersion": "v1", "kind": "Service", "metadata": {"name": name}, "spec": {"selector": {"app": "web"}}}
        )
    backend = {"service": {"name": "stable", "port": {"name": "use-annotation"}}}
    rules = [{"http": {"paths": [{"path": "/", "pathType": "Prefix", "backend": backend}]}}]
    ingress = {"metadata": {"name": "web", "annotations": {}}, "spec": {"rules": rules}}
    world.add({"apiVersion": "networking.k8s.io/v1", "kind": "Ingress", **ingress})
    template = {"metadata": {"name": "ok"}, "spec": {}}
    world.add({"apiVersion": "argoproj.io/v1alpha1", "kind": "AnalysisTemplate", **template})
    world.add(rollout(strategy))
    world.settle("web")
    return world


def test_a_blue_green_update_is_through_once_all_addresses_are_registered() -> None:
    world = _world(GREEN)
    world.registered = 3
    set_image(world, "web:2")
    world.settle("web")
    assert selected(world, "active") == status(world)["currentPodHash"] != status(world)["stableRS"]
    assert phase(world) == ("Progressing", "waiting for post-promotion verification to complete")
    told = f"Service active (TargetGroup {ARN}) not verified: 3/4 endpoints registered"
    assert world.told("TargetGroupUnverified") == {told}
    world.advance(60)
    world.settle("web")
    assert sizes(world) == {1: 4, 2: 4}, "what was stable is still needed"
    world.registered = 4
    world.settle("web")
    assert phase(world) == ("Healthy", "")
    assert world.told("TargetGroupVerified") == {f"Service active (TargetGroup {ARN}) verified: 4 endpoints registered"}


def test_who_cannot_tell_verifies_nothing_and_says_why() -> None:
    world = _world(GREEN)
    world.problem = "AWS says no"
    set_image(world, "web:2")
    world.settle("web")
    assert phase(world)[0] == "Progressing"
    assert world.told("TargetGroupVerifyError") == {f"Failed to verify Service active (TargetGroup {ARN}): AWS says no"}


def test_analysis_after_the_switch_waits_for_the_verification() -> None:
    world = _world(JUDGED)
    world.registered = 0
    set_image(world, "web:2")
    world.settle("web")
    assert world.all("AnalysisRun") == []
    world.registered = 4
    world.settle("web")
    assert len(world.all("AnalysisRun")) == 1


def test_behind_an_alb_the_version_before_waits_for_its_end_only_once_it_is_verified() -> None:
    world = _world(ALB)
    world.registered = 1
    set_image(world, "web:2")
    world.settle("web")
    world.advance(60)
    world.settle("web")
    assert sizes(world) == {1: 4, 2: 4}
    world.registered = 4
    world.settle("web")
    world.advance(6)
    world.settle("web")
    assert sizes(world) == {1: 0, 2: 4}


def test_nothing_is_awaited_of_what_is_at_rest() -> None:
    for strategy in (GREEN, ALB):
        world = _world(strategy)
        assert awaited_service(world.get("Rollout", "web"), world.children()) == "", strategy
