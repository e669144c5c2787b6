"""Automated sync is held while pull requests of a rollback wait: nothing newer is deployed until they are decided.

What is waited for stands in an annotation of the Application, so whoever looks sees it and a runtime that starts again
goes on. It ends when each change has arrived on its branch, as a merge or squashed, or its branch is gone.
"""

from collections.abc import Callable, Coroutine
from typing import Any

import msgspec
import structlog

from gitsync.application.record import Record
from gitsync.errors import GitsyncError
from gitsync.git.address import normalized
from gitsync.git.commit_log import CommitLog
from gitsync.git.refs import RefsMoved
from gitsync.git.repositories import Repositories
from gitsync.kube.client import Cluster
from gitsync.manifest.object import JsonObject
from model.identity import ApplicationKey, ResourceKey
from model.kinds.application import GROUP, KIND, VERSION, Application, ApplicationCondition

log = structlog.get_logger("gitsync.rollback")

HOLD_ANNOTATION = "argosy.io/rollback-waits"
WAITING = "RollbackWaiting"
_HEADS = "refs/heads/"
_MANAGER = "argosy"


class Awaited(msgspec.Struct, frozen=True, omit_defaults=True):
    """A commit on the branch `head` that is to get to `base`. `page`: of its pull request, where the host has any."""

    repo_url: str
    head: str
    base: str
    commit: str
    page: str = ""

    @property
    def told(self) -> str:
        return self.page or f"{self.head.removeprefix(_HEADS)} to be merged into {self.base.removeprefix(_HEADS)}"


class Hold(msgspec.Struct, frozen=True, omit_defaults=True):
    """`release` is an id of the history."""

    release: int
    by: str
    awaited: tuple[Awaited, ...]


def hold_of(application: Application) -> Hold | None:
    """None also for an annotation that is no hold: what nobody can read must not stop deployments for ever."""
    written = (application.metadata.annotations or {}).get(HOLD_ANNOTATION)
    if not written:
        return None
    try:
        return msgspec.json.decode(written, type=Hold)
    except msgspec.DecodeError:
        return None


def annotation_of(hold: Hold | None) -> JsonObject:
    """A merge patch."""
    written = msgspec.json.encode(hold).decode() if hold is not None else None
    return {"metadata": {"annotations": {HOLD_ANNOTATION: written}}}


def condition_of(hold: Hold) -> ApplicationCondition:
    waits = ", ".join(one.told for one in hold.awaited)
    return ApplicationCondition(
        type=WAITING,
        message=f"Automated sync is held: a rollback to release {hold.release} by {hold.by or 'the operator'} waits "
        f"for {waits}. It goes on when that is merged, or the branch is deleted.",
    )


class RollbackHolds:
    """Notices when what is waited for has been decided. `again` has an application looked at; `seen` takes the
    Application as it is after a write."""

    def __init__(
        self,
        repositories: Repositories,
        home: Cluster,
        spawn: Callable[[str, Coroutine[Any, Any, None]], object],
    ) -> None:
        self._repositories = repositories
        self._home = home
        self._spawn = spawn
        self._followed: dict[str, set[ApplicationKey]] = {}
        self._looking: set[ApplicationKey] = set()
        self._outdated: set[ApplicationKey] = set()  # looks under way at what has moved since
        self.again: Callable[[ApplicationKey], None] = lambda key: None
        self.seen: Callable[[JsonObject], None] = lambda raw: None

    def look(self, record: Record, hold: Hold) -> None:
        """Has a look in the background, now and whenever one of the repositories moves."""
        for one in hold.awaited:
            waiting = self._followed.setdefault(normalized(one.repo_url), set())
            if not waiting:
                self._repositories.subscribe(one.repo_url, self._moved)
            waiting.add(record.key)
        if record.key not in self._looking:
            self._looking.add(record.key)
            self._spawn(f"rollback of {record.key}", self._decide(record, hold))

    def _moved(self, event: RefsMoved) -> None:
        waiting = self._followed.pop(normalized(event.url), set())
        self._repositories.unsubscribe(event.url, self._moved)
        self._outdated |= waiting & self._looking
        for key in waiting:
            self.again(key)  # who still waits follows again

    async def _decide(self, record: Record, hold: Hold) -> None:
        try:
            for one in hold.awaited:
                if not await self._decided(one):
                    return
            await self._end(record)
        except GitsyncError as failure:
            log.info("cannot tell yet if a rollback has landed", application=str(record.key), reason=failure.message)
        finally:
            self._looking.discard(record.key)
            if record.key in self._outdated:  # it may have read branches before they moved
                self._outdated.discard(record.key)
                self.again(record.key)

    async def _decided(self, one: Awaited) -> bool:
        refs = (await self._repositories.refs(one.repo_url, fresh=True)).refs
        if one.head not in refs:  # or the host was being asked already before the branch was pushed
            refs = (await self._repositories.refs(one.repo_url, fresh=True)).refs
        if one.head not in refs or one.base not in refs:
            return True

        def arrived(commits: CommitLog) -> bool:
            return commits.leads_to(refs[one.base], one.commit)

        await self._repositories.tree(one.repo_url, one.commit)  # fetched, if another process pushed it
        if await self._repositories.look(one.repo_url, refs[one.base], arrived):
            return True
        own = await self._repositories.look(one.repo_url, one.commit, lambda commits: commits.parents(one.commit))
        if not own:
            return False
        changed = {change.path for change in await self._repositories.changed_paths(one.repo_url, own[0], one.commit)}
        differ = await self._repositories.changed_paths(one.repo_url, one.commit, refs[one.base])
        return changed.isdisjoint(change.path for change in differ)

    async def _end(self, record: Record) -> None:
        address = ResourceKey(GROUP, KIND, record.key.namespace, record.key.name)
        self.seen(await self._home.patch(address, VERSION, annotation_of(None), kind="merge", manager=_MANAGER))
        log.info("automated sync goes on after a rollback", application=str(record.key))
        self.again(record.key)
