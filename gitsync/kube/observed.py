"""Objects as they come in lists and watches: raw bytes, of which only the metadata is decoded at once."""

from datetime import datetime

import msgspec
import orjson

from gitsync.kube.errors import Refused
from gitsync.manifest.object import JsonObject
from model.kinds.meta import OwnerReference


class Metadata(msgspec.Struct, gc=False, rename="camel"):
    name: str = ""
    namespace: str = ""
    uid: str = ""
    resource_version: str = ""
    generation: int = 0
    labels: dict[str, str] | None = None
    annotations: dict[str, str] | None = None
    owner_references: tuple[OwnerReference, ...] = ()
    creation_timestamp: datetime | None = None
    deletion_timestamp: datetime | None = None
    finalizers: tuple[str, ...] | None = None


class _Slim(msgspec.Struct, gc=False, rename="camel"):
    metadata: Metadata
    kind: str = ""


class Observed(msgspec.Struct, frozen=True, gc=False):
    """One object: `raw` is its whole JSON, apiVersion and kind included."""

    metadata: Metadata
    raw: bytes

    def body(self) -> JsonObject:
        """The whole object, decoded anew each time."""
        body: JsonObject = orjson.loads(self.raw)
        return body


class _ListMeta(msgspec.Struct, frozen=True, rename="camel"):
    resource_version: str = ""
    continue_: str = msgspec.field(default="", name="continue")


class _Page(msgspec.Struct, frozen=True):
    metadata: _ListMeta = _ListMeta()
    items: list[msgspec.Raw] | None = None


class _Event(msgspec.Struct, frozen=True):
    type: str
    object: msgspec.Raw


class Page(msgspec.Struct, frozen=True):
    """One page of a list. `continue_` is "" on the last one."""

    items: tuple[Observed, ...]
    resource_version: str
    continue_: str


_slim = msgspec.json.Decoder(_Slim)
_page = msgspec.json.Decoder(_Page)
_event = msgspec.json.Decoder(_Event)


def observed(raw: bytes, *, api_version: str, kind: str) -> Observed:
    """The object in `raw`; lists of built-in kinds leave apiVersion and kind out of their items, here they are back."""
    try:
        slim = _slim.decode(raw)
    except msgspec.DecodeError as error:
        raise Refused(f"the cluster sent a {kind} that is no Kubernetes object") from error
    if not slim.kind:
        raw = b'{"apiVersion":"%s","kind":"%s",%s' % (api_version.encode(), kind.encode(), raw.lstrip()[1:])
    return Observed(slim.metadata, raw)


def read_page(body: bytes, *, api_version: str, kind: str) -> Page:
    try:
        page = _page.decode(body)
    except msgspec.DecodeError as error:
        raise Refused(f"the cluster answered the list of {kind} with something that is no list") from error
    items = tuple(observed(bytes(raw), api_version=api_version, kind=kind) for raw in page.items or ())
    return Page(items, page.metadata.resource_version, page.metadata.continue_)


def read_event(line: bytes, kind: str) -> tuple[str, bytes]:
    """Type and object of one line of a watch."""
    try:
        event = _event.decode(line)
    except msgspec.DecodeError as error:
        raise Refused(f"the cluster sent a line in the watch of {kind} that is no event") from error
    return event.type, bytes(event.object)
