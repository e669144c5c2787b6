"""Problems of applications as data, and the list of everything that is wrong."""

from dataclasses import dataclass
from datetime import datetime

import strawberry

from api.types.commit import GitContext
from api.types.enums import ErrorLevels, HealthErrorCodes, SyncErrorCodes, WarningAction, WarningCategory
from api.types.meta import ApplicationLink, ResourceId
from model.kinds.application import ApplicationCondition
from model.listing import ListedApplication
from model.report import LONG_SYNC, ROLLOUTS_MISSING, ROLLOUTS_OFF, HealthState, WrongResource

_WITHOUT_WORDS = {
    HealthState.MISSING: "Git has it and the cluster does not: a sync creates it",
    HealthState.PROGRESSING: "it is on its way",
}
_INVALID_SPEC = frozenset({"InvalidSpecError", "ComparisonError", "UnknownError", "SyncError"})


@dataclass(frozen=True, slots=True)
class _Own:
    """A warning of ours: how it is called, what to do."""

    code: SyncErrorCodes
    title: str
    suggestion: str
    action: WarningAction = WarningAction.VIEW_DETAILS


_OWN = {
    LONG_SYNC: _Own(
        SyncErrorCodes.LONG_SYNC,
        "Sync takes long",
        "look at what it waits for; terminating it leaves what is applied by now as it is",
        WarningAction.TERMINATE,
    ),
    ROLLOUTS_MISSING: _Own(
        SyncErrorCodes.MISSING_ROLLOUTS_COMPONENT,
        "Rollouts without a controller",
        "install one there: Argosy's own by one commit, or Argo Rollouts; then the application syncs again by itself "
        "or by hand",
        WarningAction.INSTALL_ROLLOUTS,
    ),
    ROLLOUTS_OFF: _Own(
        SyncErrorCodes.MISSING_ROLLOUTS_COMPONENT,
        "Rollouts are switched off",
        "start the runtime with rollouts among its --controllers: it lives in that cluster and runs them itself",
    ),
}


@strawberry.interface(description="A problem as data. `suggestion` says what to do next.")
class Error:
    level: ErrorLevels
    title: str
    message: str
    suggestion: str | None
    last_seen: datetime


@strawberry.type
class SyncError(Error):
    code: SyncErrorCodes
    context: GitContext | None


@strawberry.type
class HealthError(Error):
    code: HealthErrorCodes
    object: ResourceId | None


@strawberry.type
class Warning:
    application: ApplicationLink
    resource: ResourceId | None
    category: WarningCategory
    error: Error
    action: WarningAction | None
    cluster: str = strawberry.field(description="The destination of the application, as applications call it.")

    @staticmethod
    def of(problem: tuple[ListedApplication, int]) -> "Warning":
        """`problem` is the application and which of its problems is meant."""
        application, index = problem
        error = problems_of(application)[index]
        is_sync = isinstance(error, SyncError)
        return Warning(
            application=ApplicationLink.of(application.id),
            resource=error.object if isinstance(error, HealthError) else None,
            category=WarningCategory.SYNC if is_sync else WarningCategory.HEALTH,
            error=error,
            action=_action(application, index),
            cluster=application.summary.cluster,
        )


def problems_of(application: ListedApplication) -> list[Error]:
    """As many as `application.problems` says, in a fixed order: conditions first, then unhealthy resources."""
    summary = application.summary
    conditions = [_of_condition(application, condition) for condition in summary.conditions]
    return [*conditions, *(_of_resource(application, resource) for resource in summary.unhealthy_resources)]


def inactive_runtime(runtime: str, seen: datetime) -> Error:
    return HealthError(
        level=ErrorLevels.WARNING,
        title="Runtime is not connected",
        message=f"runtime {runtime} is not reachable; what is shown is the last known state",
        suggestion="look at the runtime's own log; it connects by itself when it can reach this control plane",
        last_seen=seen,
        code=HealthErrorCodes.INACTIVE_RUNTIME,
        object=None,
    )


def _of_condition(application: ListedApplication, condition: ApplicationCondition) -> Error:
    summary = application.summary
    is_error = condition.type.endswith("Error")
    location, own = summary.manifest_location, _OWN.get(condition.type)
    return SyncError(
        level=ErrorLevels.ERROR if is_error else ErrorLevels.WARNING,
        title=own.title if own else condition.type,
        message=condition.message,
        suggestion=own.suggestion if own else None,
        last_seen=condition.last_transition_time or summary.updated_at,
        code=own.code if own else _code_of(condition),
        context=GitContext.of(location, summary.commit) if location else None,
    )


def _code_of(condition: ApplicationCondition) -> SyncErrorCodes:
    return SyncErrorCodes.INVALID_SPEC if condition.type in _INVALID_SPEC else SyncErrorCodes.UNKNOWN


def _action(application: ListedApplication, index: int) -> WarningAction:
    conditions = application.summary.conditions
    own = _OWN.get(conditions[index].type) if index < len(conditions) else None
    return own.action if own else WarningAction.VIEW_DETAILS


def _of_resource(application: ListedApplication, resource: WrongResource) -> Error:
    broken = resource.health in (HealthState.DEGRADED, HealthState.MISSING)
    return HealthError(
        level=ErrorLevels.ERROR if broken else ErrorLevels.WARNING,
        title=f"{resource.key.kind} {resource.key.name} is {resource.health.value.lower()}",
        message=resource.message or _WITHOUT_WORDS.get(resource.health, "the cluster gives no reason"),
        suggestion=None,
        last_seen=application.summary.updated_at,
        code=HealthErrorCodes.UNKNOWN,
        object=ResourceId.of(resource.key, resource.version),
    )
