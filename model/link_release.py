"""The messages of `model.link` that ask what a release changed."""

from typing import Any

from model.identity import ApplicationKey
from model.kinds.application import ApplicationSource
from model.link_act import ObjectRef
from model.link_message import Message


class Deployed(Message, frozen=True):
    """What was deployed: sources as they were, and one revision for each."""

    sources: tuple[ApplicationSource, ...]
    revisions: tuple[str, ...]


class CompareReleases(Message, frozen=True):
    """-> ReleaseChangesAnswer. `before` is None where nothing is known to have been deployed."""

    application: ApplicationKey
    after: Deployed
    before: Deployed | None = None


class ReleasedResource(Message, frozen=True):
    """Created without `before`, removed without `after`. Secrets are masked; `cut`: too much to be shown as well."""

    ref: ObjectRef
    change: str  # ADD, CHANGE or PRUNE
    before: dict[str, Any] | None = None
    after: dict[str, Any] | None = None
    cut: bool = False


class ReleaseChangesAnswer(Message, frozen=True):
    resources: tuple[ReleasedResource, ...]
