"""Sizes of canary and stable as arithmetic, without a cluster."""

from typing import Any

import pytest

from gitsync.rollout.defaults import max_surge, max_unavailable
from gitsync.rollout.replica_counts import approximate, enough_available, routed_counts
from gitsync.rollout.step import read_rollout
from model.kinds.rollout import Rollout
from tests.support.rollouts import rollout

ROUTED = "canary: {{canaryService: c, stableService: s, trafficRouting: {{nginx: {{stableIngress: i}}}}, {}}}"


def _canary(strategy: str, replicas: int, **status: Any) -> Rollout:
    return read_rollout({**rollout(strategy, replicas=replicas), "status": status})


@pytest.mark.parametrize(("replicas", "above", "below"), [(1, 1, 0), (4, 1, 1), (5, 2, 1), (10, 3, 2)])
def test_a_quarter_above_and_a_quarter_below_is_the_default(replicas: int, above: int, below: int) -> None:
    canary = _canary("canary: {}", replicas)
    assert (max_surge(canary), max_unavailable(canary)) == (above, below)


def test_limits_round_up_above_and_down_below() -> None:
    canary = _canary("canary: {maxSurge: 15%, maxUnavailable: 15%}", 10)
    assert (max_surge(canary), max_unavailable(canary)) == (2, 1)


def test_with_no_room_at_all_one_pod_may_be_missing() -> None:
    canary = _canary("canary: {maxSurge: 0, maxUnavailable: 0}", 10)
    assert (max_surge(canary), max_unavailable(canary)) == (0, 1)
    assert max_unavailable(_canary("canary: {maxUnavailable: 7}", 2)) == 2


@pytest.mark.parametrize(
    ("replicas", "weight", "surge", "canary", "stable"),
    [
        (10, 20, 0, 2, 8),
        (10, 25, 0, 3, 7),  # both ways are equally far, so the canary gets the pod
        (5, 10, 1, 1, 5),  # one of six is closer than one of five
        (4, 50, 1, 2, 2),
        (3, 100, 1, 3, 0),
        (3, 0, 1, 0, 3),
        (0, 50, 1, 0, 0),
    ],
)
def test_pods_come_as_close_to_the_weight_as_they_can(
    replicas: int, weight: int, surge: int, canary: int, stable: int
) -> None:
    assert approximate(replicas, weight, surge) == (canary, stable)


@pytest.mark.parametrize(
    ("replicas", "weight", "surge", "canary"),
    [(10, 1, 0, 1), (10, 99, 0, 9), (1, 20, 0, 0), (1, 80, 0, 1), (1, 50, 1, 1)],
)
def test_a_share_has_no_pod_only_where_it_is_nothing(replicas: int, weight: int, surge: int, canary: int) -> None:
    assert approximate(replicas, weight, surge)[0] == canary


@pytest.mark.parametrize(("least", "weight", "pods"), [(2, 5, 2), (9, 5, 6), (2, 50, 3), (2, 0, 0)])
def test_a_share_has_at_least_so_many_pods_but_never_more_than_there_are(least: int, weight: int, pods: int) -> None:
    more = f"minPodsPerReplicaSet: {least}, steps: [{{setWeight: {weight}}}]"
    update = {"stableRS": "old", "currentPodHash": "new", "currentStepIndex": 0}
    assert routed_counts(_canary(ROUTED.format(more), 6, **update), None, None, None) == (pods, 6)


@pytest.mark.parametrize(
    ("threshold", "available", "enough"),
    [
        ("{type: Percent, value: 50}", 2, True),
        ("{type: Percentage, value: 50}", 1, False),
        ("{type: Pods, value: 3}", 3, True),
        ("{type: Pods, value: 3}", 2, False),
    ],
)
def test_a_threshold_is_enough_pods_to_go_on(threshold: str, available: int, enough: bool) -> None:
    canary = _canary(f"canary: {{replicaProgressThreshold: {threshold}, steps: [{{setWeight: 100}}]}}", 4)
    assert enough_available(canary, available, 4) is enough
    assert enough_available(_canary("canary: {}", 4), available, 4) is False
