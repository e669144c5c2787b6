"""Rollouts of applications: read from their runtimes, steered in the name of the person."""

import asyncio
from collections.abc import AsyncGenerator
from dataclasses import dataclass, field
from typing import Literal

from api.access.authorize import Verb
from api.access.viewer import Viewer
from api.actions import runtimes as runtime_actions
from api.actions.operations import Accepted, Target, operate
from api.actions.paging import Found, Paging, counted, page_request
from api.actions.reading import application, require_application
from api.errors import ApiError, NotVisible, Refused
from api.plane import ControlPlane
from model.identity import ApplicationId
from model.link import (
    GetRollout,
    ListRollouts,
    ObjectRef,
    RolloutsAnswer,
    SimulateRollout,
    SimulationAnswer,
    SteerRollout,
    WatchRollout,
)
from model.listing import ListedApplication
from model.paging import encode_cursor, slice_in_memory
from model.rollout_view import RolloutView, SimulationView
from model.store import application as application_store

LIST_SECONDS = 15.0
GROUP, VERSION, KIND = "argoproj.io", "v1alpha1", "Rollout"


@dataclass(frozen=True, slots=True)
class ShownRollout:
    """A Rollout and the runtime that knows it."""

    runtime: str
    view: RolloutView

    @property
    def application_id(self) -> ApplicationId:
        key = self.view.application
        return ApplicationId(self.runtime, key.namespace, key.name)


@dataclass(frozen=True, slots=True)
class RolloutFilter:
    """An empty set holds for everything."""

    runtimes: frozenset[str] = field(default=frozenset())
    applications: frozenset[str] = field(default=frozenset())
    phases: frozenset[str] = field(default=frozenset())
    namespaces: frozenset[str] = field(default=frozenset())

    def keeps(self, one: ShownRollout) -> bool:
        checks = (
            (self.applications, one.view.application.name),
            (self.phases, one.view.phase),
            (self.namespaces, one.view.namespace),
        )
        return all(not wanted or value in wanted for wanted, value in checks)


async def rollouts(
    plane: ControlPlane, viewer: Viewer, wanted: RolloutFilter, paging: Paging | None
) -> Found[ShownRollout]:
    """By application, namespace and name. A runtime that does not answer hides its own Rollouts and nobody else's."""
    request = page_request(paging)
    visible = await runtime_actions.all_visible(plane, viewer)
    asked = [one.name for one in visible if not wanted.runtimes or one.name in wanted.runtimes]
    answers = await asyncio.gather(*(_of_runtime(plane, runtime) for runtime in asked))
    found = [one for answer in answers for one in answer if wanted.keeps(one)]
    seen = await _visible(plane, viewer, {one.application_id for one in found})
    rows = sorted((_cursor_keys(one), one) for one in found if one.application_id in seen)
    page = slice_in_memory([(encode_cursor(*keys), one) for keys, one in rows], request)
    return Found(page, lambda: counted(len(rows)))


def _cursor_keys(one: ShownRollout) -> tuple[str, ...]:
    view = one.view
    return (one.runtime, view.application.namespace, view.application.name, view.namespace, view.name)


async def _of_runtime(plane: ControlPlane, runtime: str) -> list[ShownRollout]:
    try:
        answer = await plane.connected.ask(runtime, ListRollouts(), RolloutsAnswer, deadline_seconds=LIST_SECONDS)
    except ApiError:
        return []
    return [ShownRollout(runtime, view) for view in answer.rollouts]


async def _visible(plane: ControlPlane, viewer: Viewer, ids: set[ApplicationId]) -> set[ApplicationId]:
    async with plane.database.read() as session:
        listed = await application_store.get_many(session, ids)
    return {key for key, one in listed.items() if (await plane.authority.authorize(viewer, Verb.VIEW, one)).allowed}


async def of_application(plane: ControlPlane, one: ListedApplication) -> list[ShownRollout]:
    answer = await plane.connected.ask(one.runtime, ListRollouts(one.summary.key), RolloutsAnswer)
    return [ShownRollout(one.runtime, view) for view in answer.rollouts]


async def rollout(plane: ControlPlane, viewer: Viewer, target: Target, ref: ObjectRef) -> ShownRollout | None:
    """None: it does not exist, or the viewer may not see it."""
    found = await application(plane, viewer, target.runtime, target.name, target.namespace)
    if found is None:
        return None
    try:
        answer = await plane.connected.ask(found.runtime, GetRollout(found.summary.key, ref), RolloutsAnswer)
    except Refused as refusal:
        if refusal.code == NotVisible.code:
            return None
        raise
    return ShownRollout(found.runtime, answer.rollouts[0]) if answer.rollouts else None


def reference(namespace: str, name: str) -> ObjectRef:
    return ObjectRef(GROUP, VERSION, KIND, namespace, name)


def completed(ref: ObjectRef) -> ObjectRef:
    """People leave out what is clear: there is one group and one version of Rollouts."""
    return ObjectRef(ref.group or GROUP, ref.version or VERSION, ref.kind, ref.namespace, ref.name)


async def steer(
    plane: ControlPlane,
    viewer: Viewer,
    target: Target,
    ref: ObjectRef,
    *,
    action: str,
    to_revision: int | None,
    operation_id: str,
    reason: str = "",
    revert: Literal["", "COMMIT", "PULL_REQUEST"] = "",
) -> Accepted:
    """`revert`: an abort takes Git back as well."""
    return await operate(
        plane,
        viewer,
        target,
        lambda key: SteerRollout(
            key, completed(ref), action, viewer.name, operation_id, to_revision, viewer.email, reason, revert
        ),
    )


async def simulation(plane: ControlPlane, shown: ShownRollout) -> SimulationView:
    """What an update of it does from beginning to end. Raises Refused for a spec that cannot be simulated."""
    view = shown.view
    body = SimulateRollout(view.application, reference(view.namespace, view.name))
    return (await plane.connected.ask(shown.runtime, body, SimulationAnswer)).simulation


async def follow(
    plane: ControlPlane, viewer: Viewer, target: Target, ref: ObjectRef
) -> AsyncGenerator[ShownRollout, None]:
    """As it is, then as it becomes, for as long as the viewer may see the application. Raises NotVisible."""
    found = await require_application(plane, viewer, target.runtime, target.name, target.namespace)

    async def check() -> None:
        await plane.authority.require(viewer, Verb.VIEW, found)

    async for one in plane.streams.guard(viewer, _views(plane, found, completed(ref)), check):
        yield one


async def _views(plane: ControlPlane, found: ListedApplication, ref: ObjectRef) -> AsyncGenerator[ShownRollout, None]:
    async with plane.connected.stream(found.runtime, WatchRollout(found.summary.key, ref)) as stream:
        async for item in stream:
            if isinstance(item, RolloutsAnswer):
                for view in item.rollouts:
                    yield ShownRollout(found.runtime, view)
