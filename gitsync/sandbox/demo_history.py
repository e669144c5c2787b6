"""The past of the demo's workloads as commits: `demo/history.yaml`, dated back from now. Pure.

The files of the demo are the last state; each episode is taken back from it, newest first, so that the history ends
where the files are.
"""

from collections.abc import Mapping
from datetime import datetime, timedelta
from pathlib import Path

import msgspec

from gitsync.sandbox.errors import SandboxError
from gitsync.sandbox.githost import Author, SeededCommit
from model.demo_data import line

FIRST_DAYS_AGO = 90.0
_FILE = Path(__file__).parent / "demo" / "history.yaml"


class BrokenHistory(SandboxError):
    """An episode does not fit the files."""


class Episode(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One commit: `before` became `after` in `file`. Without `deployed_after_minutes` it counts as not deployed yet."""

    days_ago: float
    author: str
    title: str
    file: str
    before: str
    after: str
    body: str = ""
    deployed_after_minutes: float | None = None
    degraded_minutes: float | None = None

    @property
    def message(self) -> str:
        told = None if self.deployed_after_minutes is None else line(self.deployed_after_minutes, self.degraded_minutes)
        return "\n\n".join(filter(None, (self.title, self.body, told)))


def read_episodes() -> list[Episode]:
    """Oldest first."""
    return msgspec.yaml.decode(_FILE.read_bytes(), type=list[Episode])


def past_commits(
    files: Mapping[str, bytes], episodes: list[Episode], *, first_author: Author, now: datetime
) -> list[SeededCommit]:
    """The first import, and a commit for each episode. Raises BrokenHistory."""
    contents = dict(files)
    changed: list[bytes] = []
    for episode in reversed(episodes):
        content = contents.get(episode.file, b"")
        changed.append(content)
        contents[episode.file] = _replaced(content, episode)
    first = SeededCommit(contents, "First import", first_author, now - timedelta(days=FIRST_DAYS_AGO))
    return [
        first,
        *(
            SeededCommit({episode.file: content}, episode.message, _author(episode), _moment(episode, now))
            for episode, content in zip(episodes, reversed(changed), strict=True)
        ),
    ]


def _replaced(content: bytes, episode: Episode) -> bytes:
    after, before = episode.after.encode(), episode.before.encode()
    if content.count(after) != 1:
        raise BrokenHistory(
            f"{episode.file} has {episode.after!r} {content.count(after)} times before {episode.title!r}"
        )
    return content.replace(after, before)


def _author(episode: Episode) -> Author:
    name, _, email = episode.author.partition(" <")
    return Author(name, email.rstrip(">"))


def _moment(episode: Episode, now: datetime) -> datetime:
    return now - timedelta(days=episode.days_ago)
