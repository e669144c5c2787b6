"""A cluster that answers 429 is given the time that it asks for, and people are told."""

import random
from datetime import UTC, datetime

import pytest

from gitsync.fleet.members import Member
from gitsync.kube.answer import Target
from gitsync.kube.backoff import Backoff, Pace
from gitsync.kube.cache import LiveCache
from gitsync.kube.client import Cluster
from gitsync.kube.connection import Connection
from gitsync.kube.errors import ClusterUnreachable, TooManyRequests
from gitsync.kube.limits import Budget
from gitsync.kube.transport import Request
from gitsync.kube.watch import Interrupted, watch_kind
from gitsync.manifest.object import Facts
from model.identity import GroupVersionKind
from tests.gitsync.kube.conftest import PACES
from tests.support.kube_api import KubeApi, answer

NOW = datetime(2026, 1, 1, tzinfo=UTC)
BUSY = TooManyRequests("cannot list pods: slow", suggestion="The cluster asks to wait 7 s.", retry_after_seconds=7.0)


def test_no_pause_is_shorter_than_what_was_asked_for() -> None:
    backoff = Backoff(Pace(0.1, 20.0), random.Random(1))
    assert 7.0 <= backoff.failed(BUSY) <= 10.5
    for _ in range(20):
        backoff.failed(BUSY)
    assert backoff.failed(BUSY) >= 10.0


async def test_a_watch_is_opened_again_when_the_cluster_wants_it(api: KubeApi, cluster: Cluster) -> None:
    api.fault(answer(429, "TooManyRequests", "slow", retryAfterSeconds=7), watch=True, path="/configmaps")
    await cluster.discovery.refresh()
    async for signal in watch_kind(cluster, GroupVersionKind("", "v1", "ConfigMap"), paces=PACES):
        if isinstance(signal, Interrupted):
            assert 7.0 <= signal.retry_seconds <= 10.5
            return


async def test_a_refused_request_tells_how_long_the_cluster_wants_peace(api: KubeApi, cluster: Cluster) -> None:
    await cluster.discovery.refresh()
    api.fault(answer(429, "TooManyRequests", "slow", retryAfterSeconds=7), path="/configmaps")
    assert cluster.limits.patience_seconds == 0
    path = "/api/v1/namespaces/shop/configmaps/a"
    with pytest.raises(TooManyRequests):
        await cluster.transport.send(Request("GET", path, Target("get", "ConfigMap a")), Budget.SYNC, attempts=1)
    assert 0 < cluster.limits.patience_seconds <= 7
    assert cluster.acting_as("somebody").limits.patience_seconds > 0


def test_the_reason_why_a_cluster_is_away_says_how_long_it_asks_to_wait() -> None:
    connection = Connection(lambda: NOW)
    connection.failed(BUSY)
    assert connection.state.message == "cannot list pods: slow. The cluster asks to wait 7 s."


def test_applications_of_a_cluster_that_asks_for_patience_are_told_so(cluster: Cluster) -> None:
    cache = LiveCache(cluster, facts_of=lambda _: Facts())
    cache.held_up = "cannot list pods: slow. The cluster asks to wait 7 s."
    with pytest.raises(ClusterUnreachable, match=r"cluster far .* asks for patience: cannot list pods: slow") as told:
        Member("https://far", "far", cluster, cache).require()
    assert "wait 7 s" in told.value.message
    assert told.value.suggestion.startswith("Nothing is changed there meanwhile")
