"""Settings of the runtime process. The only place that reads its environment; everything else gets values."""

import os
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

_POD_VARIABLES = ("KUBERNETES_SERVICE_HOST", "KUBERNETES_SERVICE_PORT")
# Where metrics of analyses come from when a metric does not say, and as whom.
_METRIC_VARIABLES = (
    "ARGO_ROLLOUTS_PROMETHEUS_ADDRESS",
    "AWS_ACCESS_KEY_ID",
    "AWS_REGION",
    "AWS_SECRET_ACCESS_KEY",
    "AWS_SESSION_TOKEN",
    "DD_ADDRESS",
    "DD_API_KEY",
    "DD_APP_KEY",
)
# What this version can run, all of it unless told otherwise; more names arrive with the parts that they start.
CONTROLLERS = ("applications", "applicationsets", "rollouts")
DELIVERY_CONTROLLERS = frozenset({"rollouts"})  # need neither Git nor Applications
ENGINES = ("auto", "argosy", "argo-cd")
CONTROLLER_NAMES = (*CONTROLLERS, "workflows", "events")  # what may be asked for; the rest starts when it is built


@dataclass(frozen=True, slots=True)
class LoopSettings:
    """How the reconcile loop paces itself. The defaults suit a fleet of some thousand applications."""

    lane_concurrency: int = 12  # work of one (repository, cluster) pair at a time; a stuck one holds no more than this
    total_concurrency: int = 192  # sixteen stuck pairs still leave room for the rest
    retry_failed_seconds: float = 15.0  # first wait after a failed comparison; doubles up to the next line
    retry_failed_max_seconds: float = 300.0
    status_quiet_seconds: float = 0.2  # a status is written when nothing changed for this long ...
    status_max_wait_seconds: float = 1.0  # ... or after this, whichever comes first
    status_before_sync_seconds: float = 10.0  # while an automated sync waits for its turn, it speaks first
    self_heal_seconds: float = 2.0  # back-off of self-heal: 2 s, times 3, up to 300 s
    self_heal_factor: int = 3
    self_heal_max_seconds: float = 300.0


@dataclass(frozen=True, slots=True)
class ControllerFlags:
    """What argocd-cmd-params-cm may say too; what the command says wins. None and () where it says nothing."""

    sync_timeout_seconds: float | None = None
    application_namespaces: tuple[str, ...] = ()
    application_set_namespaces: tuple[str, ...] = ()
    server_side_diff: bool = False


@dataclass(frozen=True, slots=True)
class GeneratorSettings:
    """What holds for all ApplicationSets, and what their generators may ask.

    `scm_allow`: addresses of Git hosts besides the public ones; none: all. `token_ref_strict`: tokens only from Secrets
    that are labelled for that. Hints that come faster than `hint_seconds` ask a host once. `policy`: what a set may do
    to Applications that says nothing of it itself; that a set says another counts if `policy_override` does not forbid
    it, and where that is None, if no `policy` is given.
    """

    scm_allow: tuple[str, ...] = ()
    token_ref_strict: bool = False
    hint_seconds: float = 5.0
    new_file_globbing: bool = False  # in globs of files only `**` crosses a `/`
    scm_providers: bool = True  # whether hosts may be asked at all
    policy: str = ""
    policy_override: bool | None = None
    preserved_labels: tuple[str, ...] = ()
    preserved_annotations: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class LinkSettings:
    """Where the control plane is and how patient the link is. `token_file` is read at each dial, so that a token that
    was renewed in the cluster counts without a restart; it wins over `token`."""

    url: str
    token: str = field(default="", repr=False)
    token_file: Path | None = None
    queue_reports: int = 2_000  # unacknowledged reports kept; beyond this a snapshot replaces them
    flush_seconds: float = 0.02  # changes within this time travel in one report
    reconnect_seconds: float = 0.5
    reconnect_max_seconds: float = 15.0
    connect_timeout_seconds: float = 10.0


@dataclass(frozen=True, slots=True)
class ShardSettings:
    """How many processes divide the clusters of one runtime, and which of them this is: `number` None takes a free one.

    Whoever could not renew its Lease for `give_up_seconds` leaves its clusters alone, and who is new waits longer than
    that, so that the others know.
    """

    total: int = 1
    number: int | None = None
    identity: str = ""
    renew_seconds: float = 5.0
    give_up_seconds: float = 10.0
    settle_seconds: float = 12.0
    lease_seconds: float = 30.0


@dataclass(frozen=True, slots=True)
class RuntimeSettings:
    """One runtime process. `name` is what the link token was made for; `kubeconfig` None: in-cluster."""

    namespace: str
    data_dir: Path
    name: str = "runtime"
    kubeconfig: Path | None = None
    context: str | None = None
    link: LinkSettings | None = None
    controllers: frozenset[str] = frozenset(CONTROLLERS)
    instance_id: str = ""
    hosted: bool = False
    engine: str = "auto"  # who reconciles: auto: we, unless an upstream controller is at work in the namespace
    metrics_host: str = "127.0.0.1"
    metrics_port: int | None = None
    poll_seconds: float = 30.0
    config_repo: str = ""  # the shared configuration repository with the ledger; without it nothing is journalled
    ingress_host: str = ""  # where people reach what runs in the cluster; told to the control plane, dialled by nobody
    session: str = field(default_factory=lambda: secrets.token_hex(8))
    loop: LoopSettings = LoopSettings()
    generators: GeneratorSettings = GeneratorSettings()
    flags: ControllerFlags = ControllerFlags()
    shards: ShardSettings = ShardSettings()
    metric_variables: Mapping[str, str] = field(default_factory=dict, repr=False)
    aws_verify_target_group: bool = False  # AWS is asked whether load balancers have taken weights over


@dataclass(frozen=True, slots=True)
class RuntimeEnvironment:
    """What the environment may say; a flag on the command line wins. `pod` is what Kubernetes tells a pod."""

    data_dir: Path
    log: str
    token: str | None = field(repr=False)
    kubeconfig: Path | None
    pod: Mapping[str, str]
    metrics: Mapping[str, str] = field(repr=False)


def read_environment(environ: Mapping[str, str] | None = None) -> RuntimeEnvironment:
    """`environ` is the process's own unless given."""
    values = os.environ if environ is None else environ
    kubeconfig = values.get("KUBECONFIG", "").split(os.pathsep)[0]
    return RuntimeEnvironment(
        data_dir=Path(values.get("ARGOSY_DATA_DIR", ".argosy")),
        log=values.get("ARGOSY_LOG", "info"),
        token=values.get("ARGOSY_LINK_TOKEN") or None,
        kubeconfig=Path(kubeconfig) if kubeconfig else None,
        pod={name: values[name] for name in _POD_VARIABLES if name in values},
        metrics={name: values[name] for name in _METRIC_VARIABLES if name in values},
    )
