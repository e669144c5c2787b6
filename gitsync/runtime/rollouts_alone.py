"""A runtime that only delivers: no Git, no Applications, on any cluster, as a drop-in for the upstream controller."""

import asyncio
import random
import time
from collections.abc import Callable
from datetime import UTC, datetime

import structlog

from gitsync.delivery.part import Delivery
from gitsync.kube.access import ClusterAccess
from gitsync.kube.client import Cluster
from gitsync.kube.errors import ClusterError
from gitsync.runtime.install import install_rollout_definitions
from gitsync.runtime.metrics import MetricsPort, Readings
from gitsync.settings import RuntimeSettings
from gitsync.supervisor import Supervisor

log = structlog.get_logger("gitsync.delivery")

_CONNECT_MAX_SECONDS = 30.0


def utc_now() -> datetime:
    return datetime.now(UTC)


class DeliveryRuntime:
    """One process. `access` is the way into the cluster."""

    def __init__(
        self, settings: RuntimeSettings, access: ClusterAccess, *, now: Callable[[], datetime] = utc_now
    ) -> None:
        self._settings = settings
        self.cluster = Cluster(access)
        self.supervisor = Supervisor(clock=time.monotonic)
        self.delivery = Delivery(self.cluster, settings, supervisor=self.supervisor, now=now)
        self._starting = "the cluster has not answered yet"
        self.metrics = MetricsPort(
            Readings(self.counters, self.delivery.gauges), parts=self.supervisor.states, ready=self.not_ready
        )

    async def run(self, stop: asyncio.Event) -> None:
        """Start everything, serve until `stop` is set, stop everything."""
        await self.start()
        try:
            await stop.wait()
        finally:
            await self.close()

    async def start(self) -> None:
        settings = self._settings
        if settings.metrics_port is not None:
            await self.metrics.start(settings.metrics_host, settings.metrics_port)
            log.info("metrics", address=f"http://{settings.metrics_host}:{self.metrics.port}/metrics")
        await self._reach()
        await self.delivery.start()
        self._starting = ""

    async def close(self) -> None:
        await self.delivery.close()
        await self.supervisor.close()
        await self.metrics.stop()
        await self.cluster.close()

    def not_ready(self) -> str:
        return self._starting or self.delivery.not_ready

    def counters(self) -> dict[str, float]:
        requests = {f"requests_{verb.lower()}": float(count) for verb, count in self.cluster.requests.items()}
        return {**self.delivery.counters(), "faults": self.supervisor.faults, **requests}

    async def _reach(self) -> None:
        wait_seconds = 0.5
        while True:
            try:
                await self.cluster.discovery.refresh()
                await install_rollout_definitions(self.cluster)
                return
            except ClusterError as failure:
                log.warning("cluster not usable yet", reason=failure.message)
            await asyncio.sleep(wait_seconds * random.uniform(0.8, 1.2))  # noqa: S311 - jitter, not a secret
            wait_seconds = min(wait_seconds * 2, _CONNECT_MAX_SECONDS)
