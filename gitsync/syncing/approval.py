"""Whether somebody has confirmed a deletion, by the annotation that Argo CD knows for it. Pure.

Its value is a time: a confirmation counts for what began before it, and never for what comes later.
"""

from datetime import UTC, datetime

from gitsync.plan.options import DELETION_APPROVED_ANNOTATION
from model.kinds.application import Application


def approved_at(application: Application) -> datetime | None:
    """When somebody confirmed; None when nobody did, or the value is no time."""
    written = (application.metadata.annotations or {}).get(DELETION_APPROVED_ANNOTATION)
    try:
        moment = datetime.fromisoformat(written or "")
    except ValueError:
        return None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def is_approved(application: Application, since: datetime | None) -> bool:
    """Whether somebody confirmed at `since` or later. Kubernetes times are whole seconds."""
    moment = approved_at(application)
    return moment is not None and since is not None and moment >= since.replace(microsecond=0)
