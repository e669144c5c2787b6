"""The messages of `model.link` that ask what would change."""

import msgspec

from model.identity import ApplicationKey


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
