"""Rollouts: steps, revisions, analyses, and what can be done."""

import enum
from datetime import datetime
from typing import cast

import strawberry
from strawberry.scalars import JSON

from api.actions import rollouts
from api.actions.rollouts import GROUP, KIND, VERSION, RolloutFilter, ShownRollout
from api.context import Info
from api.types.meta import ApplicationLink, ObjectMeta, pairs
from api.types.node import Node
from model.identity import ApplicationId, encode_node_id
from model.rollout_view import (
    AbortView,
    ActionView,
    AnalysisRunView,
    MeasurementView,
    MetricView,
    RevisionView,
    SimulatedStepView,
    SimulationView,
    StepView,
    TransitionView,
)


@strawberry.enum
class RolloutStrategyNames(enum.Enum):
    canary = "canary"
    blueGreen = "blueGreen"


@strawberry.enum
class RolloutPhases(enum.Enum):
    Healthy = "Healthy"
    Degraded = "Degraded"
    Progressing = "Progressing"
    Paused = "Paused"
    Terminated = "Terminated"
    Unknown = "Unknown"


@strawberry.enum
class RolloutStepStatus(enum.Enum):
    PENDING = "PENDING"
    ACTIVE = "ACTIVE"
    PASSED = "PASSED"
    FAILED = "FAILED"
    PAUSED_INDEFINITE = "PAUSED_INDEFINITE"
    PAUSED_INCONCLUSIVE = "PAUSED_INCONCLUSIVE"
    TERMINATED = "TERMINATED"


@strawberry.enum
class AnalysisPhases(enum.Enum):
    Pending = "Pending"
    Running = "Running"
    Successful = "Successful"
    Failed = "Failed"
    Error = "Error"
    Inconclusive = "Inconclusive"


@strawberry.enum
class RolloutAction(enum.Enum):
    PAUSE = "PAUSE"
    RESUME = "RESUME"
    PROMOTE = "PROMOTE"
    PROMOTE_FULL = "PROMOTE_FULL"
    SKIP_STEP = "SKIP_STEP"
    ABORT = "ABORT"
    RETRY = "RETRY"
    RESTART = "RESTART"
    ROLLBACK = "ROLLBACK"


@strawberry.enum(description="How Git is taken back to the release before, so that an aborted update ends.")
class RevertInGit(enum.Enum):
    COMMIT = "COMMIT"
    PULL_REQUEST = "PULL_REQUEST"


@strawberry.type
class Measurement:
    value: str | None
    phase: AnalysisPhases
    started_at: datetime | None
    finished_at: datetime | None
    message: str | None

    @staticmethod
    def of(one: MeasurementView) -> "Measurement":
        return Measurement(
            value=one.value or None,
            phase=_phase(one.phase),
            started_at=one.started_at,
            finished_at=one.finished_at,
            message=one.message or None,
        )


@strawberry.type
class AnalysisMetric:
    name: str
    provider: str
    phase: AnalysisPhases
    message: str | None
    successful: int
    failed: int
    inconclusive: int
    error: int
    success_condition: str | None
    failure_condition: str | None
    measurements: list[Measurement]

    @staticmethod
    def of(one: MetricView) -> "AnalysisMetric":
        return AnalysisMetric(
            name=one.name,
            provider=one.provider,
            phase=_phase(one.phase),
            message=one.message or None,
            successful=one.successful,
            failed=one.failed,
            inconclusive=one.inconclusive,
            error=one.error,
            success_condition=one.success_condition or None,
            failure_condition=one.failure_condition or None,
            measurements=[Measurement.of(measurement) for measurement in one.measurements],
        )


@strawberry.type
class AnalysisRun:
    name: str
    phase: AnalysisPhases
    message: str | None
    started_at: datetime | None
    metrics: list[AnalysisMetric]

    @staticmethod
    def of(one: AnalysisRunView) -> "AnalysisRun":
        return AnalysisRun(
            name=one.name,
            phase=_phase(one.phase),
            message=one.message or None,
            started_at=one.started_at,
            metrics=[AnalysisMetric.of(metric) for metric in one.metrics],
        )


def _phase(text: str) -> AnalysisPhases:
    return AnalysisPhases.__members__.get(text, AnalysisPhases.Pending)


@strawberry.type
class RolloutStep:
    index: int
    kind: str
    title: str
    spec: JSON
    status: RolloutStepStatus
    skipped: bool
    analysis_runs: list[AnalysisRun]

    @staticmethod
    def of(one: StepView) -> "RolloutStep":
        return RolloutStep(
            index=one.index,
            kind=one.kind,
            title=one.title,
            spec=cast(JSON, one.spec),
            status=RolloutStepStatus(one.status),
            skipped=one.skipped,
            analysis_runs=[AnalysisRun.of(run) for run in one.analysis_runs],
        )


@strawberry.type
class RolloutRevision:
    revision: int
    role: list[str]
    pod_template_hash: str
    images: list[str]
    replicas: int
    ready_replicas: int
    weight: float | None
    created: datetime | None
    scale_down_at: datetime | None

    @staticmethod
    def of(one: RevisionView) -> "RolloutRevision":
        return RolloutRevision(
            revision=one.revision,
            role=list(one.roles),
            pod_template_hash=one.pod_template_hash,
            images=list(one.images),
            replicas=one.replicas,
            ready_replicas=one.ready_replicas,
            weight=one.weight,
            created=one.created,
            scale_down_at=one.scale_down_at,
        )


@strawberry.type
class RolloutActionState:
    action: RolloutAction
    allowed: bool
    reason: str | None

    @staticmethod
    def of(one: ActionView) -> "RolloutActionState":
        return RolloutActionState(action=RolloutAction(one.action), allowed=not one.reason, reason=one.reason or None)


