"""Which commit last changed what an application reads: one walk through the history for all who ask.

From the head back, each commit is compared with its parents. Who is concerned by a difference to every parent has found
its commit; the others go on along a parent that is the same to them, as `git log -- <paths>` does. So the cost is that
of the commits walked and of what they changed, not of the number of applications.
"""

import heapq
import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Generic, Protocol

from gitsync.git.affected import AffectedIndex, ChangedPaths, Key
from gitsync.git.closure import Closure


class History(Protocol):
    """Commits and what they changed; `gitsync.git.mirror.Mirror` is one."""

    def parents(self, sha: str) -> tuple[str, ...]:
        """Ids of the commits before this one."""

    def commit_time(self, sha: str) -> int:
        """Seconds since the epoch."""

    def changed_paths(self, old: str | None, new: str) -> ChangedPaths:
        """Files that differ; `old` None: all files of `new`."""


@dataclass(frozen=True, slots=True)
class HistoryBudget:
    """How far back to look, and for how long at a time before others may use the mirror."""

    max_commits: int = 20_000
    max_seconds: float = 20.0
    slice_seconds: float = 0.02


@dataclass(frozen=True, slots=True)
class _Known:
    """`commit` is the newest up to `head` that changed what `reads` names."""

    head: str
    reads: tuple[tuple[str, str], ...]
    commit: str


@dataclass(slots=True)
class Memo(Generic[Key]):
    """What earlier walks of one repository found, so that the next one ends where they began."""

    known: dict[Key, _Known] = field(default_factory=dict)

    def forget(self, key: Key) -> None:
        self.known.pop(key, None)


async def newest_changes(
    read: Callable[[Callable[[History], bool]], Awaitable[bool]],
    head: str,
    closures: Mapping[Key, Closure],
    *,
    memo: Memo[Key],
    budget: HistoryBudget,
) -> dict[Key, str]:
    """The commit of each key; keys whose commit lies beyond the budget are left out. `read` visits the owner thread."""
    walk = _Walk(head, closures, memo.known, budget)
    while not await read(walk.advance):
        pass
    for key, commit in walk.found.items():
        memo.known[key] = _Known(head, _reads(closures[key]), commit)
    return walk.found


class _Walk(Generic[Key]):
    """One walk, in slices. Each key is on exactly one path through the history at any time."""

    def __init__(
        self, head: str, closures: Mapping[Key, Closure], known: Mapping[Key, _Known], budget: HistoryBudget
    ) -> None:
        self.found: dict[Key, str] = {}
        self._closures = closures
        self._known = dict(known)
        self._budget = budget
        self._head = head
        self._index: AffectedIndex[Key] | None = None
        self._known_at: dict[str, set[Key]] = {}
        self._keys_at: dict[str, set[Key]] = {}
        self._newest_first: list[tuple[int, str]] = []
        self._commits = 0
        self._seconds = 0.0

    def advance(self, history: History) -> bool:
        """Walks for one slice. True when there is nothing left to find, or the budget is used up."""
        began = time.monotonic()
        if self._index is None:
            self._begin(history)
        spent = 0.0
        while self._newest_first and spent < self._budget.slice_seconds:
            if self._commits >= self._budget.max_commits or self._seconds + spent > self._budget.max_seconds:
                return True
            self._step(history)
            spent = time.monotonic() - began
        self._seconds += spent
        return not self._newest_first

    def _begin(self, history: History) -> None:
        self._index = AffectedIndex()
        for key, closure in self._closures.items():
            self._index.put(key, closure)
            known = self._known.get(key)
            if known is not None and known.reads == _reads(closure):
                self._known_at.setdefault(known.head, set()).add(key)
        self._go_on(history, self._head, set(self._closures))

    def _go_on(self, history: History, commit: str, keys: set[Key]) -> None:
        if not keys:
            return
        waiting = self._keys_at.get(commit)
        if waiting is None:
            self._keys_at[commit] = keys
            heapq.heappush(self._newest_first, (-history.commit_time(commit), commit))
        else:
            waiting |= keys

    def _step(self, history: History) -> None:
        self._commits += 1
        _, commit = heapq.heappop(self._newest_first)
        keys = self._keys_at.pop(commit)
        for key in keys & self._known_at.get(commit, set()):
            self._settle(key, self._known[key].commit)
            keys.discard(key)
        parents = history.parents(commit)
        for parent in parents:
            if not keys:
                return
            concerned = keys & self._concerned(history, parent, commit)
            self._go_on(history, parent, keys - concerned)
            keys = concerned
        for key in keys:
            self._settle(key, commit)

    def _concerned(self, history: History, parent: str, commit: str) -> set[Key]:
        assert self._index is not None
        return self._index.affected(history.changed_paths(parent, commit))

    def _settle(self, key: Key, commit: str) -> None:
        assert self._index is not None
        self.found[key] = commit
        self._index.remove(key)


def _reads(closure: Closure) -> tuple[tuple[str, str], ...]:
    return tuple((entry.kind.value, entry.path) for entry in closure.entries)
