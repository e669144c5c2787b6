"""Reading the log of one repository in pieces, so that each piece can be kept and the reading go on after it.

Commits come parents first. What has been read is told by its frontier: the commits that have no read child. All that
they lead to has been read, so a frontier is enough to go on from, whoever kept it and however long ago.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from gitsync.audit.entry import entry_of, outcome_of
from gitsync.git.address import commit_page
from gitsync.git.commit_facts import CommitFacts
from gitsync.git.commit_log import CommitLog
from model.audit import AuditBatch, AuditEntry, AuditPosition

MAX_ENTRIES = 1000
MAX_BYTES = 2_000_000
MAX_OUTCOMES = 20_000
_ENTRY_BYTES = 400

Noted = tuple[CommitFacts, str]
"""What a commit says, and its note."""


@dataclass(frozen=True, slots=True)
class Tips:
    """Where the branches of a repository stand, and its notes; "" without any."""

    commits: frozenset[str]
    notes: str


class Walk:
    """From one position to the present tips. `start` once, then `take` until `done`; then `outcomes`.

    Every method runs in the mirror's owner thread, and changes nothing here until it has succeeded: a damaged mirror
    is made anew and asked again.
    """

    def __init__(self, url: str, shown_url: str, position: AuditPosition, tips: Tips) -> None:
        self.position = position
        self.tips = tips
        self._url = url
        self._shown_url = shown_url
        self._anew = False
        self._removed: tuple[str, ...] = ()
        self._todo: tuple[str, ...] = ()
        self._next = 0
        self._frontier: set[str] = set()
        self._notes: Mapping[str, str] = {}

    @property
    def done(self) -> bool:
        return self._next >= len(self._todo) and not self._removed and not self._anew

    def start(self, commits: CommitLog) -> None:
        """Finds what there is to read, and what was read and has gone since."""
        known = self.position.tips
        anew = bool(known) and not commits.has(known)
        if anew:
            known = ()
        removed = commits.between(known, self.tips.commits) if known else ()
        frontier = set(known)
        if removed:
            gone = set(removed)
            before = {parent for sha in removed for parent in commits.parents(sha)}
            frontier = (frontier | before) - gone
        todo = commits.between(self.tips.commits, known)
        notes = commits.notes(self.tips.notes) if self.tips.notes else {}
        self._anew, self._removed, self._frontier = anew, removed, frontier
        self._todo, self._next, self._notes = todo, 0, notes
        if not known:  # all outcomes are read along with their commits
            self.position = AuditPosition(self.position.repo_url, (), self.tips.notes)

    def take(self, commits: CommitLog, *, skip: int, limit: int) -> list[Noted]:
        """The next commits but for the first `skip`, at most `limit`, each with its note."""
        begin = self._next + skip
        facts = commits.facts(self._todo[begin : begin + limit])
        return [(one, commits.note(self._notes, one.sha)) for one in facts]

    def entries(self, noted: list[Noted]) -> list[AuditEntry]:
        """Commits that `take` found, as entries. Not in the owner thread: what they say is no damage."""
        return [
            entry_of(facts, repo_url=self._shown_url, page=commit_page(self._url, facts.sha), note=note)
            for facts, note in noted
        ]

    def batch(self, entries: list[AuditEntry]) -> AuditBatch:
        """Entries that `take` found, as what to add after `position`; moves on."""
        for entry in entries:
            self._frontier.difference_update(entry.parents)
            self._frontier.add(entry.commit.sha)
        after = AuditPosition(self.position.repo_url, tuple(sorted(self._frontier)), self.position.notes)
        made = AuditBatch(after=after, entries=tuple(entries), removed=self._removed, anew=self._anew)
        self._next += len(entries)
        self._removed, self._anew, self.position = (), False, after
        return made

    def outcomes(self, commits: CommitLog) -> AuditBatch | None:
        """Outcomes that were written or changed since the position's; None: none were."""
        position = self.position
        if position.notes == self.tips.notes:
            return None
        after = AuditPosition(position.repo_url, position.tips, self.tips.notes)
        has_old = bool(position.notes) and commits.has([position.notes])
        old = commits.notes(position.notes) if has_old else {}
        new = self._notes
        changed = sorted(sha for sha in {*old, *new} if old.get(sha) != new.get(sha))
        if len(changed) > MAX_OUTCOMES:  # more than fits: reading it all anew brings them along
            return AuditBatch(after=AuditPosition(position.repo_url), anew=True)
        told = tuple((sha, outcome_of(commits.note(new, sha))) for sha in changed)
        return AuditBatch(after=after, outcomes=told)


def size_of(batch: AuditBatch) -> int:
    """About how many bytes it takes on the wire."""
    return sum(map(entry_size, batch.entries)) + 60 * (len(batch.outcomes) + len(batch.removed))


def entry_size(entry: AuditEntry) -> int:
    """The message counts twice: what it says is in the reason too."""
    return _ENTRY_BYTES + 2 * len(entry.commit.message) + sum(map(len, entry.files))
