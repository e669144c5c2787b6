"""Logs over HTTP, kinds that are views of one another, and waiting for a stop."""

import asyncio
import ssl
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta

import aiohttp
import pytest

from gitsync.manifest.object import JsonObject
from gitsync.sandbox.objects import LogLine, Unsubscribe
from gitsync.sandbox.sandbox import Sandbox
from tests.support.sandbox import running_sandbox

_START = datetime(2026, 1, 1, tzinfo=UTC)
_LOG = "/api/v1/namespaces/default/pods/worker/log"


class ScriptedLogs:
    """A log source that says what a test tells it to."""

    def __init__(self, lines: Sequence[LogLine]) -> None:
        self.written: dict[str, list[LogLine]] = {"main": list(lines)}
        self._followers: list[Callable[[LogLine | None], None]] = []
        self.followed = asyncio.Event()

    def lines(self, pod: JsonObject, container: str, *, previous: bool = False) -> Sequence[LogLine] | None:
        return None if previous else self.written.get(container)

    def follow(self, pod: JsonObject, container: str, callback: Callable[[LogLine | None], None]) -> Unsubscribe:
        self._followers.append(callback)
        self.followed.set()
        return lambda: self._followers.remove(callback)

    def write(self, line: LogLine | None) -> None:
        for follower in list(self._followers):
            follower(line)

    @property
    def followers(self) -> int:
        return len(self._followers)


@asynccontextmanager
async def _pod_with_logs(count: int) -> AsyncIterator[tuple[Sandbox, ScriptedLogs, aiohttp.ClientSession]]:
    async with running_sandbox() as sandbox:
        now = sandbox.clock.now()
        source = ScriptedLogs([LogLine(now - timedelta(seconds=10 * (count - n)), f"line {n}") for n in range(count)])
        sandbox.serve_logs(source)
        spec = {"containers": [{"name": "main", "image": "a:1"}, {"name": "side", "image": "b:1"}]}
        metadata = {"name": "worker", "namespace": "default"}
        sandbox.objects.create({"apiVersion": "v1", "kind": "Pod", "metadata": metadata, "spec": spec})
        tls = ssl.create_default_context(cafile=str(sandbox.certificates.authority))
        headers = {"Authorization": f"Bearer {sandbox.settings.admin_token}"}
        connector = aiohttp.TCPConnector(ssl=tls)
        async with aiohttp.ClientSession(sandbox.url, headers=headers, connector=connector) as session:
            yield sandbox, source, session


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ({}, ["line 0", "line 1", "line 2"]),
        ({"tailLines": "2"}, ["line 1", "line 2"]),
        ({"tailLines": "0"}, []),
        ({"tailLines": "9"}, ["line 0", "line 1", "line 2"]),
        ({"sinceSeconds": "15"}, ["line 2"]),
        ({"limitBytes": "8"}, ["line 0", "l"]),
    ],
)
async def test_a_log_is_cut_as_asked(query: dict[str, str], expected: list[str]) -> None:
    async with _pod_with_logs(3) as (_, _, session), session.get(_LOG, params={"container": "main"} | query) as answer:
        assert (await answer.text()).splitlines() == expected


async def test_lines_carry_their_time_if_asked() -> None:
    async with _pod_with_logs(1) as (_, source, session):
        source.written["main"] = [LogLine(_START + timedelta(microseconds=5), "hello")]
        async with session.get(_LOG, params={"container": "main", "timestamps": "true"}) as answer:
            assert await answer.text() == "2026-01-01T00:00:00.000005000Z hello\n"


async def test_a_followed_log_goes_on_until_the_container_ends() -> None:
    async with _pod_with_logs(1) as (_, source, session):
        async with session.get(_LOG, params={"container": "main", "follow": "true"}) as answer:
            assert await answer.content.readline() == b"line 0\n"
            source.write(LogLine(_START, "later"))
            assert await answer.content.readline() == b"later\n"
            source.write(LogLine(_START, "last"))
            source.write(None)
            assert await answer.content.read() == b"last\n"
        assert source.followers == 0


async def test_a_stop_ends_followed_logs_and_watches() -> None:
    async with _pod_with_logs(1) as (sandbox, source, session):
        log = await session.get(_LOG, params={"container": "main", "follow": "true"})
        watch = await session.get("/api/v1/pods", params={"watch": "true", "sendInitialEvents": "false"})
        await source.followed.wait()
        await sandbox.stop()
        assert await log.content.read() == b"line 0\n"
        assert await watch.content.read() == b""


@pytest.mark.parametrize(
    ("query", "message"),
    [
        ({}, "a container name must be specified for pod worker, choose one of: [main side]"),
        ({"container": "none"}, "container none is not valid for pod worker"),
        ({"container": "side"}, 'container "side" in pod "worker" is waiting to start: ContainerCreating'),
        ({"container": "main", "previous": "true"}, 'previous terminated container "main" in pod "worker" not found'),
    ],
)
async def test_a_log_that_is_not_there_says_why(query: dict[str, str], message: str) -> None:
    async with _pod_with_logs(1) as (_, _, session), session.get(_LOG, params=query) as answer:
        body = await answer.json()
    assert (body["code"], body["message"]) == (400, message)


async def test_an_event_is_the_same_in_both_groups() -> None:
    async with _pod_with_logs(0) as (_, _, session):
        event = {"apiVersion": "events.k8s.io/v1", "kind": "Event", "metadata": {"name": "e"}, "note": "hello"}
        event |= {"regarding": {"kind": "Pod", "name": "worker", "namespace": "default"}, "reason": "Said"}
        event |= {"reportingController": "test", "reportingInstance": "1", "action": "Say", "type": "Normal"}
        async with session.post("/apis/events.k8s.io/v1/namespaces/default/events", json=event) as answer:
            body = await answer.json()
        assert (answer.status, body["note"], body["regarding"]["name"]) == (201, "hello", "worker")
        params = {"fieldSelector": "involvedObject.name=worker,involvedObject.kind=Pod"}
        async with session.get("/api/v1/namespaces/default/events", params=params) as answer:
            (old,) = (await answer.json())["items"]
        assert (old["message"], old["involvedObject"]["kind"], old["reportingComponent"]) == ("hello", "Pod", "test")


async def test_an_autoscaler_is_the_same_in_both_versions() -> None:
    async with _pod_with_logs(0) as (_, _, session):
        base = "/apis/autoscaling/{}/namespaces/default/horizontalpodautoscalers"
        target = {"apiVersion": "apps/v1", "kind": "Deployment", "name": "web"}
        spec = {"scaleTargetRef": target, "maxReplicas": 3, "targetCPUUtilizationPercentage": 70}
        body = {
            "apiVersion": "autoscaling/v1",
            "kind": "HorizontalPodAutoscaler",
            "metadata": {"name": "a"},
            "spec": spec,
        }
        async with session.post(base.format("v1"), json=body) as answer:
            assert (await answer.json())["spec"]["targetCPUUtilizationPercentage"] == 70
        async with session.get(base.format("v2") + "/a") as answer:
            (metric,) = (await answer.json())["spec"]["metrics"]
        assert metric["resource"]["target"] == {"type": "Utilization", "averageUtilization": 70}
        async with session.get(base.format("v1") + "/a") as answer:
            assert (await answer.json())["apiVersion"] == "autoscaling/v1"