@strawberry.type
class NextTransition:
    in_seconds: float
    what: str

    @staticmethod
    def of(one: TransitionView, now: datetime) -> "NextTransition":
        return NextTransition(in_seconds=max(0.0, (one.at - now).total_seconds()), what=one.what)


@strawberry.type(description="What an abort leaves behind; `settledSeconds` null: the new pods stay.")
class AbortOutcome:
    stable_weight: int
    stable_pods: int
    canary_pods: int
    settled_seconds: float | None

    @staticmethod
    def of(one: AbortView) -> "AbortOutcome":
        return AbortOutcome(
            stable_weight=one.stable_weight,
            stable_pods=one.stable_pods,
            canary_pods=one.canary_pods,
            settled_seconds=one.settled_seconds,
        )


@strawberry.type(description="`seconds` null: until somebody promotes. Without a router `weight` is a share of pods.")
class SimulatedStep:
    name: str
    canary_pods: int
    stable_pods: int
    weight: int
    routed: bool
    seconds: float | None
    waits_for: str | None
    abort: AbortOutcome

    @staticmethod
    def of(one: SimulatedStepView) -> "SimulatedStep":
        return SimulatedStep(
            name=one.name,
            canary_pods=one.canary_pods,
            stable_pods=one.stable_pods,
            weight=one.weight,
            routed=one.routed,
            seconds=one.seconds,
            waits_for=one.waits_for or None,
            abort=AbortOutcome.of(one.abort),
        )


@strawberry.type(description="What an update does if all goes well; `seconds` null: people decide how long it takes.")
class RolloutSimulation:
    replicas: int
    steps: list[SimulatedStep]
    seconds: float | None

    @staticmethod
    def of(one: SimulationView) -> "RolloutSimulation":
        return RolloutSimulation(
            replicas=one.replicas, steps=[SimulatedStep.of(step) for step in one.steps], seconds=one.seconds
        )


@strawberry.type
class Rollout(Node):
    metadata: ObjectMeta
    application: ApplicationLink
    strategy: RolloutStrategyNames
    phase: RolloutPhases
    message: str | None
    desired_replicas: int
    current_replicas: int
    updated_replicas: int
    ready_replicas: int
    available_replicas: int
    current_step_index: int | None
    steps: list[RolloutStep]
    weight_of_new: float = strawberry.field(
        description="Share of traffic (with a router) or of pods (without) that the new version gets, percent."
    )
    traffic_routed: bool
    paused: bool
    aborted: bool
    promote_full: bool
    revisions: list[RolloutRevision]
    analysis_runs: list[AnalysisRun]
    available_actions: list[RolloutActionState]
    next_transition: NextTransition | None = strawberry.field(
        description="Seconds until the next timed thing happens, and what."
    )
    application_name: str = strawberry.field(description="The application that it belongs to.")
    application_namespace: str
    explanation: str | None = strawberry.field(description="Why it is not healthy, one sentence; null when it is.")
    shown: strawberry.Private[ShownRollout]

    @strawberry.field(
        description="The controller run over a simulated cluster: an update from beginning to end; null: the runtime "
        "does not answer, or the spec cannot be simulated."
    )
    async def simulation(self, info: Info) -> RolloutSimulation | None:
        return RolloutSimulation.of(await rollouts.simulation(info.context.plane, self.shown))

    @staticmethod
    def of(shown: ShownRollout, now: datetime) -> "Rollout":
        view, key = shown.view, shown.view.application
        parts = (shown.runtime, key.namespace, key.name, view.namespace, view.name)
        return Rollout(
            id=strawberry.ID(encode_node_id("Rollout", *parts)),
            metadata=_metadata(shown),
            application=ApplicationLink.of(ApplicationId.of(shown.runtime, key)),
            strategy=RolloutStrategyNames(view.strategy),
            phase=RolloutPhases.__members__.get(view.phase, RolloutPhases.Unknown),
            message=view.message or None,
            desired_replicas=view.desired_replicas,
            current_replicas=view.current_replicas,
            updated_replicas=view.updated_replicas,
            ready_replicas=view.ready_replicas,
            available_replicas=view.available_replicas,
            current_step_index=view.current_step_index,
            steps=[RolloutStep.of(step) for step in view.steps],
            weight_of_new=view.weight_of_new,
            traffic_routed=view.traffic_routed,
            paused=view.paused,
            aborted=view.aborted,
            promote_full=view.promote_full,
            revisions=[RolloutRevision.of(one) for one in view.revisions],
            analysis_runs=[AnalysisRun.of(run) for run in view.analysis_runs],
            available_actions=[RolloutActionState.of(one) for one in view.actions],
            next_transition=NextTransition.of(view.next_transition, now) if view.next_transition else None,
            explanation=view.explanation or None,
            shown=shown,
            application_name=key.name,
            application_namespace=key.namespace,
        )


def _metadata(shown: ShownRollout) -> ObjectMeta:
    view = shown.view
    return ObjectMeta(
        group=GROUP,
        version=VERSION,
        kind=KIND,
        name=view.name,
        namespace=view.namespace,
        runtime=shown.runtime,
        cluster=view.cluster or None,
        uid=view.uid or None,
        labels=pairs(view.labels),
        annotations=pairs(view.annotations),
        created=view.created,
        last_updated=None,
    )


@strawberry.input
class RolloutFilterArgs:
    runtimes: list[str] | None = None
    applications: list[str] | None = None
    phases: list[RolloutPhases] | None = None
    namespaces: list[str] | None = None

    def value(self) -> RolloutFilter:
        return RolloutFilter(
            frozenset(self.runtimes or ()),
            frozenset(self.applications or ()),
            frozenset(phase.value for phase in self.phases or ()),
            frozenset(self.namespaces or ()),
        )
