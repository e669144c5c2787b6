"""What holds of every Rollout, whatever people do to it and however slowly its pods come up."""

import math
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from gitsync.manifest.object import JsonObject
from gitsync.rollout.defaults import max_unavailable
from gitsync.rollout.simulated import SimulatedCluster
from gitsync.rollout.step import read_rollout
from tests.support.rollouts import cluster, rollout, set_image, status

_STEPS = st.lists(
    st.one_of(
        st.integers(0, 100).map(lambda weight: {"setWeight": weight}),
        st.just({"pause": {}}),
        st.just({"pause": {"duration": 5}}),
    ),
    max_size=4,
)
_LIMIT = st.sampled_from([0, 1, 2, "25%", "50%"])
_ACTIONS = st.sampled_from(
    ["image 1", "image 2", "image 3", "abort", "retry", "resume", "promote", "wait", "slow", "fast"]
)
_SERVICES = ("active", "preview", "canary", "stable")


class _World:
    """A cluster in which the pods of one revision may be slow."""

    def __init__(self, strategy: JsonObject, replicas: int) -> None:
        self.slow = False
        body = rollout("canary: {}", replicas=replicas)
        body["spec"]["strategy"] = strategy
        self.cluster: SimulatedCluster = cluster(body, *_SERVICES, available=self._available)
        self.cluster.add(_ingress())
        self._up: dict[str, int] = {}

    def _available(self, replica_set: JsonObject) -> int:
        """All pods at once, or one more with every look; pods that are up stay up."""
        name, wanted = replica_set["metadata"]["name"], replica_set["spec"]["replicas"]
        now = min(self._up.get(name, 0), wanted)
        self._up[name] = min(now + 1, wanted) if self.slow else wanted
        return self._up[name]

    def do(self, action: str) -> None:
        world, found = self.cluster, status(self.cluster)
        verb, _, argument = action.partition(" ")
        if verb == "image":
            set_image(world, f"web:{argument}")
        elif verb in ("abort", "retry"):
            world.change("Rollout", "web", {"status": {"abort": verb == "abort"}})
        elif verb == "resume" and found.get("pauseConditions"):
            world.change("Rollout", "web", {"status": {"pauseConditions": None}})
        elif verb == "promote" and found.get("stableRS") != found.get("currentPodHash"):
            world.change("Rollout", "web", {"status": {"promoteFull": True}})
        elif verb == "wait":
            world.advance(6)
        elif verb in ("slow", "fast"):
            self.slow = verb == "slow"


def _ingress() -> JsonObject:
    backend = {"service": {"name": "stable", "port": {"number": 80}}}
    rules = [{"http": {"paths": [{"path": "/", "pathType": "Prefix", "backend": backend}]}}]
    return {
        "apiVersion": "networking.k8s.io/v1",
        "kind": "Ingress",
        "metadata": {"name": "web"},
        "spec": {"rules": rules},
    }


def _canary(steps: list[JsonObject], surge: Any, unavailable: Any) -> JsonObject:
    if surge == 0 and unavailable == 0:
        unavailable = 1
    return {"canary": {"steps": steps, "maxSurge": surge, "maxUnavailable": unavailable}}


def _routed(steps: list[JsonObject], *, dynamic: bool) -> JsonObject:
    canary: JsonObject = {
        "steps": steps,
        "canaryService": "canary",
        "stableService": "stable",
        "trafficRouting": {"nginx": {"stableIngress": "web"}},
    }
    return {"canary": {**canary, "dynamicStableScale": dynamic}}


def _settle(world: _World, check: Any) -> None:
    """Pass after pass until nothing changes; `check` looks after each."""
    for _ in range(150):
        world.cluster.move_pods()
        result = world.cluster.pass_once("web")
        check(world.cluster)
        if not result.writes and not world.cluster.move_pods():
            return
    raise AssertionError(f"still writing: {status(world.cluster)}")


@settings(max_examples=25, deadline=None, derandomize=True)
@given(_STEPS, _LIMIT, _LIMIT, st.integers(1, 6), st.lists(_ACTIONS, max_size=6))
def test_plain_canary_never_has_fewer_available_pods_than_allowed(
    steps: list[JsonObject], surge: Any, unavailable: Any, replicas: int, actions: list[str]
) -> None:
    world = _World(_canary(steps, surge, unavailable), replicas)
    _settle(world, lambda _: None)
    fewest = replicas - max_unavailable(read_rollout(world.cluster.get("Rollout", "web")))

    def enough(now: SimulatedCluster) -> None:
        sets = now.all("ReplicaSet")
        serving = sum(
            min((one.get("status") or {}).get("availableReplicas", 0), one["spec"]["replicas"]) for one in sets
        )
        assert serving >= fewest, [one["spec"]["replicas"] for one in sets]

    for action in actions:
        world.do(action)
        _settle(world, enough)


