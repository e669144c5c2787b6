"""What can be followed. Every stream is guarded: permission is asked for again, and its end ends the stream."""

from collections.abc import AsyncGenerator
from contextlib import aclosing

import strawberry

from api.actions import activity, rollouts
from api.actions.operations import Target
from api.actions.paging import LONGEST_PAGE
from api.context import Info
from api.errors import Invalid
from api.live import following
from api.types.inputs import ApplicationKindArg, ApplicationRef, ApplicationsFilterArgs, ResourceRef, filter_value
from api.types.live import ApplicationEvent
from api.types.notification import Notification
from api.types.resource import LogEntry, ResourceEvent
from api.types.rollout import Rollout
from api.types.runtime import Runtime
from api.types.tree import ResourceTreeEvent
from model.report import ApplicationKind

MOST_TAIL_LINES = 10_000


@strawberry.type
class Subscription:
    @strawberry.subscription(
        description="First a snapshot of the matching page, then one event per change; resumable with `after`."
    )
    async def applications(
        self,
        info: Info,
        filters: ApplicationsFilterArgs | None = None,
        first: int | None = 100,
        after: str | None = None,
    ) -> AsyncGenerator[ApplicationEvent, None]:
        plane, viewer = info.context.plane, info.context.signed_in()
        limit = LONGEST_PAGE if first is None else first
        if not 0 <= limit <= LONGEST_PAGE:
            raise Invalid(f"a page has at most {LONGEST_PAGE} entries, not {limit}", field="first")
        if filters is not None and filters.only_roots:
            raise Invalid("a stream follows applications wherever they hang", field="filters.onlyRoots")
        source = following.follow_applications(plane, viewer, filter_value(filters), first=limit, after=after)
        async with aclosing(source):
            async for news in source:
                yield ApplicationEvent.of(news, await plane.favorites.applications(viewer.name))

    @strawberry.subscription
    async def application(
        self,
        info: Info,
        runtime: str,
        name: str,
        namespace: str | None = None,
        after: str | None = None,
        kind: ApplicationKindArg = None,
    ) -> AsyncGenerator[ApplicationEvent, None]:
        plane, viewer = info.context.plane, info.context.signed_in()
        target, is_set = Target(runtime, name, namespace), kind is ApplicationKind.APPLICATION_SET
        source = following.follow_application(plane, viewer, target, is_set=is_set, after=after)
        async with aclosing(source):
            async for news in source:
                yield ApplicationEvent.of(news, await plane.favorites.applications(viewer.name))

    @strawberry.subscription(description="First all nodes, then upserts and removals.")
    async def resource_tree(
        self, info: Info, application: ApplicationRef, after: str | None = None
    ) -> AsyncGenerator[ResourceTreeEvent, None]:
        plane, viewer = info.context.plane, info.context.signed_in()
        source = following.follow_tree(plane, viewer, _target(application), after=after)
        async with aclosing(source):
            async for news in source:
                yield ResourceTreeEvent.of(news)

    @strawberry.subscription
    async def pod_logs(
        self,
        info: Info,
        application: ApplicationRef,
        pod: ResourceRef,
        container: str | None = None,
        tail_lines: int | None = 500,
        follow: bool | None = True,
    ) -> AsyncGenerator[LogEntry, None]:
        source = following.follow_logs(
            info.context.plane,
            info.context.signed_in(),
            _target(application),
            pod.value(),
            container=container,
            tail_lines=max(0, min(500 if tail_lines is None else tail_lines, MOST_TAIL_LINES)),
            follow=follow is not False,
        )
        async with aclosing(source):
            async for line in source:
                yield LogEntry(
                    pod_name=line.pod,
                    container=line.container or None,
                    timestamp=line.time,
                    content=line.text,
                    last=line.last,
                )

    @strawberry.subscription(description="As it is, then as it becomes.")
    async def rollout(
        self, info: Info, application: ApplicationRef, rollout: ResourceRef
    ) -> AsyncGenerator[Rollout, None]:
        plane, viewer = info.context.plane, info.context.signed_in()
        source = rollouts.follow(plane, viewer, _target(application), rollout.value())
        async with aclosing(source):
            async for shown in source:
                yield Rollout.of(shown, plane.clock())

    @strawberry.subscription(description="Those that exist, then new ones; of one resource, or of all.")
    async def resource_events(
        self, info: Info, application: ApplicationRef, resource: ResourceRef | None = None
    ) -> AsyncGenerator[ResourceEvent, None]:
        ref = resource.value() if resource else None
        source = following.follow_events(info.context.plane, info.context.signed_in(), _target(application), ref)
        async with aclosing(source):
            async for event in source:
                yield ResourceEvent.of(event)

    @strawberry.subscription(description="What happens from now on; one that goes on comes again under the same id.")
    async def notifications(self, info: Info) -> AsyncGenerator[Notification, None]:
        source = activity.follow(info.context.plane, info.context.signed_in())
        async with aclosing(source):
            async for told in source:
                yield Notification.shared(told)

    @strawberry.subscription(
        description="All that the viewer may see, then each that changes. Ends when one is gone: subscribe again."
    )
    async def runtimes(self, info: Info) -> AsyncGenerator[Runtime, None]:
        source = following.follow_runtimes(info.context.plane, info.context.signed_in())
        async with aclosing(source):
            async for news in source:
                yield Runtime.shared(news)


def _target(application: ApplicationRef) -> Target:
    return Target(application.runtime, application.name, application.namespace)
