"""The journal: writes operations down before they run, and their outcomes after.

A Git host that says nothing within two seconds is away; one that is only slow gets longer. While it is away, what
stops something goes ahead and is written down later, marked late; everything else must wait. An operation that was
refused and whose commit arrives all the same gets the note that it did not run. Outcomes are collected for a moment
and pushed together.
"""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import datetime
from functools import partial
from pathlib import Path

import msgspec
import structlog

from gitsync.errors import GitsyncError
from gitsync.git.address import redact
from gitsync.git.change import Change, Contents, Landed, Person
from gitsync.git.credentials import CredentialSource
from gitsync.git.errors import NothingChanged
from gitsync.git.repositories import Repositories
from gitsync.git.tree import EntryType, Files, find
from gitsync.ledger.entry import Entry, Outcome, change_of, note_text
from gitsync.ledger.errors import LedgerUnavailable
from gitsync.ledger.late import LateEntries

log = structlog.get_logger("gitsync.ledger")

NOTES_REF = "refs/notes/argosy"
_DEFAULT_BRANCH = "refs/heads/main"
_PATIENCE_SECONDS = 2.0  # for any word of the host
_SLOW_SECONDS = 10.0  # for the commit, from a host that does answer
_COLLECT_SECONDS = 0.5  # outcomes that come within this time travel in one push
_RETRY_SECONDS = 2.0
_RETRY_MAX_SECONDS = 60.0

Spawn = Callable[[str, Awaitable[None]], asyncio.Task[None]]


