"""The commit queue of one branch: changes of many people, made on the newest commit and pushed, none lost.

Whoever comes while a push is under way waits for the next one; changes with the same credential travel together, in
their order, and so do those of several people where the host has just said of each that the person's own credential
would do. If it refuses such a push all the same, each goes alone, so that only whom it means is refused. A push that
lost a race is built anew on the commit that won, so a change is an edit of whatever is there and not a finished file.
Nothing is kept on disk: killing the process leaves the commit on the host, or nothing. The same operation id is found
again in the history of the branch, so whoever asks twice gets the one commit.
"""

import asyncio
import random
from collections import deque
from collections.abc import Awaitable, Callable, Collection, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

import pygit2

from gitsync.errors import GitsyncError
from gitsync.git.address import redact
from gitsync.git.change import Change, Landed
from gitsync.git.credentials import GitCredential
from gitsync.git.errors import (
    AuthenticationRefused,
    MirrorDamaged,
    Overtaken,
    PushRefused,
    RepositoryNotFound,
    RepositoryUnreachable,
)
from gitsync.git.owner_thread import OwnerThread
from gitsync.git.pushing import push
from gitsync.git.repository import Repository
from gitsync.git.settings import GitSettings
from gitsync.git.writing import Built, Writer

# Asks the host whether a credential may push to this branch, so that its commits may travel in somebody else's push.
MayShare = Callable[[], Awaitable[bool]]

_REFUSALS = (PushRefused, AuthenticationRefused, RepositoryNotFound)
_RACES = 12  # so often in a row somebody else may be faster; each lost race means that another change has landed


class QueueEnded(RepositoryUnreachable):
    """The process stops, or the push broke off for a reason that nobody foresaw."""


@dataclass(slots=True, eq=False)
class _Ticket:
    change: Change
    credential: GitCredential | None
    may_share: MayShare | None = None
    landed: "asyncio.Future[Landed]" = field(default_factory=lambda: asyncio.get_running_loop().create_future())

    def settle(self, outcome: Landed | GitsyncError) -> None:
        """Whoever asked may be gone by now; what has landed has landed."""
        if self.landed.done():
            return
        if isinstance(outcome, Landed):
            self.landed.set_result(outcome)
        else:
            self.landed.set_exception(outcome)


