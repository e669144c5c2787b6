"""metav1: the parts of object metadata that decisions are made from."""

from datetime import datetime
from typing import Any

import msgspec


class OwnerReference(msgspec.Struct, frozen=True, rename="camel", omit_defaults=True):
    kind: str
    name: str
    uid: str
    api_version: str = ""
    controller: bool = False


class ManagedFieldsEntry(msgspec.Struct, frozen=True, rename="camel", omit_defaults=True):
    """Which fields one manager set. `fields_v1` is the FieldsV1 trie: keys `f:`, `k:`, `v:`, `i:` and `.`."""

    manager: str = ""
    operation: str = ""
    api_version: str = ""
    time: datetime | None = None
    fields_v1: dict[str, Any] = msgspec.field(default_factory=dict, name="fieldsV1")
    subresource: str = ""


class ObjectMeta(msgspec.Struct, frozen=True, rename="camel", omit_defaults=True):
    name: str = ""
    namespace: str = ""
    uid: str = ""
    resource_version: str = ""
    generation: int = 0
    creation_timestamp: datetime | None = None
    deletion_timestamp: datetime | None = None
    labels: dict[str, str] | None = None
    annotations: dict[str, str] | None = None
    finalizers: tuple[str, ...] = ()
    owner_references: tuple[OwnerReference, ...] = ()
