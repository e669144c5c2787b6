"""Logs of containers, from the simulated nodes."""

import asyncio
from datetime import datetime, timedelta

from aiohttp import web

from gitsync.manifest.object import JsonObject
from gitsync.sandbox.api.request import Call
from gitsync.sandbox.clock import SandboxClock
from gitsync.sandbox.errors import BadRequestError
from gitsync.sandbox.objects import LogLine, LogSource
from gitsync.sandbox.writes import Writes


class LogReading:
    """Serves `/log`."""

    def __init__(self, writes: Writes, clock: SandboxClock) -> None:
        self._writes = writes
        self._clock = clock
        self.source: LogSource | None = None
        self._open: set[asyncio.Event] = set()

    def close_all(self) -> None:
        for stop in self._open:
            stop.set()

    async def serve(self, call: Call) -> web.StreamResponse:
        target = call.target
        pod = self._writes.live(target.type, target.namespace, target.name).body
        container = _container(pod, call.query.get("container", ""))
        previous = call.flag("previous")
        lines = self.source.lines(pod, container, previous=previous) if self.source else None
        if lines is None:
            raise _not_started(pod, container, previous=previous)
        response = web.StreamResponse(headers={"Content-Type": "text/plain"})
        follow = call.flag("follow") and not previous
        queue: list[LogLine] = []
        if not follow or self.source is None:
            await response.prepare(call.http)
            await response.write(self._text(call, list(lines)))
            return response
        stop, ready = asyncio.Event(), asyncio.Event()

        def note(line: LogLine | None) -> None:
            if line is None:
                stop.set()
            else:
                queue.append(line)
            ready.set()

        unfollow = self.source.follow(pod, container, note)
        self._open.add(stop)
        try:
            await response.prepare(call.http)
            await response.write(self._text(call, list(lines)))
            await self._pump(call, response, queue, ready, stop)
        except ConnectionResetError:
            pass  # the client went away: the usual end of a followed log
        finally:
            unfollow()
            self._open.discard(stop)
        return response

    async def _pump(
        self,
        call: Call,
        response: web.StreamResponse,
        queue: list[LogLine],
        ready: asyncio.Event,
        stop: asyncio.Event,
    ) -> None:
        stopping = asyncio.ensure_future(stop.wait())
        try:
            while True:
                ready.clear()
                lines, queue[:] = list(queue), []
                if lines:
                    await response.write(_rendered(lines, timestamps=call.flag("timestamps")))
                elif stop.is_set():
                    return
                else:
                    waiting = asyncio.ensure_future(ready.wait())
                    await asyncio.wait({waiting, stopping}, return_when=asyncio.FIRST_COMPLETED)
                    waiting.cancel()
        finally:
            stopping.cancel()

    def _text(self, call: Call, lines: list[LogLine]) -> bytes:
        since = _since(call, self._clock.now())
        if since is not None:
            lines = [line for line in lines if line.at >= since]
        tail = call.number("tailLines")
        if tail is not None:
            lines = lines[len(lines) - tail :] if 0 < tail <= len(lines) else (lines if tail else [])
        text = _rendered(lines, timestamps=call.flag("timestamps"))
        limit = call.number("limitBytes")
        return text if limit is None else text[:limit]


def _rendered(lines: list[LogLine], *, timestamps: bool) -> bytes:
    if timestamps:
        return "".join(f"{line.at.strftime('%Y-%m-%dT%H:%M:%S.%f000Z')} {line.text}\n" for line in lines).encode()
    return "".join(f"{line.text}\n" for line in lines).encode()


def _since(call: Call, now: datetime) -> datetime | None:
    seconds = call.number("sinceSeconds")
    if seconds is not None:
        return now - timedelta(seconds=seconds)
    text = call.query.get("sinceTime")
    if not text:
        return None
    try:
        return datetime.fromisoformat(text)
    except ValueError as error:
        raise BadRequestError(f"sinceTime {text!r} is no time") from error


def _container(pod: JsonObject, wanted: str) -> str:
    spec, name = pod["spec"], pod["metadata"]["name"]
    names = [item["name"] for item in spec.get("containers") or ()]
    others = [item["name"] for item in (*spec.get("initContainers", ()), *spec.get("ephemeralContainers", ()))]
    if wanted:
        if wanted not in names + others:
            raise BadRequestError(f"container {wanted} is not valid for pod {name}")
        return wanted
    if len(names) > 1:
        raise BadRequestError(f"a container name must be specified for pod {name}, choose one of: [{' '.join(names)}]")
    return str(names[0])


def _not_started(pod: JsonObject, container: str, *, previous: bool) -> BadRequestError:
    name = pod["metadata"]["name"]
    if previous:
        return BadRequestError(f'previous terminated container "{container}" in pod "{name}" not found')
    reason = "ContainerCreating"
    for item in (pod.get("status") or {}).get("containerStatuses") or ():
        if item["name"] == container:
            reason = ((item.get("state") or {}).get("waiting") or {}).get("reason", reason)
    return BadRequestError(f'container "{container}" in pod "{name}" is waiting to start: {reason}')
