"""Enumerations of the schema. Those whose values are not spelled in capitals are inherited from Argo."""

import enum
from typing import TypeAlias

import strawberry

from api.live.applications import LiveKind
from model.report import ApplicationKind, HealthState, SyncState

strawberry.enum(SyncState, name="SyncStatus")
strawberry.enum(HealthState, name="HealthStatus")
strawberry.enum(ApplicationKind, name="ApplicationKind")
strawberry.enum(LiveKind, name="LiveEventType")

SyncStatus: TypeAlias = SyncState
HealthStatus: TypeAlias = HealthState
ApplicationKindEnum: TypeAlias = ApplicationKind
LiveEventType: TypeAlias = LiveKind


@strawberry.enum
class SortingOrder(enum.Enum):
    asc = "asc"
    desc = "desc"


@strawberry.enum
class ApplicationSortingField(enum.Enum):
    name = "name"
    runtime = "runtime"
    cluster = "cluster"
    lastUpdated = "lastUpdated"
    healthStatus = "healthStatus"
    syncStatus = "syncStatus"


@strawberry.enum
class AppSyncPolicies(enum.Enum):
    Automated = "Automated"
    Manual = "Manual"
    Unknown = "Unknown"


@strawberry.enum
class SourceType(enum.Enum):
    Directory = "Directory"
    Helm = "Helm"
    Kustomize = "Kustomize"
    Jsonnet = "Jsonnet"
    Plugin = "Plugin"


@strawberry.enum
class SyncOperationPhase(enum.Enum):
    Running = "Running"
    Terminating = "Terminating"
    Succeeded = "Succeeded"
    Failed = "Failed"
    Error = "Error"
    Unknown = "Unknown"


@strawberry.enum
class SyncResultCode(enum.Enum):
    Synced = "Synced"
    SyncFailed = "SyncFailed"
    Pruned = "Pruned"
    PruneSkipped = "PruneSkipped"
    Unknown = "Unknown"


@strawberry.enum
class ErrorLevels(enum.Enum):
    ERROR = "ERROR"
    WARNING = "WARNING"


@strawberry.enum
class SyncErrorCodes(enum.Enum):
    INVALID_SPEC = "INVALID_SPEC"
    LONG_SYNC = "LONG_SYNC"
    MISSING_ROLLOUTS_COMPONENT = "MISSING_ROLLOUTS_COMPONENT"
    UNKNOWN = "UNKNOWN"


@strawberry.enum
class HealthErrorCodes(enum.Enum):
    BROKEN_REFERENCE = "BROKEN_REFERENCE"
    INACTIVE_RUNTIME = "INACTIVE_RUNTIME"
    INSUFFICIENT_RESOURCES = "INSUFFICIENT_RESOURCES"
    RUNTIME_INSTALLATION_ERROR = "RUNTIME_INSTALLATION_ERROR"
    TRANSITIVE_ERROR = "TRANSITIVE_ERROR"
    UNKNOWN = "UNKNOWN"


@strawberry.enum
class InstallationType(enum.Enum):
    HELM = "HELM"
    HELM_HOSTED = "HELM_HOSTED"


@strawberry.enum
class InstallationStatus(enum.Enum):
    COMPLETED = "COMPLETED"
    FAILED = "FAILED"
    IN_PROGRESS = "IN_PROGRESS"


@strawberry.enum
class Engine(enum.Enum):
    ARGOSY = "ARGOSY"
    ARGO_CD = "ARGO_CD"


@strawberry.enum
class ClusterConnectionStatus(enum.Enum):
    Successful = "Successful"
    Failed = "Failed"
    Unknown = "Unknown"


@strawberry.enum
class WarningCategory(enum.Enum):
    SYNC = "SYNC"
    HEALTH = "HEALTH"


@strawberry.enum
class WarningAction(enum.Enum):
    TERMINATE = "TERMINATE"
    VIEW_DETAILS = "VIEW_DETAILS"
    INSTALL_ROLLOUTS = "INSTALL_ROLLOUTS"


@strawberry.enum
class DeletePropagation(enum.Enum):
    FOREGROUND = "FOREGROUND"
    BACKGROUND = "BACKGROUND"
    ORPHAN = "ORPHAN"


@strawberry.enum
class GitProviders(enum.Enum):
    GITHUB = "GITHUB"
    GITLAB = "GITLAB"
    BITBUCKET = "BITBUCKET"
    BITBUCKET_SERVER = "BITBUCKET_SERVER"
    GITEA = "GITEA"
    GERRIT = "GERRIT"
    EMBEDDED = "EMBEDDED"


@strawberry.enum
class MutationErrorCode(enum.Enum):
    VALIDATION_ERROR = "VALIDATION_ERROR"
    NOT_FOUND_ERROR = "NOT_FOUND_ERROR"
    FORBIDDEN_ERROR = "FORBIDDEN_ERROR"
    CONFLICT_ERROR = "CONFLICT_ERROR"
    ALREADY_RUNNING = "ALREADY_RUNNING"
    NOT_IN_GIT = "NOT_IN_GIT"
    GIT_UNAVAILABLE = "GIT_UNAVAILABLE"
    RUNTIME_UNAVAILABLE = "RUNTIME_UNAVAILABLE"
    RATE_LIMIT_ERROR = "RATE_LIMIT_ERROR"


def member(kind: type[enum.Enum], text: str, default: enum.Enum) -> enum.Enum:
    """The member named `text`; what Argo may add one day must not break a list."""
    return kind.__members__.get(text, default)
