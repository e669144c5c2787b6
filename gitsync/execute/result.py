"""What a sync did to one object, in the words that Argo CD writes into the Application."""

from gitsync.errors import GitsyncError
from gitsync.kube.client import Written
from gitsync.manifest.images import images_run
from gitsync.plan.values import Task
from model.kinds.application import ResourceResult
from model.operation import Phase, ResultCode

_MAX_WARNINGS = 3


def result(task: Task, status: ResultCode, message: str, *, phase: Phase | None) -> ResourceResult:
    """`phase` is how far the object itself has come: Running until the wave's gate has seen it well."""
    key = task.key
    return ResourceResult(
        group=key.group,
        version=task.version,
        kind=key.kind,
        namespace=key.namespace,
        name=key.name,
        status=status.value,
        message=message,
        hook_type=task.hook.type if task.hook else "",
        hook_phase=phase.value if phase else "",
        sync_phase=task.phase.value,
        images=images_run(task.desired.body) if task.desired else (),
    )


def applied_message(task: Task, written: Written, *, dry_run: bool) -> str:
    """As kubectl says it: `deployment.apps/web configured`."""
    kind = task.key.kind.lower() + (f".{task.key.group}" if task.key.group else "")
    if written.created:
        verb = "created"
    elif task.live is not None and written.body["metadata"].get("resourceVersion") == task.live.resource_version:
        verb = "unchanged"
    else:
        verb = "configured"
    said = f"{kind}/{task.key.name} {verb}{' (dry run)' if dry_run else ''}"
    return ". ".join((said, *(f"Warning: {warning}" for warning in written.warnings[:_MAX_WARNINGS])))


def refused_message(task: Task, error: GitsyncError) -> str:
    """Names the object, also where the reason is about its kind."""
    said = failed_message(error)
    return said if str(task.key) in said else f"{task.key}: {said}"


def failed_message(error: GitsyncError) -> str:
    return f"{error.message}. {error.suggestion}" if error.suggestion else error.message