class CommitQueue:
    """Changes of `ref`. A ref that does not exist is begun from `base_ref`, or from nothing.

    To be used from the event loop only. `pushed` hears that the ref has moved.
    """

    def __init__(
        self,
        repository: Repository,
        mirror_path: Path,
        ref: str,
        *,
        base_ref: str = "",
        push_url: str = "",
        settings: GitSettings,
        clock: Callable[[], datetime],
        pushed: Callable[[], None],
    ) -> None:
        self._repository = repository
        self._ref = ref
        self._base_ref = base_ref
        self._push_url = push_url or repository.url
        self._settings = settings
        self._clock = clock
        self._pushed = pushed
        self._writer = Writer(mirror_path, repository.url, ref)
        self._owner = OwnerThread(f"commits {ref.rpartition('/')[2][:20]}")
        self._waiting: deque[_Ticket] = deque()
        self._work: asyncio.Task[None] | None = None
        self._tip: str | None = None  # where our own last push left the ref
        self._everybody_alone = False  # since the host refused a push that was shared
        self.pushes = 0

    async def commit(
        self, change: Change, credential: GitCredential | None, *, may_share: MayShare | None = None
    ) -> Landed:
        """The commit of this change once the host has it. Raises what the edit raises, PushRefused, or why it could
        not be pushed. Whoever stops waiting before the change is built takes it back. Without `may_share` the change
        travels with its own credential only.
        """
        ticket = _Ticket(change, credential, may_share)
        self._waiting.append(ticket)
        if self._work is None or self._work.done():
            self._work = asyncio.create_task(self._run(), name=f"commits to {redact(self._repository.url)} {self._ref}")
        return await ticket.landed

    def close(self) -> None:
        """A push under way is not waited for; whoever waits is told."""
        if self._work is not None:
            self._work.cancel()
        for ticket in self._waiting:
            ticket.settle(_ended(self._repository.url))
        self._owner.close()

    async def _run(self) -> None:
        while self._waiting:
            batch = self._next_batch(await self._sharing())
            try:
                await self._land(batch)
            except GitsyncError as error:
                if not self._goes_alone(batch, error):
                    for ticket in batch:
                        ticket.settle(error)
            finally:
                for ticket in batch:
                    if ticket not in self._waiting:
                        ticket.settle(_ended(self._repository.url))
        self._owner.rest()

    async def _sharing(self) -> list[GitCredential | None]:
        """The credentials whose changes may travel together now."""
        asking: list[_Ticket] = []
        for ticket in () if self._everybody_alone else self._waiting:
            if ticket.may_share is not None and all(ticket.credential != one.credential for one in asking):
                asking.append(ticket)
        if len(asking) < 2:
            return []
        questions = (one.may_share() for one in asking if one.may_share is not None)
        answers = await asyncio.gather(*questions, return_exceptions=True)
        return [one.credential for one, may in zip(asking, answers, strict=True) if may is True]

    def _next_batch(self, sharing: Collection[GitCredential | None]) -> list[_Ticket]:
        """The oldest change, and all that may travel with it."""
        first = self._waiting[0].credential
        together = sharing if first in sharing else [first]
        batch = [one for one in self._waiting if one.credential in together][: self._settings.max_batch]
        taken = {id(one) for one in batch}
        self._waiting = deque(one for one in self._waiting if id(one) not in taken)
        return [one for one in batch if not one.landed.done()]

    def _goes_alone(self, batch: Sequence[_Ticket], error: GitsyncError) -> bool:
        """Whether the refusal may have meant one of several people: then each gets the host's own word."""
        shared = any(one.credential != batch[0].credential for one in batch)
        if not shared or not isinstance(error, _REFUSALS):
            return False
        self._everybody_alone = True
        self._waiting.extendleft(one for one in reversed(batch) if not one.landed.done())
        return True

    async def _land(self, batch: Sequence[_Ticket]) -> None:
        fresh = False
        for race in range(_RACES):
            left = [one for one in batch if not one.landed.done()]
            if not left:
                return
            base = await self._base(fresh)
            try:
                built = await self._build(base, [one.change for one in left])
            except MirrorDamaged:
                if fresh:
                    raise
                await self._mend(base)
                fresh = True
                continue
            if not fresh and not all(isinstance(outcome, Landed) for outcome in built.outcomes):
                fresh = True  # what does not fit an old commit may fit the newest one; only that decides
                continue
            if built.tip != built.base and not await self._pushed_or_overtaken(built, left[0].credential):
                fresh = True
                await asyncio.sleep(random.uniform(0, 0.03) * race)  # noqa: S311 - jitter, not a secret
                continue
            for ticket, outcome in zip(left, built.outcomes, strict=True):
                ticket.settle(outcome)
            return
        raise RepositoryUnreachable(
            f"{self._ref} of {redact(self._repository.url)} moved {_RACES} times while the change was being pushed",
            suggestion="Try again; the change was not made.",
        )

    async def _mend(self, base: str | None) -> None:
        """Our copy lacks something: reading what it should hold makes the mirror fetch it again."""
        self._tip = None
        if base is not None:
            await self._repository.read(lambda mirror: mirror.changed_paths(None, base), needs=[base])

    async def _base(self, fresh: bool) -> str | None:
        """The commit to build on: our own last one, or where the host says the ref is."""
        if not fresh and self._tip is not None:
            return self._tip
        tip = await self._repository.tip(self._ref, fresh=fresh)
        if tip is None and self._base_ref:
            tip = await self._repository.tip(self._base_ref, fresh=True)
        if tip is None:
            await self._repository.read(lambda mirror: mirror.known_refs())  # a mirror of nothing is made, too
        self._tip = tip
        return tip

    async def _build(self, base: str | None, changes: list[Change]) -> Built:
        now = self._clock()

        def work() -> Built:
            repository = self._writer.open()
            try:
                return self._writer.build(repository, base, changes, now)
            finally:
                repository.free()

        return await self._owner.run(work)

    async def _pushed_or_overtaken(self, built: Built, credential: GitCredential | None) -> bool:
        """True when the commits are on the host; False when they have to be made anew on a newer commit."""
        try:
            await self._push(built, credential)
        except Overtaken:
            self._tip = None
            return False
        except PushRefused:
            self._tip = None
            if await self._host_has_moved(built):
                return False
            raise
        except RepositoryUnreachable as error:
            # The answer was lost, the push perhaps not: only the host knows.
            self._tip = None
            if not await self._arrived(built, error):
                raise
        self._tip = built.tip
        self.pushes += 1
        self._pushed()
        return True

    async def _push(self, built: Built, credential: GitCredential | None) -> None:
        assert built.tip is not None, "what is pushed was built"
        lease, tip, url = await self._lease(built), built.tip, self._push_url

        def work() -> None:
            repository = self._writer.open()
            try:
                push(repository, url, tip, self._ref, lease=lease, credential=credential, settings=self._settings)
            finally:
                repository.free()

        await self._owner.run(work)

    async def _lease(self, built: Built) -> str | None:
        """Where the ref itself must be: nowhere, if the commits begin it."""
        if self._base_ref and await self._repository.tip(self._ref, fresh=False) is None:
            return None
        return built.base

    async def _host_has_moved(self, built: Built) -> bool:
        return await self._repository.tip(self._ref, fresh=True) != await self._lease(built)

    async def _arrived(self, built: Built, failure: RepositoryUnreachable) -> bool:
        try:
            found = await self._repository.tip(self._ref, fresh=True)
        except GitsyncError:
            raise RepositoryUnreachable(
                f"{failure.message}; whether the commit arrived is not known",
                suggestion="Try again with the same operation id: it is made once at most.",
            ) from failure
        return found is not None and await self._owner.run(lambda: self._leads_to(found, built.tip or ""))

    def _leads_to(self, head: str, commit: str) -> bool:
        repository = self._writer.open()
        try:
            return head == commit or repository.descendant_of(head, commit)
        except (KeyError, ValueError, pygit2.GitError):
            return False
        finally:
            repository.free()


def _ended(url: str) -> QueueEnded:
    return QueueEnded(
        f"the change to {redact(url)} was interrupted; whether it arrived is not known",
        suggestion="Try again with the same operation id: it is made once at most.",
    )