class Journal:
    """The ledger of one runtime in the repository at `url`. `spawn` starts a task whose fault is logged."""

    def __init__(
        self,
        url: str,
        *,
        repositories: Repositories,
        credentials: CredentialSource,
        folder: Path,
        spawn: Spawn,
        now: Callable[[], datetime],
        patience_seconds: float = _PATIENCE_SECONDS,
        slow_seconds: float = _SLOW_SECONDS,
        collect_seconds: float = _COLLECT_SECONDS,
        retry_seconds: float = _RETRY_SECONDS,
    ) -> None:
        self.url = url
        self._repositories = repositories
        self._credentials = credentials
        self._late = LateEntries(folder)
        self._spawn = spawn
        self._now = now
        self._patience_seconds = patience_seconds
        self._slow_seconds = slow_seconds
        self._collect_seconds = collect_seconds
        self._retry_seconds = retry_seconds
        self._outcomes: dict[str, Outcome] = {}
        self._noting: asyncio.Task[None] | None = None
        self._catching_up: asyncio.Task[None] | None = None
        self._unlanded: dict[str, Outcome] = {}  # of operations that are late themselves, by operation id

    async def start(self) -> None:
        """Fetches the repository, so that the first operation does not wait for that; writes down what is late."""
        try:
            await self._branch()
        except GitsyncError as failure:
            log.warning("ledger cannot be read yet", repository=redact(self.url), reason=failure.message)
        if self._late.all():
            self._catch_up()

    async def record(self, entry: Entry, *, stops: bool = False) -> Landed | None:
        """The commit, once the Git host has it; None: late, the operation may run all the same (only if it `stops`
        something). Raises LedgerUnavailable: then it must not run.
        """
        if stops and self._late.all():
            self._write_later(entry)  # order is kept: what is late comes first
            return None
        writing = asyncio.ensure_future(self._commit(change_of(entry)))
        try:
            await asyncio.wait({writing}, timeout=self._patience_seconds / 2)
            if not writing.done() and await self._host_answers(self._patience_seconds / 2):
                await asyncio.wait({writing}, timeout=self._slow_seconds)
            async with asyncio.timeout(0):
                return await asyncio.shield(writing)
        except TimeoutError:
            reason = f"the Git host gave no answer within {self._patience_seconds:g} seconds, or took too long"
            writing.add_done_callback(partial(self._arrived_after_all, entry, stops))
        except asyncio.CancelledError:
            writing.add_done_callback(partial(self._arrived_after_all, entry, stops))
            raise
        except GitsyncError as failure:
            reason = failure.message
        if stops:
            self._write_later(entry)
            return None
        raise LedgerUnavailable(
            f"the operation cannot be written down in {redact(self.url)}: {reason}",
            suggestion="Nothing was done. Try again when the Git host is back; stopping something works meanwhile.",
        )

    async def _host_answers(self, within_seconds: float) -> bool:
        """Whether the host says anything at all, or the commit is there meanwhile."""
        try:
            async with asyncio.timeout(within_seconds):
                await self._repositories.resolve(self.url, "", fresh=True)
        except (TimeoutError, GitsyncError):
            return False
        state = self._repositories.state(self.url)
        return state is not None and not state.error

    async def find(self, operation_id: str) -> Landed | None:
        """The commit that wrote down the operation with this id, if there is one. Raises GitsyncError."""
        nothing = Change(operation_id, "", "", Person("Argosy"), "", lambda files: {})
        try:
            return await self._commit(nothing)
        except NothingChanged:
            return None

    async def outcome_of(self, commit: str) -> Outcome | None:
        """How the operation that this commit wrote down has ended, as far as somebody noted it."""
        if (known := self._outcomes.get(commit)) is not None:
            return known
        try:
            head = (await self._repositories.refs(self.url, fresh=True)).refs.get(NOTES_REF)
            if head is None:
                return None
            tree = await self._repositories.tree(self.url, head)
            return await tree.run(lambda files: _noted(files, commit))
        except GitsyncError as failure:
            raise LedgerUnavailable(
                f"the ledger cannot be read: {failure.message}", suggestion="Try again when the Git host is back."
            ) from failure

    def ended(self, commit: str, outcome: Outcome) -> None:
        """The outcome of the operation that this commit wrote down; noted soon."""
        self._outcomes[commit] = outcome
        if self._noting is None or self._noting.done():
            self._noting = self._spawn("ledger outcomes", self._note())

    def ended_late(self, operation_id: str, outcome: Outcome) -> None:
        """The outcome of an operation that has no commit yet."""
        self._unlanded[operation_id] = outcome

    @property
    def waiting(self) -> int:
        """Operations that ran and are not written down yet."""
        return len(self._late.all())

    # ---- writing

    async def _branch(self) -> str:
        await self._repositories.resolve(self.url, "")
        state = self._repositories.state(self.url)
        return (state.default_branch if state else "") or _DEFAULT_BRANCH

    async def _commit(self, change: Change, ref: str = "") -> Landed:
        credential = await self._credentials.credential_for(self.url)
        return await self._repositories.commit(self.url, ref or await self._branch(), change, credential)

    def _write_later(self, entry: Entry) -> None:
        self._late.put(entry)
        log.warning("operation runs before it is written down", operation=entry.operation_id, action=entry.action)
        self._catch_up()

    def _arrived_after_all(self, entry: Entry, ran: bool, writing: "asyncio.Future[Landed]") -> None:
        if writing.cancelled() or writing.exception() is not None or ran:
            return
        message = "refused: the Git host answered too late, so it did not run"
        self.ended(writing.result().commit.sha, Outcome("Refused", message, self._now()))

    def _catch_up(self) -> None:
        if self._catching_up is None or self._catching_up.done():
            self._catching_up = self._spawn("late operations", self._write_late())

    async def _write_late(self) -> None:
        wait_seconds = self._retry_seconds
        while entries := self._late.all():
            try:
                for entry in entries:
                    landed = await self._commit(change_of(entry, late=True))
                    self._late.remove(entry)
                    outcome = self._unlanded.pop(entry.operation_id, None)
                    self.ended(landed.commit.sha, outcome or Outcome("Carried out", "written down late", self._now()))
                wait_seconds = self._retry_seconds
            except GitsyncError as failure:
                log.info("late operations wait", reason=failure.message, operations=len(entries))
                await asyncio.sleep(wait_seconds)
                wait_seconds = min(wait_seconds * 2, _RETRY_MAX_SECONDS)

    # ---- outcomes

    async def _note(self) -> None:
        wait_seconds = self._retry_seconds
        await asyncio.sleep(self._collect_seconds)
        while self._outcomes:
            batch = dict(self._outcomes)
            try:
                await self._commit(_notes(batch), NOTES_REF)
            except NothingChanged:
                pass
            except GitsyncError as failure:
                log.info("outcomes wait", reason=failure.message, operations=len(batch))
                await asyncio.sleep(wait_seconds)
                wait_seconds = min(wait_seconds * 2, _RETRY_MAX_SECONDS)
                continue
            for commit, outcome in batch.items():
                if self._outcomes.get(commit) == outcome:
                    del self._outcomes[commit]


def _noted(files: Files, commit: str) -> Outcome | None:
    entry = find(files, _note_path(commit)).entry
    if entry is None or entry.type is not EntryType.BLOB:
        return None
    try:
        return msgspec.json.decode(files.read(entry.id), type=Outcome)
    except msgspec.DecodeError:
        return None  # somebody else's words


def _note_path(commit: str) -> str:
    return f"{commit[:2]}/{commit[2:]}"


def _notes(outcomes: dict[str, Outcome]) -> Change:
    def edit(files: Files) -> Contents:
        contents: dict[str, bytes] = {}
        for commit, outcome in outcomes.items():
            path, content = _note_path(commit), note_text(outcome).encode()
            entry = find(files, path).entry
            if entry is None or entry.type is not EntryType.BLOB or files.read(entry.id) != content:
                contents[path] = content
        return contents

    return Change("", "", "", Person("Argosy"), f"Outcomes of {len(outcomes)} operations", edit)
