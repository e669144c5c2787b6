"""What a runtime reports to the control plane: summaries that fill the read model. Values only.

Before it: `gitsync` makes them from live state. After it: `model.link` carries them, `model.store` keeps them,
`api` shows them. Trees, manifests, diffs and logs are not reported; they are asked for while somebody looks.
"""

import enum
from datetime import datetime
from typing import Any

import msgspec

from model.identity import ApplicationKey, ResourceKey
from model.kinds.application import (
    ApplicationCondition,
    ApplicationSource,
    AutomatedSync,
    Destination,
    OperationState,
    RevisionHistory,
)


class CommitInfo(msgspec.Struct, frozen=True, omit_defaults=True):
    """One commit. `url` opens it on the Git host, where the host has pages."""

    sha: str
    message: str
    author_name: str
    author_email: str
    date: datetime
    repo_url: str
    branch: str = ""
    url: str | None = None


class ManifestLocation(msgspec.Struct, frozen=True, omit_defaults=True):
    """Where in Git a manifest stands. `line` counts from 1."""

    repo_url: str
    revision: str
    path: str
    line: int | None = None


class ApplicationKind(enum.StrEnum):
    APPLICATION = "APPLICATION"
    APPLICATION_SET = "APPLICATION_SET"
    GIT_SOURCE = "GIT_SOURCE"


class SyncState(enum.StrEnum):
    """Sync as people see it: SYNCING is derived from a running operation."""

    SYNCED = "SYNCED"
    OUT_OF_SYNC = "OUT_OF_SYNC"
    SYNCING = "SYNCING"
    UNKNOWN = "UNKNOWN"


class HealthState(enum.StrEnum):
    """Health as people see it: TERMINATED is a deployment that a newer change interrupted."""

    HEALTHY = "HEALTHY"
    SUSPENDED = "SUSPENDED"
    PROGRESSING = "PROGRESSING"
    MISSING = "MISSING"
    DEGRADED = "DEGRADED"
    TERMINATED = "TERMINATED"
    UNKNOWN = "UNKNOWN"


class WorkloadState(msgspec.Struct, frozen=True, omit_defaults=True):
    """What Git wants of one workload. `replicas` None: it does not say."""

    key: ResourceKey
    version: str
    images: tuple[str, ...] = ()
    replicas: int | None = None


class ChildRevision(msgspec.Struct, frozen=True, omit_defaults=True):
    """An Application among the objects of another, and the revision that it is told to follow."""

    key: ApplicationKey
    revision: str


#: Types of conditions that are in reports only; `gitsync.reporting.remarks` says when.
LONG_SYNC, ROLLOUTS_MISSING, ROLLOUTS_OFF = "LongSyncWarning", "RolloutsMissingWarning", "RolloutsOffWarning"


class ApplicationSummary(msgspec.Struct, frozen=True, omit_defaults=True):
    """Everything about one application that lists, its header and its history show.

    `access_repo_url` is the repository whose Git permissions rule it: the one that holds its manifest; when it is
    not managed through Git, that of its first source. `changed_resources` and `unhealthy_resources` are the wrong
    ones, worst first, at most 20, for warnings. `updated_at` is the end of the newest operation, or the creation.
    `release_commits`: those that changed what the application reads between the newest entry of its history, which is
    `release_id`, and the one before.
    """

    key: ApplicationKey
    uid: str
    resource_version: str
    kind: ApplicationKind
    project: str
    sources: tuple[ApplicationSource, ...]
    destination: Destination
    cluster: str
    sync: SyncState
    health: HealthState
    created: datetime
    updated_at: datetime
    access_repo_url: str
    labels: dict[str, str] = {}
    annotations: dict[str, str] = {}
    automated: AutomatedSync | None = None
    health_message: str = ""
    explanation: str | None = None
    revision: str = ""
    commit: CommitInfo | None = None
    source_types: tuple[str, ...] = ()
    operation: OperationState | None = None
    operation_waves: tuple[int | None, ...] = ()  # one for each resource of the operation's result
    history: tuple[RevisionHistory, ...] = ()
    history_commits: dict[str, CommitInfo] = {}
    conditions: tuple[ApplicationCondition, ...] = ()
    unhealthy_resources: tuple["WrongResource", ...] = ()
    images: tuple[str, ...] = ()
    resources_total: int = 0
    resources_out_of_sync: int = 0
    git_source: str | None = None
    manifest_location: ManifestLocation | None = None
    parent: ApplicationKey | None = None
    manifest: dict[str, Any] | None = None
    workloads: tuple[WorkloadState, ...] = ()
    children: tuple[ChildRevision, ...] = ()
    release_id: int | None = None
    release_commits: tuple[CommitInfo, ...] = ()
    ledger_commit: CommitInfo | None = None
    environments: tuple[str, ...] = ()  # those that it deploys to, by name


class WrongResource(msgspec.Struct, frozen=True, omit_defaults=True):
    """A resource that is not healthy, with the reason and the health it has."""

    key: ResourceKey
    version: str
    health: HealthState
    message: str


class ClusterSummary(msgspec.Struct, frozen=True, omit_defaults=True):
    """One destination cluster of a runtime. `connection` is Successful, Failed or Unknown."""

    name: str
    server: str
    connection: str
    message: str = ""
    attempted_at: datetime | None = None
    server_version: str = ""
    resources_count: int = 0
    apis_count: int = 0
    applications_count: int = 0
    cache_synced_at: datetime | None = None
    labels: dict[str, str] = {}
    rollouts: bool | None = None  # whether it knows the kind; None: it was not asked yet
    workflows: bool | None = None  # likewise


class RepositorySummary(msgspec.Struct, frozen=True, omit_defaults=True):
    """One repository that the runtime watches. `head` is the newest commit seen on its default branch."""

    url: str
    head: CommitInfo | None = None
    checked_at: datetime | None = None
    error: str = ""


class ComponentSummary(msgspec.Struct, frozen=True, omit_defaults=True):
    """One part of the runtime (a controller, the Git mirrors) and how it does."""

    name: str
    version: str
    health: HealthState
    message: str = ""


class EnvironmentPlace(msgspec.Struct, frozen=True, omit_defaults=True):
    """A cluster, by name or URL, and namespaces there; () for all of them. Patterns are allowed."""

    cluster: str
    namespaces: tuple[str, ...] = ()


class EnvironmentSummary(msgspec.Struct, frozen=True, omit_defaults=True):
    """What one ConfigMap of the runtime says of an environment. `problem`: why it cannot be used, or ""; it has no
    places then."""

    name: str
    production: bool = False
    places: tuple[EnvironmentPlace, ...] = ()
    problem: str = ""


class RuntimeSummary(msgspec.Struct, frozen=True, omit_defaults=True):
    """The runtime itself. `engine` is ARGOSY or ARGO_CD; `installation` is HELM or HELM_HOSTED."""

    version: str
    namespace: str
    engine: str
    installation: str
    started_at: datetime
    cluster: str = ""
    labels: dict[str, str] = {}
    components: tuple[ComponentSummary, ...] = ()
    errors: tuple[str, ...] = ()
    shared_config_repo: str = ""  # "": operations are not journalled
    git_provider: str = ""  # kind of the host of the shared configuration, else of a repository; "": it has no API
    starting: str = ""  # what it does before it is ready; "": it is
    installation_sync: SyncState | None = None  # of its own installation with Git; None: it does not manage itself
    environments: tuple[EnvironmentSummary, ...] = ()  # by name
    ingress_host: str = ""  # where people reach what runs in its cluster, as its operator says
