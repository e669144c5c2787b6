"""The runtime's own HTTP port: /metrics for Prometheus, /healthz and /readyz for Kubernetes and people.

`/readyz` is 200 only while every part beats; its JSON names each part, so that a dead task is never silent.
"""

from collections.abc import Callable, Iterable

from aiohttp import web
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily
from prometheus_client.metrics_core import Metric
from prometheus_client.registry import Collector

from gitsync.supervisor import PartState


class Readings(Collector):
    """Numbers read from the parts when Prometheus asks; the parts count, this only shows."""

    def __init__(self, counters: Callable[[], dict[str, float]], gauges: Callable[[], dict[str, float]]) -> None:
        self._counters = counters
        self._gauges = gauges

    def collect(self) -> Iterable[Metric]:
        for name, value in self._counters().items():
            yield CounterMetricFamily(f"argosy_runtime_{name}", name.replace("_", " "), value=value)
        for name, value in self._gauges().items():
            yield GaugeMetricFamily(f"argosy_runtime_{name}", name.replace("_", " "), value=value)


class MetricsPort:
    """Started once, stopped at the end."""

    def __init__(
        self, readings: Readings, *, parts: Callable[[], tuple[PartState, ...]], ready: Callable[[], str]
    ) -> None:
        self._registry = CollectorRegistry()
        self._registry.register(readings)
        self._parts = parts
        self._ready = ready
        self._runner: web.AppRunner | None = None
        self.port = 0

    async def start(self, host: str, port: int) -> None:
        """`port` 0: any free one; see `port`."""
        app = web.Application()
        app.add_routes(
            [
                web.get("/metrics", self._metrics),
                web.get("/healthz", self._healthz),
                web.get("/readyz", self._readyz),
            ]
        )
        self._runner = web.AppRunner(app, access_log=None)
        await self._runner.setup()
        site = web.TCPSite(self._runner, host, port)
        await site.start()
        self.port = self._runner.addresses[0][1]

    async def stop(self) -> None:
        if self._runner is not None:
            await self._runner.cleanup()

    async def _metrics(self, _: web.Request) -> web.Response:
        body = generate_latest(self._registry)
        return web.Response(body=body, headers={"Content-Type": CONTENT_TYPE_LATEST})

    async def _healthz(self, _: web.Request) -> web.Response:
        return web.json_response({"status": "ok"})

    async def _readyz(self, _: web.Request) -> web.Response:
        parts = self._parts()
        starting = self._ready()
        well = not starting and all(part.healthy for part in parts)
        answer = {
            "ready": well,
            "reason": starting,
            "parts": {
                part.name: {"healthy": part.healthy, "restarts": part.restarts, "error": part.error} for part in parts
            },
        }
        return web.json_response(answer, status=200 if well else 503)
