"""GET /healthz, /readyz and /metrics."""

import asyncio
from collections.abc import Iterator

import prometheus_client
from prometheus_client import CollectorRegistry
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector
from sqlalchemy.exc import SQLAlchemyError
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from api.endpoints.request import plane_of
from api.plane import ControlPlane

DATABASE_SECONDS = 2.0


async def healthz(_request: Request) -> Response:
    """The process answers."""
    return JSONResponse({"status": "ok"})


async def readyz(request: Request) -> Response:
    """Every part with its state. A runtime that is away is told, but does not make the control plane unready."""
    plane = plane_of(request)
    database = await _database(plane)
    tasks = {
        name: {"status": "ok" if plane.supervisor.healthy(part) else "stalled", "restarts": part.restarts}
        for name, part in plane.supervisor.parts.items()
    }
    ready = database == "ok" and all(task["status"] == "ok" for task in tasks.values())
    body = {
        "status": "ok" if ready else "not ready",
        "parts": {
            "database": {"status": database},
            **tasks,
            "runtimes": {"status": "ok", "connected": plane.connected.names},
            **_replicas(plane),
        },
    }
    return JSONResponse(body, status_code=200 if ready else 503)


def _replicas(plane: ControlPlane) -> dict[str, object]:
    """Lines to others that are down are told, but do not make this one unready: it answers what it can."""
    if not plane.roster.others:
        return {}
    problems = plane.roster.problems
    return {"lines": {"status": "ok" if not problems else "degraded", "to": plane.roster.others, "problems": problems}}


async def metrics(request: Request) -> Response:
    registry = CollectorRegistry()
    registry.register(_PlaneCollector(plane_of(request)))
    text = prometheus_client.generate_latest(prometheus_client.REGISTRY) + prometheus_client.generate_latest(registry)
    return Response(text, media_type=prometheus_client.CONTENT_TYPE_LATEST)


class _PlaneCollector(Collector):
    def __init__(self, plane: ControlPlane) -> None:
        self._plane = plane

    def collect(self) -> Iterator[GaugeMetricFamily]:
        plane = self._plane
        for name, text, value in (
            ("argosy_runtimes_connected", "Runtimes that are connected", len(plane.connected.names)),
            ("argosy_streams_open", "Streams that people have open", plane.streams.count),
            ("argosy_tree_feeds_open", "Resource trees that are followed", plane.trees.open_feeds),
            ("argosy_application_changes", "Changes of applications since the start", plane.changes.number),
        ):
            yield GaugeMetricFamily(name, text, value=value)


async def _database(plane: ControlPlane) -> str:
    try:
        async with asyncio.timeout(DATABASE_SECONDS):
            await plane.database.check()
    except (SQLAlchemyError, TimeoutError, OSError) as error:
        return f"failed: {type(error).__name__}"
    return "ok"
