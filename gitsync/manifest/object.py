"""Desired and live objects: the two values that everything else compares.

A Kubernetes object itself stays a JSON object (`JsonObject`), since its fields are not ours to name. Whoever holds one
never changes it: a change is a new object.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

import msgspec

from model.health import HealthReport
from model.identity import GroupVersionKind, ResourceKey
from model.kinds.meta import ManagedFieldsEntry, OwnerReference

JsonObject = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a manifest was read. `line` counts from 1 and is that of the document's first line; 0: not known.

    `source` is the position, from 0, of the source in its application.
    """

    file: str
    line: int = 0
    source: int = 0

    def __str__(self) -> str:
        return f"{self.file}:{self.line}" if self.line else self.file


@dataclass(frozen=True, slots=True)
class DesiredObject:
    """One object as Git wants it, namespace and tracking mark filled in. `digest` covers the whole body."""

    key: ResourceKey
    version: str
    body: JsonObject
    digest: str
    origin: Origin

    @property
    def gvk(self) -> GroupVersionKind:
        return GroupVersionKind(self.key.group, self.version, self.key.kind)

    @property
    def annotations(self) -> dict[str, str]:
        return self.body.get("metadata", {}).get("annotations") or {}


class Traffic(msgspec.Struct, frozen=True, gc=False):
    """Where an object leads traffic: to the pods with these labels, or to Services of its namespace by name."""

    selector: tuple[tuple[str, str], ...] = ()
    services: tuple[str, ...] = ()


class Facts(msgspec.Struct, frozen=True, gc=False):
    """What is kept of an object whose body is not: enough for the tree. Made once per event, by `gitsync.health`.

    `claims` are the names of a StatefulSet's templates of volume claims.
    """

    health: HealthReport | None = None
    info: tuple[tuple[str, str], ...] = ()
    images: tuple[str, ...] = ()
    node: str = ""
    traffic: Traffic | None = None
    claims: tuple[str, ...] = ()


class LiveObject(msgspec.Struct, frozen=True, gc=False):
    """One object as the cluster has it. `raw` is its whole JSON, kept for managed objects only.

    `owner` is the tracking id that the object carries in its annotations, or "".
    """

    key: ResourceKey
    version: str
    uid: str
    resource_version: str
    generation: int = 0
    labels: dict[str, str] = {}
    annotations: dict[str, str] = {}
    owners: tuple[OwnerReference, ...] = ()
    created: datetime | None = None
    deleting: datetime | None = None
    finalizers: tuple[str, ...] = ()
    facts: Facts = Facts()
    owner: str = ""
    raw: bytes | None = None

    @property
    def gvk(self) -> GroupVersionKind:
        return GroupVersionKind(self.key.group, self.version, self.key.kind)

    def body(self) -> JsonObject:
        """The whole object, decoded anew each time. Only for objects whose `raw` is kept."""
        assert self.raw is not None, f"the body of {self.key} is not kept"
        body: JsonObject = msgspec.json.decode(self.raw)
        return body


class _ManagedFieldsMeta(msgspec.Struct, frozen=True):
    managed_fields: tuple[ManagedFieldsEntry, ...] = msgspec.field(default=(), name="managedFields")


class _ManagedFieldsView(msgspec.Struct, frozen=True):
    metadata: _ManagedFieldsMeta = _ManagedFieldsMeta()


def managed_fields(body: JsonObject) -> tuple[ManagedFieldsEntry, ...]:
    """The object's managedFields as values."""
    return msgspec.convert(body, _ManagedFieldsView).metadata.managed_fields
