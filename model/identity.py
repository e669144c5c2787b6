"""Who is who: addresses of Kubernetes objects, applications and runtimes. Frozen, comparable, printable."""

import base64
import binascii

import msgspec

from model.errors import InvalidIdentity

_SET = "/set"  # no name has a slash, so no Application can be taken for an ApplicationSet


class ResourceKey(msgspec.Struct, frozen=True, order=True, array_like=True):
    """Address of one object inside one cluster, without the version: versions of a kind are views of one object.

    `namespace` is "" for cluster-scoped objects.
    """

    group: str
    kind: str
    namespace: str
    name: str

    def __str__(self) -> str:
        kind = f"{self.kind}.{self.group}" if self.group else self.kind
        return f"{kind} {self.namespace}/{self.name}" if self.namespace else f"{kind} {self.name}"


class GroupVersionKind(msgspec.Struct, frozen=True, order=True, array_like=True):
    """Type of an object as a manifest names it. `group` is "" for the core group."""

    group: str
    version: str
    kind: str

    @property
    def api_version(self) -> str:
        return f"{self.group}/{self.version}" if self.group else self.version

    def __str__(self) -> str:
        return f"{self.api_version} {self.kind}"

    @staticmethod
    def parse(api_version: str, kind: str) -> "GroupVersionKind":
        group, _, version = api_version.rpartition("/")
        return GroupVersionKind(group, version, kind)


class ApplicationKey(msgspec.Struct, frozen=True, order=True, array_like=True):
    """Address of an Application inside one runtime, or of an ApplicationSet, which may have the name of one."""

    namespace: str
    name: str
    is_set: bool = False

    def __str__(self) -> str:
        return f"{self.namespace}/{self.name}{_SET if self.is_set else ''}"


class ApplicationId(msgspec.Struct, frozen=True, order=True, array_like=True):
    """Address of an Application, or of an ApplicationSet, in the whole control plane."""

    runtime: str
    namespace: str
    name: str
    is_set: bool = False

    @staticmethod
    def of(runtime: str, key: ApplicationKey) -> "ApplicationId":
        return ApplicationId(runtime, key.namespace, key.name, key.is_set)

    @property
    def key(self) -> ApplicationKey:
        return ApplicationKey(self.namespace, self.name, self.is_set)

    def __str__(self) -> str:
        return f"{self.runtime}/{self.key}"


def encode_node_id(kind: str, *parts: str) -> str:
    """Opaque id of a GraphQL node. Built from the address and not from the uid: a recreated object keeps its id."""
    raw = msgspec.json.encode([kind, *parts])
    return base64.urlsafe_b64encode(raw).decode().rstrip("=")


def decode_node_id(node_id: str) -> tuple[str, tuple[str, ...]]:
    """`(kind, parts)` of an id made by `encode_node_id`. Raises InvalidIdentity for anything else."""
    try:
        raw = base64.b64decode(node_id + "=" * (-len(node_id) % 4), altchars=b"-_", validate=True)
        kind, *parts = msgspec.json.decode(raw, type=list[str])
    except (binascii.Error, ValueError, msgspec.DecodeError) as error:
        raise InvalidIdentity(f"{node_id[:80]!r} is not an id of this API") from error
    return kind, tuple(parts)
