"""The messages of `model.link` that are about ApplicationSets."""

from typing import Any

from model.link_change import Author
from model.link_message import Message


class PreviewApplicationSet(Message, frozen=True):
    """-> ApplicationSetPreviewAnswer: what a set would do, without doing it.

    `manifest` is YAML of the set; "": the set `name` as it is in the runtime. The author may push to `git_source`.
    """

    git_source: str
    author: Author
    manifest: str = ""
    name: str = ""


class PlannedApplication(Message, frozen=True):
    """`action` is create, update or delete; `live` what there is now, `manifest` what there would be."""

    name: str
    action: str
    reason: str
    manifest: dict[str, Any] | None = None
    live: dict[str, Any] | None = None


class ApplicationSetPreviewAnswer(Message, frozen=True):
    """`complete`: everything could be generated; otherwise nothing would be changed. `withheld` tells what would be
    left undone, and why. Manifests are given of the first `changes` only; `changes_count` is how many there are."""

    names: tuple[str, ...]
    complete: bool
    changes: tuple[PlannedApplication, ...] = ()
    changes_count: int = 0
    withheld: tuple[str, ...] = ()
    errors: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()
