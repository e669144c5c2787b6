"""A Rollout as people look at it: values that the runtime works out and the API shows."""

from datetime import datetime
from typing import Any

import msgspec

from model.identity import ApplicationKey


class _Value(msgspec.Struct, frozen=True, omit_defaults=True):
    """Travels between the processes."""


class MeasurementView(_Value, frozen=True):
    phase: str
    value: str = ""
    message: str = ""
    started_at: datetime | None = None
    finished_at: datetime | None = None


class MetricView(_Value, frozen=True):
    name: str
    provider: str
    phase: str
    message: str = ""
    successful: int = 0
    failed: int = 0
    inconclusive: int = 0
    error: int = 0
    success_condition: str = ""
    failure_condition: str = ""
    measurements: tuple[MeasurementView, ...] = ()


class AnalysisRunView(_Value, frozen=True):
    """`step_index` None: not the analysis of a step."""

    name: str
    phase: str
    message: str = ""
    started_at: datetime | None = None
    step_index: int | None = None
    metrics: tuple[MetricView, ...] = ()


class StepView(_Value, frozen=True):
    """`status` is one of PENDING, ACTIVE, PASSED, FAILED, PAUSED_INDEFINITE, PAUSED_INCONCLUSIVE and TERMINATED."""

    index: int
    kind: str
    title: str
    spec: dict[str, Any]
    status: str
    skipped: bool = False
    analysis_runs: tuple[AnalysisRunView, ...] = ()


class RevisionView(_Value, frozen=True):
    """`roles`: stable, canary, active, preview. `weight`: percent of the traffic, where a router knows it."""

    revision: int
    pod_template_hash: str
    roles: tuple[str, ...] = ()
    images: tuple[str, ...] = ()
    replicas: int = 0
    ready_replicas: int = 0
    weight: float | None = None
    created: datetime | None = None
    scale_down_at: datetime | None = None


class ActionView(_Value, frozen=True):
    """`reason`: why it makes no sense now; "" when it does."""

    action: str
    reason: str = ""


class TransitionView(_Value, frozen=True):
    """What time alone will change next, unless something else does before."""

    at: datetime
    what: str


class RolloutView(_Value, frozen=True):
    """`application` is the one that it belongs to. `weight_of_new`: of traffic with a router, of pods without one.
    `explanation`: why it is not healthy, one sentence; "" when it is."""

    application: ApplicationKey
    cluster: str
    name: str
    namespace: str
    uid: str
    strategy: str
    phase: str
    message: str = ""
    created: datetime | None = None
    labels: dict[str, str] = msgspec.field(default_factory=dict)
    annotations: dict[str, str] = msgspec.field(default_factory=dict)
    desired_replicas: int = 0
    current_replicas: int = 0
    updated_replicas: int = 0
    ready_replicas: int = 0
    available_replicas: int = 0
    current_step_index: int | None = None
    steps: tuple[StepView, ...] = ()
    weight_of_new: float = 0.0
    traffic_routed: bool = False
    paused: bool = False
    aborted: bool = False
    promote_full: bool = False
    revisions: tuple[RevisionView, ...] = ()
    analysis_runs: tuple[AnalysisRunView, ...] = ()
    actions: tuple[ActionView, ...] = ()
    next_transition: TransitionView | None = None
    explanation: str = ""


class AbortView(_Value, frozen=True):
    """What an abort leaves behind. `settled_seconds`: until the new pods are gone; None: they stay."""

    stable_weight: int
    stable_pods: int
    canary_pods: int
    settled_seconds: float | None = None


class SimulatedStepView(_Value, frozen=True):
    """`seconds` None: until somebody promotes. Without a router the weight is the share of pods."""

    name: str
    canary_pods: int
    stable_pods: int
    weight: int
    routed: bool
    abort: AbortView
    seconds: float | None = None
    waits_for: str = ""


class SimulationView(_Value, frozen=True):
    """What an update does if all goes well. `seconds` None: people decide how long it takes."""

    strategy: str
    replicas: int
    steps: tuple[SimulatedStepView, ...] = ()
    seconds: float | None = None
