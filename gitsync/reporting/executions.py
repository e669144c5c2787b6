"""Executions of workflows that ended, from the moment at which a cluster shows one until the control plane has it.

What rules an execution is told with it, so it is told only once that is known: when the home namespace and its cluster
have been listed. It may be seen by who may read

    the repository that rules the application whose object it comes from (the Workflow itself, its Sensor, its
    CronWorkflow or its template, the first that an application holds), and
    the repository that it names.

One that names a repository which the runtime does not read, or comes from no application and names none, is for
administrators: nobody's right to it can be asked.

The newest are kept in memory, also when the object is deleted: a control plane that was away is told of them then. How
one object ended last is what counts.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Protocol

import msgspec

from gitsync.application.record import Record, Records
from gitsync.fleet.members import Member
from gitsync.git.address import same_place
from gitsync.kube.index import application_of, is_own_mark
from gitsync.reporting.outbox import Subject
from gitsync.reporting.workflow import Ended, read_ended
from model.link import ExecutionFinished
from model.workflow import WorkflowExecution

MOST_KEPT = 20_000


class Clusters(Protocol):
    """Those that are followed."""

    def get(self, server: str) -> Member | None: ...

    def __iter__(self) -> Iterator[Member]: ...


class _Kept(msgspec.Struct):
    """`repository` is the one that it names, as the runtime calls it; "": none that it reads."""

    ended: Ended
    repository: str = ""
    rulers: tuple[str, ...] | None = None


class Executions:
    """`read_repositories` are those whose people's rights can be asked; `changed` is called with what can be told.

    `author_of` a commit in a repository is "" while it is not known; the subject is told again when it is.
    """

    def __init__(
        self,
        *,
        records: Records,
        fleet: Callable[[], Clusters],
        author_of: Callable[[str, str, Subject], str],
        access_repo_url: Callable[[Record], str],
        read_repositories: Callable[[], Iterable[str]],
        changed: Callable[[Subject], None],
        most_kept: int = MOST_KEPT,
    ) -> None:
        self._records = records
        self._fleet = fleet
        self._author_of = author_of
        self._access_repo_url = access_repo_url
        self._read_repositories = read_repositories
        self._changed = changed
        self._most_kept = most_kept
        self._kept: dict[str, _Kept] = {}
        self._waiting: dict[str, None] = {}  # those whose rulers are not known yet
        self._serving: set[str] = set()
        self._home_known = False

    def read(self, server: str, raw: bytes) -> None:
        """A cluster shows a Workflow. With its first one it is known to serve them, which is told at once."""
        if server not in self._serving:
            self._serving.add(server)
            self._changed(("cluster", server))
        member = self._fleet().get(server)
        ended = read_ended(raw, cluster=server, cluster_name=member.name) if member else None
        if member is None or ended is None:
            return
        uid = ended.execution.uid
        while len(self._kept) >= self._most_kept and uid not in self._kept:
            oldest = next(iter(self._kept))
            del self._kept[oldest]
            self._waiting.pop(oldest, None)
        self._kept[uid] = _Kept(ended)
        self._waiting[uid] = None
        if self._home_known and member.ready:
            self._tell(uid, member, self._places())

    def home_known(self) -> None:
        """All applications of the runtime are known from here on."""
        self._home_known = True
        for member in self._fleet():
            self.reached(member)

    def reached(self, member: Member) -> None:
        """A cluster may have been listed."""
        if not (self._home_known and member.ready and self._waiting):
            return
        places = self._places()
        for uid in list(self._waiting):
            if self._kept[uid].ended.execution.cluster == member.server:
                self._tell(uid, member, places)

    def subjects(self) -> list[Subject]:
        """All that can be told."""
        return [("execution", uid) for uid, kept in self._kept.items() if kept.rulers is not None]

    def item(self, uid: str) -> ExecutionFinished | None:
        kept = self._kept.get(uid)
        if kept is None or kept.rulers is None:
            return None
        execution = msgspec.structs.replace(kept.ended.execution, access_repo_urls=kept.rulers)
        return ExecutionFinished(self._with_author(execution, kept.repository))

    def _tell(self, uid: str, member: Member, places: Mapping[str, str]) -> None:
        kept = self._kept[uid]
        named = kept.ended.execution.repository
        kept.repository = places.get(same_place(named), "") if named else ""
        holder = self._holder(kept.ended, member)
        rulers = [self._access_repo_url(holder)] if holder is not None else []
        if named or not rulers:
            rulers.append(kept.repository)
        kept.rulers = tuple(dict.fromkeys(rulers))
        del self._waiting[uid]
        self._changed(("execution", uid))

    def _places(self) -> dict[str, str]:
        """How the runtime calls each repository that it reads, however a workflow spells it."""
        return {same_place(url): url for url in self._read_repositories()}

    def _holder(self, ended: Ended, member: Member) -> Record | None:
        """The application that holds the first of the objects that it comes from."""
        for key in ended.sources:
            live = member.cache.get(key)
            if live is None or not live.owner or not is_own_mark(live.owner, key):
                continue
            record = self._records.of_instance(application_of(live.owner))
            if record is not None and record.server in ("", member.server):  # "": not looked at yet
                return record
        return None

    def _with_author(self, execution: WorkflowExecution, repository: str) -> WorkflowExecution:
        """Git knows best who made the commit."""
        if not repository or not execution.commit:
            return execution
        author = self._author_of(repository, execution.commit, ("execution", execution.uid))
        return msgspec.structs.replace(execution, initiator=author) if author else execution
