"""The messages of `model.link` that ask what would change."""

import msgspec

from model.identity import ApplicationKey
from model.link_act import ObjectRef
from model.link_object import DiffAnswer


class _Message(msgspec.Struct, frozen=True, tag_field="_", tag=True, omit_defaults=True):
    """Settings that all messages share: the class name is the tag."""


class DiffApplication(_Message, frozen=True):
    """-> ApplicationDiffAnswer. `revisions` one for each source, or `manifests` (YAML or JSON); neither: its own.

    `actor` may ask the API server what it would make of an object only if Git lets the person push; "": the operator.
    """

    application: ApplicationKey
    actor: str
    revisions: tuple[str, ...] = ()
    manifests: tuple[str, ...] = ()


class ResourceChange(_Message, frozen=True):
    """What a sync would do to one object: ADD, CHANGE or PRUNE; NONE: it cannot be told, and `note` says why."""

    ref: ObjectRef
    change: str
    diff: DiffAnswer | None = None
    note: str = ""


class ApplicationDiffAnswer(_Message, frozen=True):
    """`revisions` are the commits that were compared; () for manifests."""

    revisions: tuple[str, ...] = ()
    changes: tuple[ResourceChange, ...] = ()
    warnings: tuple[str, ...] = ()
