"""Which commits a deployment brought: those since the one before it that changed what the application reads.

Found by ancestry and not by time, so a rollback brings none. The first deployment has nothing before it: all of history
would be its own, so it brings none either.
"""

import functools
from collections.abc import Callable
from dataclasses import dataclass

from gitsync.application.record import Record
from gitsync.git.affected import AffectedIndex
from gitsync.git.closure import Closure
from gitsync.git.errors import RepositoryError
from gitsync.git.mirror import Mirror
from gitsync.git.refs import is_full_commit
from gitsync.git.repositories import Repositories
from gitsync.supervisor import Supervisor
from model.identity import ApplicationKey
from model.report import CommitInfo

_MOST_COMMITS = 100
_MOST_WALKED = 2_000


@dataclass(frozen=True, slots=True)
class Brought:
    """`release_id` is the entry of the application's history."""

    release_id: int
    commits: tuple[CommitInfo, ...] = ()


class ReleaseCommits:
    """Asked with every report; looks once a deployment."""

    def __init__(self, repositories: Repositories, supervisor: Supervisor) -> None:
        self._repositories = repositories
        self._supervisor = supervisor
        self._known: dict[ApplicationKey, Brought] = {}
        self._asked: dict[ApplicationKey, int] = {}

    def known(self, record: Record, arrived: Callable[[], None]) -> Brought | None:
        """What the newest deployment brought, once that is known; `arrived` is called then."""
        history = record.typed_history
        if len(history) < 2 or record.desired is None or not record.desired.reads:
            return None
        newest, before, read = history[-1], history[-2], record.desired.reads[0]
        brought = self._known.get(record.key)
        if brought is not None and brought.release_id == newest.id:
            return brought
        revisions = (before.shown_revision, newest.shown_revision)
        if self._asked.get(record.key) != newest.id and all(map(is_full_commit, revisions)) and not read.source.chart:
            self._asked[record.key] = newest.id
            find = self._find(record.key, newest.id, read.source.repo_url, revisions, read.closure, arrived)
            self._supervisor.spawn(f"commits of {record.key}", find)
        return None

    async def _find(
        self,
        key: ApplicationKey,
        release_id: int,
        url: str,
        revisions: tuple[str, str],
        closure: Closure,
        arrived: Callable[[], None],
    ) -> None:
        old, new = revisions
        work = functools.partial(commits_between, old=old, new=new, closure=closure)
        try:
            commits = await self._repositories.read(url, work, refs={}, needs=revisions)
        except RepositoryError:
            self._asked.pop(key, None)  # told without them; asked again with the next report
            return
        self._known[key] = Brought(release_id, commits)
        arrived()


def commits_between(mirror: Mirror, old: str, new: str, closure: Closure) -> tuple[CommitInfo, ...]:
    """Oldest first, at most _MOST_COMMITS of the newest. For the mirror's owner thread. Raises RepositoryError."""
    index: AffectedIndex[str] = AffectedIndex()
    index.put("", closure)
    found: list[CommitInfo] = []
    walked = mirror.look(lambda log: log.between([new], [old]))
    for sha in reversed(walked[-_MOST_WALKED:]):
        first_parent = next(iter(mirror.parents(sha)), None)
        if index.affected(mirror.changed_paths(first_parent, sha)):
            found.append(mirror.commit_info(sha))
            if len(found) == _MOST_COMMITS:
                break
    return tuple(reversed(found))