@settings(max_examples=25, deadline=None, derandomize=True)
@given(_STEPS, st.booleans(), st.integers(1, 6), st.lists(_ACTIONS, max_size=6))
def test_canary_never_gets_traffic_that_its_pods_cannot_serve(
    steps: list[JsonObject], dynamic: bool, replicas: int, actions: list[str]
) -> None:
    world = _World(_routed(steps, dynamic=dynamic), replicas)
    _settle(world, lambda _: None)

    def served(now: SimulatedCluster) -> None:
        weights = (status(now).get("canary") or {}).get("weights") or {}
        canary, stable = weights.get("canary") or {}, weights.get("stable") or {}
        up = {
            one["metadata"]["labels"]["rollouts-pod-template-hash"]: one["spec"]["replicas"]
            for one in now.all("ReplicaSet")
        }
        if canary.get("weight", 0) > 0:
            assert up.get(canary["podTemplateHash"], 0) >= math.ceil(canary["weight"] * replicas / 100)
        if stable.get("weight", 0) > 0 and stable.get("podTemplateHash"):
            assert up.get(stable["podTemplateHash"], 0) >= math.ceil(stable["weight"] * replicas / 100)

    for action in actions:
        world.do(action)
        _settle(world, served)


_STRATEGIES = st.one_of(
    st.builds(_canary, _STEPS, _LIMIT, _LIMIT),
    st.builds(lambda steps, dynamic: _routed(steps, dynamic=dynamic), _STEPS, st.booleans()),
    st.builds(
        lambda automatic, seconds: {
            "blueGreen": {
                "activeService": "active",
                "previewService": "preview",
                "autoPromotionEnabled": automatic,
                "autoPromotionSeconds": seconds,
            }
        },
        st.booleans(),
        st.sampled_from([0, 5]),
    ),
)


@settings(max_examples=40, deadline=None, derandomize=True)
@given(_STEPS, st.booleans(), st.integers(1, 6), st.lists(_ACTIONS, max_size=6))
def test_traffic_only_grows_where_pods_are_up_for_it(
    steps: list[JsonObject], dynamic: bool, replicas: int, actions: list[str]
) -> None:
    """What is at rest may lose a pod; more traffic than before goes only to pods that are available."""
    world = _World(_routed(steps, dynamic=dynamic), replicas)
    before: dict[str, tuple[str, int]] = {}

    def grown(now: SimulatedCluster) -> None:
        weights = (status(now).get("canary") or {}).get("weights") or {}
        up = {
            one["metadata"]["labels"]["rollouts-pod-template-hash"]: (one.get("status") or {}).get(
                "availableReplicas", 0
            )
            for one in now.all("ReplicaSet")
        }
        for role in ("canary", "stable") if dynamic else ("canary",):
            one = weights.get(role) or {}
            share = (one.get("podTemplateHash", ""), one.get("weight", 0))
            known = before.get(role, ("", 0))
            if share[0] and share[1] > (known[1] if known[0] == share[0] else 0):
                needed = share[1] * replicas / 100
                assert up.get(share[0], 0) >= (math.ceil(needed) if role == "canary" else math.floor(needed)), role
            before[role] = share

    _settle(world, grown)
    for action in actions:
        world.do(action)
        _settle(world, grown)


@settings(max_examples=25, deadline=None, derandomize=True)
@given(_STRATEGIES, st.integers(0, 5), st.lists(_ACTIONS, max_size=6))
def test_every_path_ends_and_nothing_is_repeated_there(strategy: JsonObject, replicas: int, actions: list[str]) -> None:
    world = _World(strategy, replicas)
    _settle(world, lambda _: None)
    for action in actions:
        world.do(action)
        _settle(world, lambda _: None)
        before = len(world.cluster.events)
        again = world.cluster.pass_once("web")
        assert not again.writes
        assert len(world.cluster.events) == before
    world.do("fast")
    world.do("retry")
    for _ in range(10):
        world.cluster.advance(31)
        _settle(world, lambda _: None)
        world.do("resume")
        world.do("promote")
    _settle(world, lambda _: None)
    assert status(world.cluster)["phase"] == "Healthy", status(world.cluster)
    assert sum(one["spec"]["replicas"] for one in world.cluster.all("ReplicaSet")) == replicas
