"""What controllers and simulated nodes see of the store: the seam between the API and everything that acts on objects.

All calls are synchronous and cheap: the store is memory of this process. Objects handed out are never changed by
anyone; who wants a change copies first.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Literal, Protocol

from gitsync.manifest.object import JsonObject
from model.identity import ResourceKey

CONTROLLER_MANAGER = "kube-controller-manager"
KUBELET = "kubelet"
SCHEDULER = "kube-scheduler"

Propagation = Literal["Background", "Foreground", "Orphan"]
Unsubscribe = Callable[[], None]


class EventType(StrEnum):
    ADDED = "ADDED"
    MODIFIED = "MODIFIED"
    DELETED = "DELETED"


@dataclass(frozen=True, slots=True)
class StoreEvent:
    """One change, told in the order of the resourceVersions. `old` is None for ADDED; for DELETED both are set."""

    type: EventType
    object: JsonObject
    old: JsonObject | None


class Objects(Protocol):
    """The store as a controller uses it. Errors are those of `gitsync.sandbox.errors`: ConflictError, NotFoundError...

    Every write is defaulted as one over HTTP is; one that changes nothing keeps the resourceVersion and tells nobody.
    `manager` is the name under which the written fields stand in managedFields.
    """

    def get(self, key: ResourceKey) -> JsonObject | None: ...

    def list(self, group: str, kind: str, namespace: str | None = None) -> Sequence[JsonObject]: ...

    def owned_by(self, uid: str) -> Sequence[JsonObject]:
        """Objects that name this uid in an owner reference (controller or not)."""

    def create(self, body: JsonObject, *, manager: str = CONTROLLER_MANAGER) -> JsonObject: ...

    def update(self, body: JsonObject, *, manager: str = CONTROLLER_MANAGER) -> JsonObject:
        """Replaces everything but status. Raises ConflictError if `metadata.resourceVersion` is given and stale.

        Removing the last finalizer of an object that is being deleted ends it.
        """

    def update_status(self, body: JsonObject, *, manager: str = CONTROLLER_MANAGER) -> JsonObject:
        """Replaces `status` alone (of the kinds that have the subresource); everything else in `body` is ignored."""

    def delete(
        self,
        key: ResourceKey,
        *,
        propagation: Propagation = "Background",
        uid: str | None = None,
        grace_seconds: int | None = None,
    ) -> None:
        """Deletes as the API does: finalizers and a pod's grace period leave it with a deletionTimestamp.

        A node ends a pod for good with `grace_seconds=0`. Deleting what is gone raises NotFoundError.
        """

    def listen(self, callback: Callable[[StoreEvent], None]) -> Unsubscribe:
        """Calls back after each change, within the writing call: a listener must only note the work and return."""


@dataclass(frozen=True, slots=True)
class LogLine:
    """One line that a container wrote, without the newline."""

    at: datetime
    text: str


class LogSource(Protocol):
    """Where `/log` gets its lines: the simulated nodes."""

    def lines(self, pod: JsonObject, container: str, *, previous: bool = False) -> Sequence[LogLine] | None:
        """What the container wrote so far, oldest first. None: it has not started (or has no previous run)."""

    def follow(self, pod: JsonObject, container: str, callback: Callable[[LogLine | None], None]) -> Unsubscribe:
        """Calls back for each further line, and once with None when the container has ended."""
