"""The messages of `model.link` that ask what a release changed."""

from typing import Any

import msgspec

from model.identity import ApplicationKey
from model.kinds.application import ApplicationSource
from model.link_act import ObjectRef


class _Message(msgspec.Struct, frozen=True, tag_field="_", tag=True, omit_defaults=True):
    """Settings that all messages share: the class name is the tag."""


class Deployed(_Message, frozen=True):
    """What was deployed: sources as they were, and one revision for each."""

    sources: tuple[ApplicationSource, ...]
    revisions: tuple[str, ...]


class CompareReleases(_Message, frozen=True):
    """-> ReleaseChangesAnswer. `before` is None where nothing is known to have been deployed."""

    application: ApplicationKey
    after: Deployed
    before: Deployed | None = None


class ReleasedResource(_Message, frozen=True):
    """Created without `before`, removed without `after`. Secrets are masked; `cut`: too much to be shown as well."""

    ref: ObjectRef
    change: str  # ADD, CHANGE or PRUNE
    before: dict[str, Any] | None = None
    after: dict[str, Any] | None = None
    cut: bool = False


class ReleaseChangesAnswer(_Message, frozen=True):
    resources: tuple[ReleasedResource, ...]
