"""argoproj.io Rollout, AnalysisRun, AnalysisTemplate and Experiment: what progressive delivery is decided from.

Views, never sent back whole: writes are patches, so fields that are not named here stay as they are. What only an API
server or a provider understands (pod templates, providers of metrics, router settings) stays a raw body.
"""

from datetime import datetime
from typing import Any

import msgspec

from model.kinds.meta import ObjectMeta

GROUP = "argoproj.io"
VERSION = "v1alpha1"
API_VERSION = f"{GROUP}/{VERSION}"

HASH_LABEL = "rollouts-pod-template-hash"
INSTANCE_LABEL = "argo-rollouts.argoproj.io/controller-instance-id"
MANAGED_BY = "argo-rollouts.argoproj.io/managed-by-rollouts"
REVISION = "rollout.argoproj.io/revision"
REVISION_HISTORY = "rollout.argoproj.io/revision-history"
DESIRED_REPLICAS = "rollout.argoproj.io/desired-replicas"
EPHEMERAL_METADATA = "rollout.argoproj.io/ephemeral-metadata"
WORKLOAD_GENERATION = "rollout.argoproj.io/workload-generation"
SKIPPED_STEPS = "argosy.io/skipped-steps"  # ours: the status does not say which steps were skipped
SCALE_DOWN_DEADLINE = "scale-down-deadline"

Body = dict[str, Any]
IntOrPercent = int | str


class _View(msgspec.Struct, frozen=True, rename="camel", omit_defaults=True):
    """Base of what is read and never changed."""


class _Draft(msgspec.Struct, rename="camel", omit_defaults=True):
    """Base of what one pass fills in: a status before it is written."""


class PodMetadata(_View, frozen=True):
    labels: dict[str, str] = msgspec.field(default_factory=dict)
    annotations: dict[str, str] = msgspec.field(default_factory=dict)


class Argument(_View, frozen=True):
    """Of a run or a template. `value_from` has one of secretKeyRef, podTemplateHashValue, fieldRef."""

    name: str
    value: str | None = None
    value_from: Body | None = None


class TemplateRef(_View, frozen=True):
    template_name: str = ""
    cluster_scope: bool = False


class RolloutAnalysis(_View, frozen=True):
    templates: tuple[TemplateRef, ...] = ()
    args: tuple[Argument, ...] = ()
    dry_run: tuple[Body, ...] = ()
    measurement_retention: tuple[Body, ...] = ()
    analysis_run_metadata: PodMetadata = PodMetadata()
    starting_step: int | None = None  # background analysis only


class SetCanaryScale(_View, frozen=True):
    weight: int | None = None
    replicas: int | None = None
    match_traffic_weight: bool = False


class Pause(_View, frozen=True):
    duration: int | str | None = None


class ExperimentTemplateStep(_View, frozen=True):
    """One template of an experiment step. `spec_ref`: stable or canary."""

    name: str
    spec_ref: str = ""
    replicas: int | None = None
    metadata: PodMetadata = PodMetadata()
    selector: Body | None = None
    weight: int | None = None
    service: Body | None = None


class ExperimentStep(_View, frozen=True):
    templates: tuple[ExperimentTemplateStep, ...] = ()
    duration: str = ""
    analyses: tuple[Body, ...] = ()
    dry_run: tuple[Body, ...] = ()
    analysis_run_metadata: PodMetadata = PodMetadata()
    scale_down_delay_seconds: int | None = None


class CanaryStep(_View, frozen=True):
    set_weight: int | None = None
    pause: Pause | None = None
    experiment: ExperimentStep | None = None
    analysis: RolloutAnalysis | None = None
    set_canary_scale: SetCanaryScale | None = None
    set_header_route: Body | None = None
    set_mirror_route: Body | None = None
    plugin: Body | None = None
    replica_progress_threshold: Body | None = None


class PingPong(_View, frozen=True):
    ping_service: str = ""
    pong_service: str = ""


class TrafficRouting(_View, frozen=True):
    """Settings of the routers; each one is a raw body that its router understands. Several may be set at once."""

    istio: Body | None = None
    nginx: Body | None = None
    alb: Body | None = None
    smi: Body | None = None
    ambassador: Body | None = None
    app_mesh: Body | None = None
    traefik: Body | None = None
    apisix: Body | None = None
    plugins: dict[str, Body] = msgspec.field(default_factory=dict)
    managed_routes: tuple[Body, ...] = ()
    max_traffic_weight: int | None = None


class AntiAffinity(_View, frozen=True):
    preferred_during_scheduling_ignored_during_execution: Body | None = None
    required_during_scheduling_ignored_during_execution: Body | None = None


