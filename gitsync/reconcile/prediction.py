"""Asks an API server, by a dry run, what a sync would make of one object."""

from gitsync.diff.client_side import client_side_patch
from gitsync.diff.normalize import as_stored
from gitsync.kube.client import Cluster
from gitsync.kube.errors import Duplicated
from gitsync.kube.limits import Budget
from gitsync.manifest.object import DesiredObject, JsonObject
from gitsync.manifest.tracking import FIELD_MANAGER


async def predict(
    cluster: Cluster, wanted: DesiredObject, body: JsonObject, live: JsonObject, *, client_side: bool
) -> tuple[JsonObject, bool]:
    """The object as it would be, and whether that comes of an apply on the client's side. `body` is what would be
    applied. Raises ClusterError."""
    if not client_side:
        try:
            stored = as_stored(body)
            done = await cluster.apply(stored, manager=FIELD_MANAGER, force=True, dry_run=True, budget=Budget.DIFF)
        except Duplicated:
            pass  # as in a sync, the client's side does what the server's cannot
        else:
            return done.body, False
    patch = client_side_patch(body, live, annotate=False)
    done = await cluster.merge(
        wanted.key, wanted.version, patch, manager=FIELD_MANAGER, dry_run=True, budget=Budget.DIFF
    )
    return done.body, True
