"""What people are warned of besides the application's own conditions: a sync that takes long, Rollouts without anybody
who runs them. Pure. Only reports carry these: in the status they would be new to whoever else reads it."""

from datetime import datetime, timedelta

from gitsync.application.record import Record
from gitsync.kube.access import IN_CLUSTER_SERVER
from model.kinds.application import ApplicationCondition
from model.report import LONG_SYNC, ROLLOUTS_MISSING, ROLLOUTS_OFF

#: On an Application: after how many minutes its sync takes long.
THRESHOLD_ANNOTATION = "codefresh.io/app-sync-warning-threshold"
_STANDARD_MINUTES = 30.0
_ROLLOUT = ("argoproj.io", "Rollout")


def long_sync_at(record: Record) -> datetime | None:
    """When the sync under way takes long; None when none is under way."""
    state = record.operation_state
    if state is None or not record.operating or state.started_at is None:
        return None
    return state.started_at + timedelta(minutes=_threshold_minutes(record))


def remarks(record: Record, *, now: datetime) -> list[ApplicationCondition]:
    """As conditions, in a fixed order."""
    found = []
    due, state = long_sync_at(record), record.operation_state
    if due is not None and state is not None and due <= now:
        minutes = round(_threshold_minutes(record))
        words = f"the sync has been running for more than {minutes} minutes"
        message = f"{words}: {state.message}" if state.message else words
        found.append(ApplicationCondition(type=LONG_SYNC, message=message, last_transition_time=due))
    if record.desired is not None and _ROLLOUT in record.desired.unknown:
        rollouts = sum(1 for key in record.desired.objects if (key.group, key.kind) == _ROLLOUT)
        counted = "a Rollout" if rollouts == 1 else f"{rollouts} Rollouts"
        message = f"the application has {counted}, and the cluster that it goes to does not know the kind"
        is_home = record.server == IN_CLUSTER_SERVER
        found.append(ApplicationCondition(type=ROLLOUTS_OFF if is_home else ROLLOUTS_MISSING, message=message))
    return found


def _threshold_minutes(record: Record) -> float:
    told = (record.application.metadata.annotations or {}).get(THRESHOLD_ANNOTATION, "")
    try:
        minutes = float(told)
    except ValueError:
        return _STANDARD_MINUTES
    return minutes if 0 < minutes < 60 * 24 * 365 else _STANDARD_MINUTES
