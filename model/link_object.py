"""The messages of `model.link` about an application's live objects, and the values that they carry."""

from datetime import datetime
from typing import Any

import msgspec

from model.health import Health
from model.identity import ApplicationKey
from model.link_act import ObjectRef
from model.link_deep_link import DeepLink
from model.link_message import Message
from model.report import ManifestLocation, SyncState

# ---- values


class ActionInfo(Message, frozen=True):
    name: str
    display_name: str
    disabled: bool = False
    reason: str = ""
    parameters: dict[str, Any] | None = None


class TreeNode(Message, frozen=True):
    """One object of the live tree. `id` is stable for (cluster, group, kind, namespace, name)."""

    id: str
    ref: ObjectRef
    uid: str = ""
    parent_ids: tuple[str, ...] = ()
    managed: bool = False
    sync: SyncState | None = None
    health: Health | None = None
    health_message: str = ""
    hook: bool = False
    requires_pruning: bool = False
    orphaned: bool = False
    extraneous: bool = False
    sync_wave: int | None = None
    images: tuple[str, ...] = ()
    info: tuple[tuple[str, str], ...] = ()
    host: str = ""  # of pods: the cluster's node that runs it
    labels: dict[str, str] = msgspec.field(
        default_factory=dict
    )  # of the live object, the first by name where there are very many
    selector: tuple[tuple[str, str], ...] = ()  # of Services
    services: tuple[str, ...] = ()  # to which it leads traffic, in its namespace
    created: datetime | None = None
    links: tuple[tuple[str, str], ...] = ()
    actions: tuple[ActionInfo, ...] = ()
    resource_version: str = ""


class HostSummary(Message, frozen=True):
    name: str
    pod_count: int
    capacity: tuple[tuple[str, str], ...] = ()


class FieldDifference(Message, frozen=True):
    """`model.change.FieldChange` on the wire."""

    path: str
    live: Any = None
    desired: Any = None
    manager: str | None = None
    changed_at: datetime | None = None
    reason: str | None = None


class DiffAnswer(Message, frozen=True):
    """Secrets are masked by the runtime before they get here."""

    modified: bool
    changes: tuple[FieldDifference, ...] = ()
    normalized_live: dict[str, Any] | None = None
    predicted_live: dict[str, Any] | None = None


class EventInfo(Message, frozen=True):
    """A Kubernetes Event."""

    type: str
    reason: str
    message: str
    count: int
    object: ObjectRef
    first_timestamp: datetime | None = None
    last_timestamp: datetime | None = None


# ---- requests; the answer to each is named in its docstring


class GetTree(Message, frozen=True):
    """-> TreeAnswer"""

    application: ApplicationKey


class WatchTree(Message, frozen=True):
    """-> stream of TreeChange: first a snapshot, then changes"""

    application: ApplicationKey


class GetResource(Message, frozen=True):
    """-> ResourceAnswer"""

    application: ApplicationKey
    resource: ObjectRef


class GetManagedResources(Message, frozen=True):
    """-> ManagedAnswer"""

    application: ApplicationKey
    only_changed: bool = False


# ---- answers


class TreeAnswer(Message, frozen=True):
    nodes: tuple[TreeNode, ...]
    hosts: tuple[HostSummary, ...] = ()


class TreeChange(Message, frozen=True):
    """`snapshot`: `upserted` is the whole tree. `version` grows by one per change of this tree in this session."""

    version: int
    upserted: tuple[TreeNode, ...] = ()
    removed: tuple[str, ...] = ()
    snapshot: bool = False


class ResourceAnswer(Message, frozen=True):
    """Manifests have their secrets masked. `desired` is None when not managed, `live` when it does not exist.
    `links` are those that argocd-cm configures; `link_problems` name entries of it that cannot be shown here."""

    node: TreeNode
    desired: dict[str, Any] | None = None
    live: dict[str, Any] | None = None
    diff: DiffAnswer | None = None
    events: tuple[EventInfo, ...] = ()
    location: ManifestLocation | None = None
    links: tuple[DeepLink, ...] = ()
    link_problems: tuple[str, ...] = ()


class ManagedResourceAnswer(Message, frozen=True):
    node: TreeNode
    diff: DiffAnswer | None = None


class ManagedAnswer(Message, frozen=True):
    resources: tuple[ManagedResourceAnswer, ...]
