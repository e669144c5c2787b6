"""Changes that become commits, as values: who, what, why, and the trailers that tell it to everybody later. Pure."""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from gitsync.git.errors import PathRefused
from gitsync.git.tree import Files, clean_path
from model.report import CommitInfo

ACTION = "Argosy-Action"
ENTITY = "Argosy-Entity"
OPERATION_ID = "Argosy-Operation-Id"
ACTOR = "Argosy-Actor"
REASON = "Argosy-Reason"
LATE = "Argosy-Late"

_TRAILER = re.compile(r"(?P<name>[A-Za-z][A-Za-z0-9-]*): *(?P<value>.*)")
_UNFIT_FOR_SIGNATURE = re.compile(r"[<>\n\r\0]+")
_NOBODY = "Argosy operator"

# A file that is to have this content; None: it is to be gone.
Contents = Mapping[str, bytes | None]


@dataclass(frozen=True, slots=True)
class Person:
    """Who changes something. Without an address the commit gets one that reaches nobody."""

    name: str
    email: str = ""

    @property
    def signature(self) -> tuple[str, str]:
        """Name and address as a commit can carry them."""
        name = _UNFIT_FOR_SIGNATURE.sub(" ", self.name).strip() or _NOBODY
        email = _UNFIT_FOR_SIGNATURE.sub("", self.email).strip()
        return name, email or f"{re.sub(r'[^A-Za-z0-9._-]+', '-', name).strip('-').lower() or 'nobody'}@argosy.invalid"


@dataclass(frozen=True, slots=True)
class Change:
    """One change, made anew on whatever the newest commit is.

    `edit` says which files are to change in the tree that it is given; it may be called several times, in another
    thread, and raises a GitsyncError when the change does not fit that tree. `late`: it was carried out before it could
    be written down. A change without an action is no person's, and has no trailers.
    """

    operation_id: str
    action: str
    entity: str
    actor: Person
    message: str
    edit: Callable[[Files], Contents]
    late: bool = False
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Landed:
    """A change that is on the Git host. `repeated`: it was there already, from an earlier try with the same id."""

    commit: CommitInfo
    diff: str
    repeated: bool = False


def together(edits: Sequence[Callable[[Files], Contents]]) -> Callable[[Files], Contents]:
    """Several edits as one; they change different files."""

    def edit(files: Files) -> Contents:
        found: dict[str, bytes | None] = {}
        for one in edits:
            found |= one(files)
        return found

    return edit


def full_message(change: Change) -> str:
    """The commit message with its trailers, in a paragraph of their own at the end."""
    if not change.action:
        return change.message + "\n"
    trailers = [
        (ACTION, change.action),
        (ENTITY, change.entity),
        (OPERATION_ID, change.operation_id),
        (ACTOR, change.actor.name or _NOBODY),
        *([(REASON, change.reason)] if change.reason.strip() else []),
        *([(LATE, "true")] if change.late else []),
    ]
    lines = [f"{name}: {' '.join(value.split())}" for name, value in trailers]
    text = change.message.replace("\0", "").strip() or f"{change.action.capitalize()} {change.entity}"
    return text + "\n\n" + "\n".join(lines) + "\n"


def trailers_of(message: str) -> dict[str, str]:
    """Names and values of the last paragraph, if every line of it is a trailer."""
    paragraph = message.replace("\r\n", "\n").strip().rpartition("\n\n")[2]
    found = [_TRAILER.fullmatch(line) for line in paragraph.splitlines()]
    return {match["name"]: match["value"].strip() for match in found if match} if all(found) else {}


def checked_path(path: str) -> str:
    """The path of a file that may be written. Raises PathRefused."""
    cleaned = clean_path(path)
    if not cleaned or any(part.lower() in (".git", "..") for part in cleaned.split("/")):
        raise PathRefused(f"{path!r:.200} is no place for a file", suggestion="Use a path inside the repository.")
    return cleaned
