"""Authors and messages of the commits that applications show, fetched once each and kept."""

from collections.abc import Callable

from gitsync.git.errors import RepositoryError
from gitsync.git.refs import is_full_commit
from gitsync.git.repositories import Repositories
from gitsync.supervisor import Supervisor
from model.report import CommitInfo

_MAX_KEPT = 10_000


class Commits:
    """`arrived` is called with the asker's word when a commit that was asked for is known."""

    def __init__(self, repositories: Repositories, supervisor: Supervisor) -> None:
        self._repositories = repositories
        self._supervisor = supervisor
        self._known: dict[str, CommitInfo] = {}
        self._asked: dict[str, list[Callable[[], None]]] = {}

    def known(self, url: str, shas: set[str], arrived: Callable[[], None]) -> dict[str, CommitInfo]:
        """Those that are known now; the others are fetched, and `arrived` is called for each."""
        found = {}
        for sha in shas:
            if (info := self._known.get(sha)) is not None:
                found[sha] = info
            elif url and is_full_commit(sha):
                self._ask(url, sha, arrived)
        return found

    def _ask(self, url: str, sha: str, arrived: Callable[[], None]) -> None:
        waiting = self._asked.setdefault(sha, [])
        waiting.append(arrived)
        if len(waiting) == 1:
            self._supervisor.spawn(f"commit {sha[:8]}", self._fetch(url, sha))

    async def _fetch(self, url: str, sha: str) -> None:
        try:
            info = await self._repositories.commit_info(url, sha)
        except RepositoryError:
            self._asked.pop(sha, None)  # shown without its author; asked again with the next change
            return
        while len(self._known) >= _MAX_KEPT:
            del self._known[next(iter(self._known))]
        self._known[sha] = info
        for arrived in self._asked.pop(sha, ()):
            arrived()
