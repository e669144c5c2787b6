"""Streams that people open: events of objects and logs of containers."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import aclosing
from datetime import datetime

import msgspec

from gitsync.fleet.members import Member
from gitsync.kube.errors import ClusterError, NotFound
from gitsync.kube.watch import Changed, Interrupted, ListDone, watch_kind
from gitsync.manifest.object import JsonObject
from gitsync.reporting.link import Refused
from gitsync.serving.asked import Context, find_member, key_of, require_node
from model.identity import GroupVersionKind, ResourceKey
from model.link import EventInfo, LogLines, ObjectRef, ReadLogs, WatchEvents

_EVENT = GroupVersionKind("", "v1", "Event")
_MAX_EVENTS = 200
_MAX_TAIL_LINES = 10_000
_LINES_PER_MESSAGE = 500
_GATHER_SECONDS = 0.05


class Streams:
    """One stream per viewer; ending the iteration ends the watch or the log request behind it."""

    def __init__(self, context: Context) -> None:
        self._context = context

    async def events(self, body: WatchEvents) -> AsyncIterator[EventInfo]:
        """Events that exist, oldest first, then new ones."""
        record, member = find_member(self._context, body.application)
        wanted: ResourceKey | None = None
        if body.resource is not None:
            wanted = key_of(body.resource)
            require_node(self._context, record, member, wanted)
        namespace = wanted.namespace if wanted is not None else ""
        watch = watch_kind(member.cluster, _EVENT, namespace=namespace)
        async with aclosing(watch) as signals:  # type: ignore[type-var]  # an async generator, typed as an iterator
            async for signal in signals:
                match signal:
                    case ListDone(items=items):
                        found = [event_info(item.body()) for item in items]
                        mine = [one for one in found if self._concerns(body, wanted, one)]
                        for event in sorted(mine, key=_time_of)[-_MAX_EVENTS:]:
                            yield event
                    case Changed(item=item):
                        event = event_info(item.body())
                        if self._concerns(body, wanted, event):
                            yield event
                    case Interrupted(error=error) if not isinstance(error, NotFound):
                        raise Refused("RUNTIME_UNAVAILABLE", error.message, suggestion=error.suggestion)

    async def existing_events(self, member: Member, ref: ObjectRef, uid: str) -> tuple[EventInfo, ...]:
        """The newest events of one object. None at all rather than an error: they are a side dish."""
        selector = f"involvedObject.name={ref.name},involvedObject.kind={ref.kind}"
        try:
            bodies = await member.cluster.list(_EVENT, namespace=ref.namespace, field_selector=selector)
        except ClusterError:
            return ()
        mine = [event_info(body) for body in bodies if (body.get("involvedObject") or {}).get("uid", uid) in (uid, "")]
        return tuple(sorted(mine, key=_time_of)[-_MAX_EVENTS:])

    def _concerns(self, body: WatchEvents, wanted: ResourceKey | None, event: EventInfo) -> bool:
        key = key_of(event.object)
        if wanted is not None:
            return key == wanted
        record, member = find_member(self._context, body.application)
        live = member.cache.get(key)
        return record.state.get(key) is not None or (
            live is not None and record.instance in set(member.cache.index.roots_of(live))
        )

    async def logs(self, body: ReadLogs) -> AsyncIterator[LogLines]:
        """Lines of one container, gathered into few messages."""
        record, member = find_member(self._context, body.application)
        pod = key_of(body.pod)
        if (pod.group, pod.kind) != ("", "Pod"):
            raise Refused("VALIDATION_ERROR", f"{pod} is no Pod", field="pod")
        require_node(self._context, record, member, pod)
        container = body.container or await self._first_container(member, pod)
        lines = member.cluster.logs(
            pod.namespace,
            pod.name,
            container,
            tail_lines=max(0, min(body.tail_lines, _MAX_TAIL_LINES)),
            follow=body.follow,
        )
        try:
            async with aclosing(lines) as source:  # type: ignore[type-var]  # an async generator
                async for batch in gathered(source):
                    yield LogLines(pod=pod.name, container=container, lines=tuple(map(log_line, batch)))
        except NotFound as failure:
            raise Refused("NOT_FOUND_ERROR", failure.message) from failure
        except ClusterError as failure:
            raise Refused("RUNTIME_UNAVAILABLE", failure.message, suggestion=failure.suggestion) from failure
        yield LogLines(pod=pod.name, container=container, lines=(), last=True)

    @staticmethod
    async def _first_container(member: Member, pod: ResourceKey) -> str:
        body = await member.cluster.get(GroupVersionKind("", "v1", "Pod"), pod.namespace, pod.name)
        containers = ((body or {}).get("spec") or {}).get("containers") or ()
        if not containers:
            raise Refused("NOT_FOUND_ERROR", f"{pod} does not exist in the cluster")
        return str(containers[0].get("name", ""))


async def gathered(lines: AsyncIterator[bytes]) -> AsyncIterator[list[bytes]]:
    """What comes within a short time, at most some hundred lines at once; the first line is never held up for long."""
    queue: asyncio.Queue[bytes | None] = asyncio.Queue(_LINES_PER_MESSAGE * 2)
    pump = asyncio.create_task(_pump(lines, queue), name="log lines")
    try:
        while (first := await queue.get()) is not None:
            batch = [first]
            if queue.empty():
                await asyncio.sleep(_GATHER_SECONDS)
            while len(batch) < _LINES_PER_MESSAGE and not queue.empty():
                line = queue.get_nowait()
                if line is None:
                    yield batch
                    await pump
                    return
                batch.append(line)
            yield batch
        await pump
    finally:
        pump.cancel()
        await asyncio.gather(pump, return_exceptions=True)


async def _pump(lines: AsyncIterator[bytes], queue: asyncio.Queue[bytes | None]) -> None:
    try:
        async for line in lines:
            await queue.put(line)
    finally:
        await queue.put(None)


def log_line(line: bytes) -> tuple[datetime | None, str]:
    """Time and text of one line; the time is the API server's, and absent where it wrote none."""
    text = line.decode(errors="replace")
    stamp, space, rest = text.partition(" ")
    if space:
        try:
            return msgspec.convert(stamp[:26].rstrip("Z") + "Z" if "." in stamp else stamp, datetime), rest
        except msgspec.ValidationError:
            return None, text
    return None, text


def event_info(body: JsonObject) -> EventInfo:
    about = body.get("involvedObject") or {}
    gvk = GroupVersionKind.parse(about.get("apiVersion") or "v1", about.get("kind") or "")
    series = body.get("series") or {}
    last = series.get("lastObservedTime") or body.get("lastTimestamp") or body.get("eventTime")
    return EventInfo(
        type=body.get("type") or "Normal",
        reason=body.get("reason") or "",
        message=body.get("message") or "",
        count=int(series.get("count") or body.get("count") or 1),
        object=ObjectRef(gvk.group, gvk.version, gvk.kind, about.get("namespace") or "", about.get("name") or ""),
        first_timestamp=_moment(body.get("firstTimestamp") or body.get("eventTime")),
        last_timestamp=_moment(last),
    )


def _moment(value: object) -> datetime | None:
    return msgspec.convert(value, datetime, strict=False) if value else None


def _time_of(event: EventInfo) -> float:
    return event.last_timestamp.timestamp() if event.last_timestamp else 0.0
