"""Applies one object as `kubectl apply` does it on the client's side, for who insists on `ServerSideApply=false`."""

from gitsync.diff.client_side import client_side_patch, with_last_applied
from gitsync.kube.client import Cluster, Validation, Written
from gitsync.kube.errors import AlreadyExists, Conflict, NotFound
from gitsync.manifest.object import JsonObject
from gitsync.manifest.tracking import FIELD_MANAGER
from gitsync.plan.values import Task

_MAX_ATTEMPTS = 4  # against other writers


async def apply_client_side(
    cluster: Cluster, task: Task, body: JsonObject, *, dry_run: bool, validation: Validation
) -> Written:
    """The object as it is now. Raises a ClusterError."""
    live = task.live.body() if task.live is not None and task.live.raw is not None else None
    for attempt in range(1, _MAX_ATTEMPTS + 1):
        if live is None:
            live = await cluster.get(task.gvk, task.key.namespace, task.key.name)
        try:
            if live is None:
                made = with_last_applied(body)
                return await cluster.create(made, manager=FIELD_MANAGER, dry_run=dry_run, validation=validation)
            return await _merge(cluster, task, body, live, dry_run=dry_run, validation=validation)
        except (AlreadyExists, Conflict, NotFound) as error:
            if attempt == _MAX_ATTEMPTS or (live is None and isinstance(error, NotFound)):
                raise
            live = None
    raise AssertionError("unreachable")


async def _merge(
    cluster: Cluster, task: Task, body: JsonObject, live: JsonObject, *, dry_run: bool, validation: Validation
) -> Written:
    patch = client_side_patch(body, live)
    if not patch:
        return Written(live)
    version = live["metadata"]["resourceVersion"]
    bound = {**patch, "metadata": {**patch.get("metadata", {}), "resourceVersion": version}}
    return await cluster.merge(
        task.key, task.version, bound, manager=FIELD_MANAGER, dry_run=dry_run, validation=validation
    )
