"""The messages of `model.link` that ask what would change."""

from model.identity import ApplicationKey
from model.link_act import ObjectRef
from model.link_message import Message
from model.link_object import DiffAnswer


class DiffApplication(Message, frozen=True):
    """-> ApplicationDiffAnswer. `revisions` one for each source, or `manifests` (YAML or JSON); neither: its own.

    `actor` may ask the API server what it would make of an object only if Git lets the person push; "": the operator.
    """

    application: ApplicationKey
    actor: str
    revisions: tuple[str, ...] = ()
    manifests: tuple[str, ...] = ()


class ResourceChange(Message, frozen=True):
    """What a sync would do to one object: ADD, CHANGE or PRUNE; NONE: it cannot be told, and `note` says why."""

    ref: ObjectRef
    change: str
    diff: DiffAnswer | None = None
    note: str = ""


class ApplicationDiffAnswer(Message, frozen=True):
    """`revisions` are the commits that were compared; () for manifests."""

    revisions: tuple[str, ...] = ()
    changes: tuple[ResourceChange, ...] = ()
    warnings: tuple[str, ...] = ()
