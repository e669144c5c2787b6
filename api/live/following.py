"""The streams that people open, each with the rule that keeps it open."""

from collections.abc import AsyncGenerator, Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime

from api.access.authorize import Verb, not_visible
from api.access.viewer import Viewer
from api.actions.operations import Target
from api.actions.reading import require_application
from api.live.applications import ApplicationNews
from api.live.runtimes import RuntimeNews
from api.live.trees import TreeNews
from api.plane import ControlPlane
from model.link import EventInfo, LogLines, ObjectRef, ReadLogs, WatchEvents
from model.listing import ApplicationFilter, ListedApplication
from model.report import ApplicationKind

LOG_CHUNKS = 4096


@dataclass(frozen=True, slots=True)
class LogLine:
    pod: str
    container: str
    time: datetime | None
    text: str
    last: bool


async def follow_applications(
    plane: ControlPlane, viewer: Viewer, wanted: ApplicationFilter, *, first: int, after: str | None
) -> AsyncGenerator[ApplicationNews, None]:
    source = plane.live.follow(viewer, wanted, first=first, after=after)
    async for news in plane.streams.guard(viewer, source):
        yield news


async def follow_application(
    plane: ControlPlane, viewer: Viewer, target: Target, *, is_set: bool, after: str | None
) -> AsyncGenerator[ApplicationNews, None]:
    """One application, or one ApplicationSet, which may have the name of one. Raises NotVisible."""
    application = await require_application(plane, viewer, target.runtime, target.name, target.namespace, is_set=is_set)
    key, sets = application.summary.key, frozenset({ApplicationKind.APPLICATION_SET})
    wanted = ApplicationFilter(
        runtimes=frozenset({target.runtime}),
        names=frozenset({key.name}),
        namespaces=frozenset({key.namespace}),
        kinds=sets if is_set else frozenset(ApplicationKind) - sets,
    )
    async for news in follow_applications(plane, viewer, wanted, first=1, after=after):
        yield news


async def follow_tree(
    plane: ControlPlane, viewer: Viewer, target: Target, *, after: str | None
) -> AsyncGenerator[TreeNews, None]:
    application = await require_application(plane, viewer, target.runtime, target.name, target.namespace)
    source = plane.trees.follow(application.id, after)
    async for news in plane.streams.guard(viewer, source, _may_view(plane, viewer, application)):
        yield news


async def follow_logs(
    plane: ControlPlane,
    viewer: Viewer,
    target: Target,
    pod: ObjectRef,
    *,
    container: str | None,
    tail_lines: int,
    follow: bool,
) -> AsyncGenerator[LogLine, None]:
    application = await require_application(plane, viewer, target.runtime, target.name, target.namespace)
    body = ReadLogs(application.summary.key, pod, container, tail_lines, follow)
    source = _log_lines(plane, application.runtime, body)
    async for line in plane.streams.guard(viewer, source, _may_view(plane, viewer, application)):
        yield line


async def follow_events(
    plane: ControlPlane, viewer: Viewer, target: Target, resource: ObjectRef | None
) -> AsyncGenerator[EventInfo, None]:
    application = await require_application(plane, viewer, target.runtime, target.name, target.namespace)
    source = _events(plane, application.runtime, WatchEvents(application.summary.key, resource))
    async for event in plane.streams.guard(viewer, source, _may_view(plane, viewer, application)):
        yield event


async def follow_runtimes(plane: ControlPlane, viewer: Viewer) -> AsyncGenerator[RuntimeNews, None]:
    """See `LiveRuntimes.follow`."""
    async for news in plane.streams.guard(viewer, plane.live_runtimes.follow(viewer)):
        yield news


async def _log_lines(plane: ControlPlane, runtime: str, body: ReadLogs) -> AsyncGenerator[LogLine, None]:
    async with plane.connected.stream(runtime, body, capacity=LOG_CHUNKS) as stream:
        async for item in stream:
            if isinstance(item, LogLines):
                final = len(item.lines) - 1
                for index, (time, text) in enumerate(item.lines):
                    yield LogLine(item.pod, item.container, time, text, item.last and index == final)
                if item.last and not item.lines:
                    yield LogLine(item.pod, item.container, None, "", True)


async def _events(plane: ControlPlane, runtime: str, body: WatchEvents) -> AsyncGenerator[EventInfo, None]:
    async with plane.connected.stream(runtime, body) as stream:
        async for item in stream:
            if isinstance(item, EventInfo):
                yield item


def _may_view(plane: ControlPlane, viewer: Viewer, application: ListedApplication) -> Callable[[], Awaitable[None]]:
    async def check() -> None:
        if not (await plane.authority.authorize(viewer, Verb.VIEW, application)).allowed:
            raise not_visible(f"application {application.id}")

    return check
