"""How much an automated sync may remove before somebody has to agree. Pure.

The default stops a sync that would remove more than half of an application and more than ten objects: that is nearly
always a mistake in Git, and the one that nobody can take back. An annotation of the application sets another budget,
as a share ("25%") or a number ("40"). People agree by syncing with prune, or by the annotation that Argo CD knows for
it, with a time later than the last sync.
"""

from collections.abc import Sequence

from gitsync.plan.options import DELETION_APPROVED_ANNOTATION
from gitsync.syncing.approval import approved_at
from model.identity import ResourceKey
from model.kinds.application import Application, ApplicationCondition, OperationState

BUDGET_ANNOTATION = "argosy.io/deletion-budget"
_SHARE, _ALWAYS_ALLOWED = 0.5, 10
_NAMED = 5


def exceeded(application: Application, prunes: int, objects: int) -> str:
    """Why removing that many objects needs somebody's word, or ""."""
    written = (application.metadata.annotations or {}).get(BUDGET_ANNOTATION, "").strip()
    if written.isdecimal():
        return f"the deletion budget of {written} objects" if prunes > int(written) else ""
    if written.endswith("%") and written[:-1].strip().isdecimal():
        return f"the deletion budget of {written}" if prunes * 100 > objects * int(written[:-1]) else ""
    if prunes > _ALWAYS_ALLOWED and prunes > objects * _SHARE:
        return f"the default deletion budget of {_SHARE:.0%}"
    return ""


def is_approved(application: Application, last: OperationState | None) -> bool:
    """Whether somebody agreed after the last sync."""
    moment = approved_at(application)
    return moment is not None and (last is None or last.finished_at is None or moment > last.finished_at)


def needs_approval(prunes: Sequence[ResourceKey], objects: int, budget: str) -> ApplicationCondition:
    named = ", ".join(str(key) for key in sorted(prunes)[:_NAMED])
    more = f" and {len(prunes) - _NAMED} more" if len(prunes) > _NAMED else ""
    return ApplicationCondition(
        "DeletionBudgetWarning",
        f"Automated sync would remove {len(prunes)} of {objects} objects, more than {budget}: {named}{more}. "
        f"Sync with prune, or set {DELETION_APPROVED_ANNOTATION} to the present time, if that is wanted.",
    )
