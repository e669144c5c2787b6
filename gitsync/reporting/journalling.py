"""Operations and the ledger: what is written down of each, when, and how its end finds its way there.

Without a shared configuration repository nothing is written down; the runtime says so in its summary. The ledger's
commit goes along in the operation's `info`, so the outcome of a sync is noted even by a runtime that was started again
meanwhile, and of syncs that another engine runs.
"""

from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from gitsync.application.record import Record
from gitsync.errors import GitsyncError
from gitsync.ledger.entry import Entry, Outcome
from gitsync.ledger.errors import LedgerUnavailable
from gitsync.ledger.journal import Journal
from gitsync.reporting.link import Refused
from model.identity import ApplicationKey
from model.kinds.application import OperationState
from model.operation import Phase
from model.report import CommitInfo

OPERATION_ID = "argosy.io/operation-id"
LEDGER_COMMIT = "argosy.io/ledger-commit"
REFUSED = "Refused"  # it did not run, and may be asked for again
_REMEMBERED = 20_000
# Actions that stop something: they go ahead even if they can be written down only later.
_STOPS = frozenset({"abort", "pause", "stop", "suspend", "terminate"})


@dataclass(frozen=True, slots=True)
class Written:
    """What is in the ledger of an operation. `commit` None: there is no ledger, or the operation is late. `ended`: it
    was asked for before with the same id, and this is what came of it."""

    commit: CommitInfo | None
    ended: Outcome | None = None


class Journalling:
    """`journal` None: there is no shared configuration repository."""

    def __init__(self, journal: Journal | None, *, runtime: str, now: Callable[[], datetime]) -> None:
        self._journal = journal
        self._runtime = runtime
        self._now = now
        self._noted: OrderedDict[str, str] = OrderedDict()

    @property
    def url(self) -> str:
        """The shared configuration repository, "" without one."""
        return self._journal.url if self._journal is not None else ""

    async def start(self) -> None:
        if self._journal is not None:
            await self._journal.start()

    async def write_down(
        self,
        key: ApplicationKey,
        action: str,
        *,
        operation_id: str,
        actor: str,
        actor_email: str,
        reason: str = "",
        parameters: dict[str, Any] | None = None,
        stops: bool = False,
    ) -> Written:
        """Raises Refused with GIT_UNAVAILABLE: then it must not run."""
        if self._journal is None:
            return Written(None)
        entry = Entry(
            operation_id=operation_id,
            action=action,
            runtime=self._runtime,
            application=key,
            actor=actor,
            actor_email=actor_email,
            requested_at=self._now(),
            reason=reason,
            parameters={name: value for name, value in (parameters or {}).items() if value not in (None, "", (), [])},
        )
        try:
            landed = await self._journal.record(entry, stops=stops)
            if landed is None:
                return Written(None)
            ended = await self._journal.outcome_of(landed.commit.sha) if landed.repeated else None
            return Written(landed.commit, ended if ended is not None and ended.outcome != REFUSED else None)
        except LedgerUnavailable as failure:
            raise Refused("GIT_UNAVAILABLE", failure.message, suggestion=failure.suggestion) from failure

    async def ended_before(self, operation_id: str) -> Written | None:
        """What came of an operation that was asked for before with this id; None: nothing yet, or nobody can tell."""
        if self._journal is None or not operation_id:
            return None
        try:
            landed = await self._journal.find(operation_id)
            ended = await self._journal.outcome_of(landed.commit.sha) if landed is not None else None
        except GitsyncError:
            return None
        if landed is None or ended is None or ended.outcome == REFUSED:
            return None
        return Written(landed.commit, ended)

    def ended(self, operation_id: str, commit: CommitInfo | None, outcome: str, message: str = "") -> None:
        """How something ended that was done at once."""
        if self._journal is None:
            return
        found = Outcome(outcome, message, self._now())
        if commit is None:
            self._journal.ended_late(operation_id, found)
        else:
            self._journal.ended(commit.sha, found)

    def look_at(self, record: Record) -> None:
        """Notes the outcome of the application's sync once it has ended; cheap, since it is called on every change."""
        state = record.operation_state
        if self._journal is None or state is None or state.finished_at is None:
            return
        commit = ledger_commit(state)
        told = f"{state.phase} {state.finished_at}"
        if not commit or self._noted.get(commit) == told:
            return
        self._noted[commit] = told
        while len(self._noted) > _REMEMBERED:
            self._noted.popitem(last=False)
        if Phase(state.phase).completed:
            self._journal.ended(commit, Outcome(state.phase, state.message, state.finished_at))


def ledger_commit(state: OperationState | None) -> str:
    """The ledger's commit of an operation, "" if it has none."""
    infos = state.operation.info if state is not None else ()
    return next((one.value for one in infos if one.name == LEDGER_COMMIT), "")


def stops_something(action: str) -> bool:
    return action.lower() in _STOPS
