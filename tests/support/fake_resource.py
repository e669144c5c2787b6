"""What a runtime says of one resource: how it differs, what happened to it, where it leads."""

from datetime import UTC, datetime

from model.link import DeepLink, DiffAnswer, EventInfo, FieldDifference, ObjectRef, ResourceAnswer, TreeNode
from model.report import ManifestLocation, SyncState
from tests.support.fake_rendering import HARM, UNSHOWN

_CHANGED = datetime(2026, 1, 5, 9, 0, tzinfo=UTC)


def resource(node: TreeNode, ref: ObjectRef, location: ManifestLocation) -> ResourceAnswer:
    manifest = {
        "apiVersion": "v1",
        "kind": ref.kind,
        "metadata": {"name": ref.name, "namespace": "shop"},
        "data": {"level": "info"},
    }
    live = {**manifest, "data": {"level": "debug"}}
    return ResourceAnswer(
        node,
        manifest if node.managed else None,
        live,
        diff(modified=node.sync is SyncState.OUT_OF_SYNC, live=live, predicted=manifest),
        (event(node.ref, 0),),
        location,
        (DeepLink("Dashboard", f"https://dashboards.example.test/{ref.name}"), HARM),
        (UNSHOWN,),
    )


def diff(
    *, modified: bool, live: dict[str, object] | None = None, predicted: dict[str, object] | None = None
) -> DiffAnswer:
    change = FieldDifference("data.level", "debug", "info", "kubectl-edit", _CHANGED)
    return DiffAnswer(modified, (change,) if modified else (), live, predicted)


def event(ref: ObjectRef, number: int) -> EventInfo:
    kind, reason = ("Warning", "Failed") if number % 3 == 1 else ("Normal", "ScalingReplicaSet")
    return EventInfo(kind, reason, f"event number {number}", number + 1, ref, _CHANGED, datetime.now(UTC))
