"""What people want done to applications and resources: asked of the runtime, in the name of the person.

The runtime checks again before it acts. An answer is given only when the read model holds at least the state that the
runtime answered with, so that whoever acted never sees something older afterwards.
"""

import asyncio
import uuid
from collections.abc import Callable
from dataclasses import dataclass

import msgspec

from api.access.authorize import Verb
from api.access.viewer import Viewer
from api.actions.reading import require_application
from api.errors import Invalid
from api.plane import ControlPlane
from model.identity import ApplicationId, ApplicationKey
from model.link import (
    DeleteObject,
    ObjectRef,
    OperationAnswer,
    RefreshApplication,
    RequestBody,
    RollbackApplication,
    RunAction,
    StartSync,
    TerminateOperation,
)
from model.listing import ListedApplication
from model.report import ApplicationSummary
from model.store import application as application_store

OPERATION_SECONDS = 15.0
CATCH_UP_SECONDS = 3.0
LONGEST_OPERATION_ID = 128


@dataclass(frozen=True, slots=True)
class Target:
    """An application as a request names it."""

    runtime: str
    name: str
    namespace: str | None


@dataclass(frozen=True, slots=True)
class Accepted:
    """What the runtime answered, and the application after it."""

    answer: OperationAnswer
    application: ListedApplication


def new_operation_id(given: str | None) -> str:
    """Raises Invalid for one that could not stand in a commit trailer."""
    if not given:
        return str(uuid.uuid4())
    if len(given) > LONGEST_OPERATION_ID or not given.isprintable():
        raise Invalid("an operation id is printable and at most 128 characters long", field="operationId")
    return given


async def sync(plane: ControlPlane, viewer: Viewer, target: Target, request: StartSync) -> Accepted:
    """`request` says everything but the application's exact address, which is filled in."""
    return await operate(plane, viewer, target, lambda key: msgspec.structs.replace(request, application=key))


async def refresh(plane: ControlPlane, viewer: Viewer, target: Target, *, hard: bool, operation_id: str) -> Accepted:
    return await operate(
        plane, viewer, target, lambda key: RefreshApplication(key, viewer.name, operation_id, hard, viewer.email)
    )


async def terminate(plane: ControlPlane, viewer: Viewer, target: Target, *, operation_id: str) -> Accepted:
    return await operate(
        plane, viewer, target, lambda key: TerminateOperation(key, viewer.name, operation_id, viewer.email)
    )


async def delete_resource(
    plane: ControlPlane, viewer: Viewer, target: Target, ref: ObjectRef, *, propagation: str, operation_id: str
) -> Accepted:
    return await operate(
        plane, viewer, target, lambda key: DeleteObject(key, ref, viewer.name, operation_id, propagation, viewer.email)
    )


async def run_action(
    plane: ControlPlane,
    viewer: Viewer,
    target: Target,
    ref: ObjectRef,
    *,
    action: str,
    parameters: dict[str, object],
    operation_id: str,
    reason: str = "",
) -> Accepted:
    return await operate(
        plane,
        viewer,
        target,
        lambda key: RunAction(key, ref, action, viewer.name, operation_id, parameters, viewer.email, reason),
    )


async def rollback(
    plane: ControlPlane,
    viewer: Viewer,
    target: Target,
    *,
    history_id: int,
    prune: bool,
    pull_request: bool,
    operation_id: str,
) -> Accepted:
    return await operate(
        plane,
        viewer,
        target,
        lambda key: RollbackApplication(
            key, viewer.name, operation_id, history_id, prune, viewer.email, pull_request=pull_request
        ),
    )


async def operate(
    plane: ControlPlane, viewer: Viewer, target: Target, body: Callable[[ApplicationKey], RequestBody]
) -> Accepted:
    """Raises NotVisible, Forbidden, RuntimeUnavailable, TookTooLong, or what the runtime refuses with."""
    application = await require_application(plane, viewer, target.runtime, target.name, target.namespace)
    await plane.authority.require(viewer, Verb.SYNC, application)
    request = body(application.summary.key)
    answer = await plane.connected.ask(
        application.runtime, request, OperationAnswer, deadline_seconds=OPERATION_SECONDS
    )
    if answer.summary is None:
        return Accepted(answer, application)
    await _catch_up(plane, application.id, answer.summary)
    return Accepted(answer, ListedApplication(application.runtime, answer.summary))


async def _catch_up(plane: ControlPlane, application_id: ApplicationId, summary: ApplicationSummary) -> None:
    """Waits until the read model is as new as `summary`; not for ever, since a later report brings it anyway."""
    try:
        async with asyncio.timeout(CATCH_UP_SECONDS):
            while True:
                number = plane.changes.number
                async with plane.database.read() as session:
                    stored = (await application_store.get_many(session, [application_id])).get(application_id)
                if stored is None or _version(stored.summary) >= _version(summary):
                    return
                await plane.changes.wait(number)
    except TimeoutError:
        return


def _version(summary: ApplicationSummary) -> tuple[int, str]:
    """Resource versions of Kubernetes are numbers that grow; others are only compared as they are."""
    version = summary.resource_version
    return (int(version), "") if version.isdecimal() else (0, version)
