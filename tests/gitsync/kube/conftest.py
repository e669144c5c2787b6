"""Clusters for the tests of the adapter: a scripted API server, and clients with short time limits."""

import random
from collections.abc import AsyncIterator

import pytest

from gitsync.kube.backoff import Pace
from gitsync.kube.client import Cluster
from gitsync.kube.transport import TimeLimits
from gitsync.kube.watch import WatchPaces
from tests.support.kube_api import KubeApi, serving

TIMES = TimeLimits(connect_seconds=1.5, first_byte_seconds=0.15, watch_idle_seconds=0.3)
PACES = WatchPaces(failed=Pace(0.005, 0.02), refused=Pace(0.01, 0.02))


@pytest.fixture
async def api() -> AsyncIterator[KubeApi]:
    async with serving(KubeApi()) as served:
        yield served


@pytest.fixture
async def cluster(api: KubeApi) -> AsyncIterator[Cluster]:
    cluster = Cluster(api.access, times=TIMES, jitter=random.Random(1))
    yield cluster
    await cluster.close()