class CanaryStrategy(_View, frozen=True):
    canary_service: str = ""
    stable_service: str = ""
    steps: tuple[CanaryStep, ...] = ()
    traffic_routing: TrafficRouting | None = None
    max_surge: IntOrPercent | None = None
    max_unavailable: IntOrPercent | None = None
    analysis: RolloutAnalysis | None = None
    anti_affinity: AntiAffinity | None = None
    canary_metadata: PodMetadata | None = None
    stable_metadata: PodMetadata | None = None
    scale_down_delay_seconds: int | None = None
    scale_down_delay_revision_limit: int | None = None
    abort_scale_down_delay_seconds: int | None = None
    dynamic_stable_scale: bool = False
    ping_pong: PingPong | None = None
    min_pods_per_replica_set: int | None = None
    replica_progress_threshold: Body | None = None


class BlueGreenStrategy(_View, frozen=True):
    active_service: str = ""
    preview_service: str = ""
    preview_replica_count: int | None = None
    auto_promotion_enabled: bool | None = None
    auto_promotion_seconds: int = 0
    max_unavailable: IntOrPercent | None = None
    scale_down_delay_seconds: int | None = None
    scale_down_delay_revision_limit: int | None = None
    abort_scale_down_delay_seconds: int | None = None
    pre_promotion_analysis: RolloutAnalysis | None = None
    post_promotion_analysis: RolloutAnalysis | None = None
    anti_affinity: AntiAffinity | None = None
    preview_metadata: PodMetadata | None = None
    active_metadata: PodMetadata | None = None


class Strategy(_View, frozen=True):
    canary: CanaryStrategy | None = None
    blue_green: BlueGreenStrategy | None = None


class WorkloadRef(_View, frozen=True):
    api_version: str = ""
    kind: str = ""
    name: str = ""
    scale_down: str = ""


class RunHistory(_View, frozen=True):
    successful_run_history_limit: int | None = None
    unsuccessful_run_history_limit: int | None = None


class RollbackWindow(_View, frozen=True):
    revisions: int = 0


class RolloutSpec(_View, frozen=True):
    replicas: int | None = None
    selector: Body | None = None
    template: Body | None = None
    workload_ref: WorkloadRef | None = None
    min_ready_seconds: int = 0
    strategy: Strategy = Strategy()
    revision_history_limit: int | None = None
    paused: bool = False
    progress_deadline_seconds: int | None = None
    progress_deadline_abort: bool = False
    restart_at: datetime | None = None
    analysis: RunHistory = RunHistory()
    rollback_window: RollbackWindow | None = None


class Condition(_View, frozen=True, omit_defaults=False):
    type: str
    status: str
    last_update_time: datetime | None = None
    last_transition_time: datetime | None = None
    reason: str = ""
    message: str = ""


class PauseCondition(_View, frozen=True):
    reason: str
    start_time: datetime


class RunStatus(_View, frozen=True):
    """Of an AnalysisRun that the Rollout's status names."""

    name: str
    status: str
    message: str = ""


class WeightDestination(_View, frozen=True):
    weight: int
    service_name: str = ""
    pod_template_hash: str = ""


_NO_TRAFFIC = WeightDestination(0)


class TrafficWeights(_View, frozen=True):
    """Controllers write both; what somebody else wrote may have only one of them."""

    canary: WeightDestination = _NO_TRAFFIC
    stable: WeightDestination = _NO_TRAFFIC
    additional: tuple[WeightDestination, ...] = ()
    verified: bool | None = None


class CanaryStatus(_Draft):
    current_step_analysis_run_status: RunStatus | None = None
    current_background_analysis_run_status: RunStatus | None = None
    current_experiment: str = ""
    weights: TrafficWeights | None = None
    stable_ping_pong: str = ""
    step_plugin_statuses: tuple[Body, ...] = ()


class BlueGreenStatus(_Draft):
    preview_selector: str = ""
    active_selector: str = ""
    scale_up_preview_check_point: bool = False
    pre_promotion_analysis_run_status: RunStatus | None = None
    post_promotion_analysis_run_status: RunStatus | None = None


class RolloutDuration(_View, frozen=True):
    """How long an update took, for reports. `completion_status` is set when it is over."""

    rollout_started_at: datetime | None = None
    manual_pause_started_at: datetime | None = None
    total_manual_pause_duration_seconds: int = 0
    finished_at: datetime | None = None
    completion_status: str = ""


class RolloutStatus(_Draft):
    """`observed_generation` is text, as every client of the field expects."""

    abort: bool = False
    pause_conditions: tuple[PauseCondition, ...] = ()
    controller_pause: bool = False
    aborted_at: datetime | None = None
    current_pod_hash: str = ""
    current_step_hash: str = ""
    replicas: int = 0
    updated_replicas: int = 0
    ready_replicas: int = 0
    available_replicas: int = 0
    current_step_index: int | None = None
    collision_count: int | None = None
    observed_generation: str = ""
    workload_observed_generation: str = ""
    conditions: tuple[Condition, ...] = ()
    canary: CanaryStatus = msgspec.field(default_factory=CanaryStatus)
    blue_green: BlueGreenStatus = msgspec.field(default_factory=BlueGreenStatus)
    hpa_replicas: int = msgspec.field(default=0, name="HPAReplicas")
    selector: str = ""
    stable_rs: str = msgspec.field(default="", name="stableRS")
    restarted_at: datetime | None = None
    promote_full: bool = False
    phase: str = ""
    message: str = ""
    alb: Body | None = None
    albs: tuple[Body, ...] = ()
    duration: RolloutDuration | None = None


