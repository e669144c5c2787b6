"""A metric provider at the socket: a real HTTP server on loopback that records what it is asked."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from aiohttp import web

from gitsync.measurement.measure import Measurements
from gitsync.measurement.values import AwsCredentials, ProviderSettings
from gitsync.rollout.analysis.values import Action, Answer, Question

NOW = datetime(2026, 3, 1, 12, 0, 0, tzinfo=UTC)
CANARY = "s3cr3t/canary+key"
RUN = {"metadata": {"name": "run", "namespace": "team", "uid": "run-uid"}}


SETTINGS = ProviderSettings(aws=AwsCredentials("AKID", CANARY, "", "us-east-1"))


@dataclass
class Seen:
    """One request that came in."""

    method: str
    path: str
    query: dict[str, str]
    headers: Mapping[str, str]
    body: str


@dataclass
class Server:
    """`answers` are given one after the other; the last one stays."""

    answers: list[web.Response] = field(default_factory=list)
    seen: list[Seen] = field(default_factory=list)
    address: str = ""
    runner: web.AppRunner | None = None

    async def start(self) -> "Server":
        application = web.Application()
        application.router.add_route("*", "/{tail:.*}", self._answer)
        self.runner = web.AppRunner(application)
        await self.runner.setup()
        site = web.TCPSite(self.runner, "127.0.0.1", 0)
        await site.start()
        self.address = f"http://127.0.0.1:{self.runner.addresses[0][1]}"
        return self

    async def stop(self) -> None:
        assert self.runner is not None
        await self.runner.cleanup()

    def replies(self, *bodies: Any, status: int = 200) -> None:
        self.answers = [
            body if isinstance(body, web.Response) else web.json_response(body, status=status) for body in bodies
        ]

    async def _answer(self, request: web.Request) -> web.Response:
        body = (await request.read()).decode()
        self.seen.append(Seen(request.method, request.path, dict(request.query), request.headers.copy(), body))
        given = self.answers[min(len(self.seen), len(self.answers)) - 1]
        return web.Response(status=given.status, headers=given.headers, body=given.body)


class Jobs:
    """Jobs of the cluster, in memory."""

    def __init__(self) -> None:
        self.found: dict[str, dict[str, Any]] = {}
        self.pod_list: list[dict[str, Any]] = []

    async def create(self, body: dict[str, Any]) -> dict[str, Any] | None:
        name = body["metadata"]["name"]
        if name in self.found:
            return None
        self.found[name] = body
        return body

    async def get(self, namespace: str, name: str) -> dict[str, Any] | None:
        return self.found.get(name)

    async def delete(self, namespace: str, name: str) -> None:
        self.found.pop(name, None)

    async def pods(self, namespace: str, job: str) -> list[dict[str, Any]]:
        return self.pod_list


@dataclass
class Rig:
    server: Server
    jobs: Jobs
    secrets: dict[tuple[str, str], dict[str, str]] = field(default_factory=dict)
    settings: ProviderSettings = SETTINGS

    async def ask(
        self,
        provider: str,
        settings: dict[str, Any],
        *,
        action: Action = Action.TAKE,
        measurement: dict[str, Any] | None = None,
        metric: str = "m",
        edit: Callable[[ProviderSettings], ProviderSettings] = lambda settings: settings,
    ) -> Answer:
        measurements = Measurements(self._secret, self.jobs, edit(self.settings), now=lambda: NOW)
        body = {"name": metric, "provider": {provider: settings}}
        try:
            (answer,) = await measurements.take(RUN, [Question(metric, action, provider, body, 1, measurement)])
        finally:
            await measurements.close()
        return answer

    async def _secret(self, namespace: str, name: str) -> dict[str, str] | None:
        return self.secrets.get((namespace, name))
