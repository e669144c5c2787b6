"""Answers of a fake runtime about Rollouts: one canary of `cart`, in the middle of its update."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from datetime import UTC, datetime, timedelta

import msgspec

from model.identity import ApplicationKey
from model.link import (
    AnswerBody,
    GetDeepLinks,
    GetRendering,
    GetRollout,
    GetSyncWindows,
    ListRollouts,
    OperationAnswer,
    ReadRuntimeLog,
    Refusal,
    RequestBody,
    RolloutsAnswer,
    SimulateRollout,
    SimulationAnswer,
    SteerRollout,
    WatchRollout,
)
from model.rollout_view import (
    AbortView,
    ActionView,
    AnalysisRunView,
    MeasurementView,
    MetricView,
    RevisionView,
    RolloutView,
    SimulatedStepView,
    SimulationView,
    StepView,
    TransitionView,
)
from tests.support.fake_changes import CHANGES
from tests.support.fake_rendering import deep_links, rendering, runtime_log, sync_windows
from tests.support.fake_runtime import Answer, Stream

NOW = datetime(2026, 1, 5, 9, 0, tzinfo=UTC)
MEASURED = (MeasurementView("Successful", "0.99", "", NOW, NOW), MeasurementView("Failed", "0.5", "", NOW, NOW))
RUN = AnalysisRunView(
    "web-abc-2-1",
    "Running",
    "",
    NOW,
    1,
    (MetricView("rate", "prometheus", "Running", "", 1, 1, 0, 0, "result[0] >= 0.95", "", MEASURED),),
)
CANARY = RolloutView(
    application=ApplicationKey("argosy", "cart"),
    cluster="in-cluster",
    name="web",
    namespace="shop",
    uid="rollout-uid",
    strategy="canary",
    phase="Paused",
    message="CanaryPauseStep",
    labels={"app": "web"},
    desired_replicas=4,
    current_replicas=4,
    updated_replicas=1,
    ready_replicas=4,
    available_replicas=4,
    current_step_index=1,
    steps=(
        StepView(0, "setWeight", "setWeight: 25", {"setWeight": 25}, "PASSED"),
        StepView(1, "pause", "pause: 30s", {"pause": {"duration": "30s"}}, "ACTIVE", analysis_runs=(RUN,)),
        StepView(2, "setWeight", "setWeight: 50", {"setWeight": 50}, "PENDING"),
    ),
    weight_of_new=25.0,
    paused=True,
    revisions=(
        RevisionView(2, "abc", ("canary",), ("web:2",), 1, 1, None, NOW),
        RevisionView(1, "xyz", ("stable",), ("web:1",), 3, 3, None, NOW, NOW + timedelta(minutes=1)),
    ),
    analysis_runs=(RUN,),
    actions=(ActionView("PROMOTE"), ActionView("RETRY", "it is not aborted")),
    next_transition=TransitionView(datetime(2100, 1, 1, tzinfo=UTC), "the pause of step 2 of 3 ends"),
    explanation="step 2 of 3 (pause: 30s) waits until 2100-01-01T00:00:00Z",
)
SIMULATION = SimulationView(
    "canary",
    4,
    (
        SimulatedStepView("setWeight: 25", 1, 4, 20, False, AbortView(100, 4, 0, 30.0), 0.0),
        SimulatedStepView("pause: 30s", 1, 4, 20, False, AbortView(100, 4, 0, 30.0), 30.0, "duration"),
        SimulatedStepView("setWeight: 50", 2, 2, 50, False, AbortView(100, 4, 0, 30.0), 0.0),
    ),
    30.0,
)


def _listed(body: RequestBody) -> AnswerBody | Refusal:
    assert isinstance(body, ListRollouts)
    mine = body.application in (None, CANARY.application)
    other = msgspec.structs.replace(CANARY, application=ApplicationKey("argosy", "hidden"), name="secret")
    shown = (CANARY, other) if body.application is None else (CANARY,) if mine else ()
    return RolloutsAnswer(shown)


def _one(body: RequestBody) -> AnswerBody | Refusal:
    assert isinstance(body, GetRollout)
    if body.resource.name != CANARY.name:
        return Refusal("NOT_FOUND_ERROR", f"{body.resource.name} is not part of application {body.application}")
    return RolloutsAnswer((CANARY,))


def _steered(body: RequestBody) -> AnswerBody | Refusal:
    assert isinstance(body, SteerRollout)
    if body.action == "RETRY":
        return Refusal("VALIDATION_ERROR", "retry of Rollout shop/web is not possible now: it is not aborted")
    return OperationAnswer(body.operation_id)


async def _followed(body: RequestBody) -> AsyncIterator[AnswerBody]:
    assert isinstance(body, WatchRollout)
    yield RolloutsAnswer((CANARY,))
    yield RolloutsAnswer((msgspec.structs.replace(CANARY, phase="Progressing", message=""),))
    await asyncio.Event().wait()


ANSWERS: Mapping[type[RequestBody], Answer] = {
    **CHANGES,
    GetDeepLinks: deep_links,
    GetRendering: rendering,
    GetSyncWindows: sync_windows,
    ReadRuntimeLog: runtime_log,
    ListRollouts: _listed,
    GetRollout: _one,
    SteerRollout: _steered,
    SimulateRollout: lambda _: SimulationAnswer(SIMULATION),
}
STREAMS: Mapping[type[RequestBody], Stream] = {WatchRollout: _followed}