class Rollout(_View, frozen=True):
    metadata: ObjectMeta
    spec: RolloutSpec
    status: RolloutStatus = msgspec.field(default_factory=RolloutStatus)


class Metric(_View, frozen=True):
    """One question of an analysis. `provider` has one key: its name."""

    name: str
    interval: str = ""
    initial_delay: str = ""
    count: int | str | None = None
    success_condition: str = ""
    failure_condition: str = ""
    failure_limit: int | str | None = None
    inconclusive_limit: int | str | None = None
    consecutive_error_limit: int | str | None = None
    consecutive_success_limit: int | str | None = None
    provider: Body = msgspec.field(default_factory=dict)


class AnalysisTemplateSpec(_View, frozen=True):
    metrics: tuple[Metric, ...] = ()
    args: tuple[Argument, ...] = ()
    dry_run: tuple[Body, ...] = ()
    measurement_retention: tuple[Body, ...] = ()
    templates: tuple[TemplateRef, ...] = ()


class AnalysisTemplate(_View, frozen=True):
    """AnalysisTemplate and ClusterAnalysisTemplate."""

    metadata: ObjectMeta
    spec: AnalysisTemplateSpec = AnalysisTemplateSpec()


class AnalysisRunSpec(_View, frozen=True):
    metrics: tuple[Metric, ...] = ()
    args: tuple[Argument, ...] = ()
    terminate: bool = False
    dry_run: tuple[Body, ...] = ()
    measurement_retention: tuple[Body, ...] = ()
    ttl_strategy: Body | None = None


class Measurement(_View, frozen=True):
    phase: str
    message: str = ""
    started_at: datetime | None = None
    finished_at: datetime | None = None
    value: str = ""
    metadata: dict[str, str] = msgspec.field(default_factory=dict)
    resume_at: datetime | None = None


class MetricResult(_View, frozen=True):
    name: str
    phase: str = ""
    measurements: tuple[Measurement, ...] = ()
    message: str = ""
    count: int = 0
    successful: int = 0
    failed: int = 0
    inconclusive: int = 0
    error: int = 0
    consecutive_error: int = 0
    consecutive_success: int = 0
    dry_run: bool = False
    metadata: dict[str, str] = msgspec.field(default_factory=dict)


class RunSummary(_View, frozen=True):
    count: int = 0
    successful: int = 0
    failed: int = 0
    inconclusive: int = 0
    error: int = 0


class AnalysisRunStatus(_View, frozen=True):
    phase: str = ""
    message: str = ""
    metric_results: tuple[MetricResult, ...] = ()
    started_at: datetime | None = None
    completed_at: datetime | None = None
    run_summary: RunSummary | None = None
    dry_run_summary: RunSummary | None = None


class AnalysisRun(_View, frozen=True):
    metadata: ObjectMeta
    spec: AnalysisRunSpec = AnalysisRunSpec()
    status: AnalysisRunStatus = AnalysisRunStatus()


class ExperimentTemplate(_View, frozen=True):
    name: str
    replicas: int | None = None
    min_ready_seconds: int = 0
    selector: Body | None = None
    template: Body = msgspec.field(default_factory=dict)
    service: Body | None = None


class ExperimentAnalysis(_View, frozen=True):
    name: str
    template_name: str = ""
    cluster_scope: bool = False
    args: tuple[Argument, ...] = ()
    required_for_completion: bool = False


class ExperimentSpec(_View, frozen=True):
    templates: tuple[ExperimentTemplate, ...] = ()
    duration: str = ""
    progress_deadline_seconds: int | None = None
    terminate: bool = False
    analyses: tuple[ExperimentAnalysis, ...] = ()
    scale_down_delay_seconds: int | None = None
    dry_run: tuple[Body, ...] = ()
    measurement_retention: tuple[Body, ...] = ()
    analysis_run_metadata: PodMetadata = PodMetadata()


class ExperimentTemplateStatus(_View, frozen=True):
    name: str
    replicas: int = 0
    updated_replicas: int = 0
    ready_replicas: int = 0
    available_replicas: int = 0
    collision_count: int | None = None
    status: str = ""
    message: str = ""
    last_transition_time: datetime | None = None
    service_name: str = ""
    pod_template_hash: str = ""


class ExperimentAnalysisStatus(_View, frozen=True):
    name: str
    analysis_run: str = ""
    phase: str = ""
    message: str = ""


class ExperimentStatus(_View, frozen=True):
    phase: str = ""
    message: str = ""
    available_at: datetime | None = None
    conditions: tuple[Condition, ...] = ()
    template_statuses: tuple[ExperimentTemplateStatus, ...] = ()
    analysis_runs: tuple[ExperimentAnalysisStatus, ...] = ()


class Experiment(_View, frozen=True):
    metadata: ObjectMeta
    spec: ExperimentSpec = ExperimentSpec()
    status: ExperimentStatus = ExperimentStatus()
