"""The messages of `model.link` by which people operate applications; the answer to each is an `OperationAnswer`."""

from typing import Any

import msgspec

from model.identity import ApplicationKey
from model.kinds.application import SyncOperationResource
from model.link_message import Message


class ObjectRef(Message, frozen=True):
    """One object of an application's tree. `namespace` is "" for cluster-scoped objects."""

    group: str
    version: str
    kind: str
    namespace: str
    name: str


class StartSync(Message, frozen=True):
    """-> OperationAnswer. Fields as in Argo CD's `operation.sync`; `actor` is the person."""

    application: ApplicationKey
    actor: str
    operation_id: str
    revision: str | None = None
    prune: bool | None = None
    dry_run: bool = False
    force: bool = False
    strategy: str | None = None
    resources: tuple[SyncOperationResource, ...] = ()
    sync_options: tuple[str, ...] = ()
    retry_limit: int | None = None
    retry_duration: str | None = None
    retry_factor: int | None = None
    retry_max_duration: str | None = None
    reason: str | None = None
    actor_email: str = ""


class RefreshApplication(Message, frozen=True):
    """-> OperationAnswer"""

    application: ApplicationKey
    actor: str
    operation_id: str
    hard: bool = False
    actor_email: str = ""


class TerminateOperation(Message, frozen=True):
    """-> OperationAnswer"""

    application: ApplicationKey
    actor: str
    operation_id: str
    actor_email: str = ""


class DeleteObject(Message, frozen=True):
    """-> OperationAnswer. `propagation` is Foreground, Background or Orphan."""

    application: ApplicationKey
    resource: ObjectRef
    actor: str
    operation_id: str
    propagation: str = "Foreground"
    actor_email: str = ""


class RunAction(Message, frozen=True):
    """-> OperationAnswer. Actions are named by `TreeNode.actions`."""

    application: ApplicationKey
    resource: ObjectRef
    action: str
    actor: str
    operation_id: str
    parameters: dict[str, Any] = msgspec.field(default_factory=dict)
    actor_email: str = ""
    reason: str = ""


class RollbackApplication(Message, frozen=True):
    """-> OperationAnswer. Back to the release `history_id`: in Git, if the application syncs by itself; with
    `pull_request` from a new branch, and automated sync is held until that is decided."""

    application: ApplicationKey
    actor: str
    operation_id: str
    history_id: int
    prune: bool = False
    actor_email: str = ""
    pull_request: bool = False
