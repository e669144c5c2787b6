"""Commits made on the host itself: seeding, and the rival of a test. One git process whatever the number of files."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from gitsync.sandbox.githost.errors import InvalidName

_BRANCH = re.compile(r"(?!.*\.\.)(?!.*\.lock$)[A-Za-z0-9][A-Za-z0-9._/-]{0,199}")


@dataclass(frozen=True, slots=True)
class Author:
    """Who a commit is by."""

    name: str
    email: str

    def line(self, at: datetime) -> str:
        """As Git writes it. Characters that end a field are dropped, as Git itself does."""
        name, email = (re.sub(r"[<>\x00-\x1f]", "", part).strip() for part in (self.name, self.email))
        return f"{name} <{email}> {int(at.timestamp())} +0000"


def branch_ref(branch: str) -> str:
    """Full name of a branch. Raises InvalidName."""
    if not _BRANCH.fullmatch(branch) or branch.endswith("/"):
        raise InvalidName(f"{branch[:80]!r} is not a branch name")
    return f"refs/heads/{branch}"


@dataclass(frozen=True, slots=True)
class SeededCommit:
    """A file that is None is removed."""

    files: Mapping[str, bytes | None]
    message: str
    author: Author
    at: datetime


def import_stream(ref: str, *, parent: str | None, commits: Sequence[SeededCommit]) -> bytes:
    """Input of `git fast-import` for commits on `ref`, oldest first; it prints their ids, one a line."""
    parts: list[bytes] = []
    for number, commit in enumerate(commits):
        line = commit.author.line(commit.at)
        parts.append(f"commit {ref}\nmark :1\nauthor {line}\ncommitter {line}\n".encode())
        parts.append(_data(commit.message.encode()))
        if parent is not None and number == 0:
            parts.append(f"from {parent}\n".encode())
        for path, content in sorted(commit.files.items()):
            if content is None:
                parts.append(b"D " + _quoted(path) + b"\n")
            else:
                parts += (b"M 100644 inline ", _quoted(path), b"\n", _data(content))
        parts.append(b"get-mark :1\n")
    return b"".join((*parts, b"done\n"))


def _data(content: bytes) -> bytes:
    return b"data %d\n%b\n" % (len(content), content)


def _quoted(path: str) -> bytes:
    segments = path.split("/")
    if "\0" in path or any(segment in ("", ".", "..") or segment.lower() == ".git" for segment in segments):
        raise InvalidName(f"{path[:80]!r} is not a path inside a repository")
    escaped = path.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
    return f'"{escaped}"'.encode()
