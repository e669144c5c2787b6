"""What Git lets each person do with each repository, as their runtimes found out with the person's own credential.

A verdict counts for `FRESH_SECONDS`; from half of that on it is renewed in the background when it is used. When it
cannot be renewed because the runtime or the Git host does not answer, changes are refused, and what was readable stays
readable for `STALE_READ_SECONDS`: it is the last known state, shown as such, and nothing can be done with it.
"""

import asyncio
from collections import Counter, OrderedDict
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from urllib.parse import urlsplit

from api.errors import ApiError, GitUnavailable, RuntimeUnavailable
from api.runtimes.connected import ConnectedRuntimes
from model.link import AccessAnswer, AccessVerdict, ProbeAccess

FRESH_SECONDS = 55.0  # and at most 5 s more in `Visible`, so that a loss takes effect within 60 s
RENEW_AFTER_SECONDS = 27.0
STALE_READ_SECONDS = 3600.0
PROBE_SECONDS = 10.0
RETRY_SECONDS = 5.0
KEPT_VERDICTS = 100_000

Repository = tuple[str, str]
"""(runtime, clone URL)"""


@dataclass(frozen=True, slots=True)
class Verdict:
    """`checked` is when Git said so, on the monotonic clock; None: it has not said anything yet. `unknown`: Git could
    not be asked lately, so nothing is known of writing."""

    read: bool = False
    write: bool = False
    reason: str = ""
    checked: float | None = None
    unknown: bool = False


@dataclass(slots=True)
class _Entry:
    verdict: Verdict
    asked: float


class Verdicts:
    def __init__(self, connected: ConnectedRuntimes, monotonic: Callable[[], float]) -> None:
        self._connected = connected
        self._monotonic = monotonic
        self._entries: OrderedDict[tuple[str, Repository], _Entry] = OrderedDict()
        self._forgotten: Counter[str] = Counter()
        self._locks: dict[tuple[str, str], asyncio.Lock] = {}
        self._renewals: set[asyncio.Task[None]] = set()

    async def of(self, person: str, repositories: Iterable[Repository]) -> dict[Repository, Verdict]:
        wanted = list(repositories)
        due: dict[str, list[Repository]] = {}
        soon: dict[str, list[Repository]] = {}
        for repository in wanted:
            age = self._age(person, repository)
            if age is None or age >= FRESH_SECONDS:
                due.setdefault(repository[0], []).append(repository)
            elif age >= RENEW_AFTER_SECONDS:
                soon.setdefault(repository[0], []).append(repository)
        await asyncio.gather(*(self._renew(person, runtime, some) for runtime, some in due.items()))
        for runtime, some in soon.items():
            self._renew_in_background(person, runtime, some)
        return {repository: self._present(person, repository) for repository in wanted}

    def age_seconds(self, verdict: Verdict) -> float | None:
        return self._monotonic() - verdict.checked if verdict.checked is not None else None

    def unavailable(self, runtime: str, verdict: Verdict) -> ApiError | None:
        """Why it cannot be said now what somebody may do; None: it can, and `verdict` says it."""
        if not verdict.unknown:
            return None
        if not self._connected.available(runtime):
            return RuntimeUnavailable(runtime)
        return GitUnavailable(verdict.reason, suggestion="nothing was changed; try again when the Git host is back")

    def forget(self, person: str) -> None:
        """An answer that is on its way was asked for with the credentials of before, and does not count either."""
        self._forgotten[person] += 1
        for key in [key for key in self._entries if key[0] == person]:
            del self._entries[key]

    def _settled(self, person: str, repository: Repository) -> bool:
        age = self._age(person, repository)
        return age is not None and age < RENEW_AFTER_SECONDS

    def _age(self, person: str, repository: Repository) -> float | None:
        """Seconds since Git was asked; an attempt without an answer counts as fresh for a moment only."""
        entry = self._entries.get((person, repository))
        if entry is None:
            return None
        now = self._monotonic()
        if now - entry.asked < RETRY_SECONDS:
            return 0.0
        return now - entry.verdict.checked if entry.verdict.checked is not None else None

    def _present(self, person: str, repository: Repository) -> Verdict:
        entry = self._entries.get((person, repository))
        if entry is None or entry.verdict.checked is None:
            return entry.verdict if entry else Verdict(reason="Git has not been asked yet", unknown=True)
        age = self._monotonic() - entry.verdict.checked
        if age < FRESH_SECONDS:
            return entry.verdict
        host = urlsplit(repository[1]).netloc.rpartition("@")[2] or repository[1]
        reason = f"Git at {host} cannot be asked now what you may do; what you could read before is still shown"
        may_read = entry.verdict.read and age < STALE_READ_SECONDS
        return Verdict(may_read, False, reason, entry.verdict.checked, unknown=True)

    async def _renew(self, person: str, runtime: str, repositories: list[Repository]) -> None:
        """One probe at a time per person and runtime; those who waited find the answer there."""
        lock = self._locks.setdefault((person, runtime), asyncio.Lock())
        try:
            async with lock:
                due = [one for one in repositories if not self._settled(person, one)]
                while due and not await self._probe(person, runtime, due):
                    pass
        finally:
            if not lock.locked():
                self._locks.pop((person, runtime), None)

    async def _probe(self, person: str, runtime: str, repositories: list[Repository]) -> bool:
        """False: the person's credentials changed meanwhile, and nothing was kept."""
        asked, forgotten = self._monotonic(), self._forgotten[person]
        body = ProbeAccess(person, tuple(url for _, url in repositories))
        try:
            answer = await self._connected.ask(runtime, body, AccessAnswer, deadline_seconds=PROBE_SECONDS)
        except ApiError as error:
            found: dict[str, AccessVerdict] = {}
            reason = error.message
            if not self._connected.available(runtime):
                asked = -RETRY_SECONDS  # costs nothing to ask again, and it may be back any moment
        else:
            found = {verdict.repo_url: verdict for verdict in answer.verdicts}
            reason = "the runtime did not say"
        if forgotten != self._forgotten[person]:
            return False
        for repository in repositories:
            self._keep(person, repository, found.get(repository[1]), asked=asked, reason=reason)
        return True

    def _keep(
        self, person: str, repository: Repository, found: AccessVerdict | None, *, asked: float, reason: str
    ) -> None:
        key = (person, repository)
        if found is not None and not found.unknown:
            verdict = Verdict(found.read, found.write, found.reason, self._monotonic())
        else:
            known = self._entries.get(key)
            why = found.reason if found is not None else reason
            never = Verdict(reason=why, unknown=True)
            verdict = known.verdict if known and known.verdict.checked is not None else never
        self._entries[key] = _Entry(verdict, asked)
        self._entries.move_to_end(key)
        if len(self._entries) > KEPT_VERDICTS:
            self._entries.popitem(last=False)

    def _renew_in_background(self, person: str, runtime: str, repositories: list[Repository]) -> None:
        if (person, runtime) in self._locks:
            return
        task = asyncio.create_task(self._renew(person, runtime, repositories), name=f"verdicts-{person}-{runtime}")
        self._renewals.add(task)
        task.add_done_callback(self._renewals.discard)
