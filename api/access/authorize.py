"""The one place that decides who may see and do what.

    may see      = may read the repository that rules the application (admins: also those that no repository rules)
    may change   = may write to it, and Git said so within the last minute
    runtimes and clusters: admins, and whoever may read a repository that the runtime reports

What somebody may not see looks exactly like what does not exist.
"""

import asyncio
import enum
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from weakref import WeakValueDictionary

from api.access.verdicts import Repository, Verdict, Verdicts
from api.access.viewer import Viewer
from api.errors import ApiError, Forbidden, NotVisible
from model.database import Database
from model.listing import ListedApplication, Visibility
from model.store import application as application_store
from model.store import audit as audit_store

REMEMBERED_SECONDS = 5.0
REMEMBERED_VIEWERS = 10_000


class Verb(enum.StrEnum):
    VIEW = "view"
    SYNC = "sync"
    EDIT = "edit"
    DELETE = "delete"


@dataclass(frozen=True, slots=True)
class Permission:
    """`unavailable`: it is not allowed only because nobody can say now whether it is."""

    allowed: bool
    reason: str = ""
    unavailable: ApiError | None = None


_ALLOWED = Permission(True)


@dataclass(frozen=True, slots=True)
class _Remembered:
    visibility: Visibility
    made: float


class Authority:
    """`authorize` for one thing, `visibility` for lists; both from the same verdicts."""

    def __init__(self, database: Database, verdicts: Verdicts, monotonic: Callable[[], float]) -> None:
        self.verdicts = verdicts
        self._database = database
        self._monotonic = monotonic
        self._repositories: frozenset[tuple[str, str]] = frozenset()
        self._repositories_read = float("-inf")
        self._noticed = 0  # how often what was remembered became out of date at once
        self._remembered: OrderedDict[tuple[str, bool], _Remembered] = OrderedDict()
        # All streams notice at once that what they know is too old: one asks, the others wait for its answer.
        self._asking: WeakValueDictionary[tuple[str, bool], asyncio.Lock] = WeakValueDictionary()
        self._reading = asyncio.Lock()

    async def authorize(self, viewer: Viewer, verb: Verb, application: ListedApplication) -> Permission:
        repository = application.summary.access_repo_url
        if verb is Verb.VIEW and viewer.sees is not None:
            return Permission(viewer.sees.allows(application))
        if verb is not Verb.VIEW and application.id.is_set:
            return Permission(False, "an ApplicationSet is changed in Git; what it generates can be synced")
        if verb in (Verb.EDIT, Verb.DELETE) and application.summary.parent and application.summary.parent.is_set:
            return Permission(False, f"ApplicationSet {application.summary.parent.name} generates it: change that one")
        if verb in (Verb.EDIT, Verb.DELETE) and application.summary.git_source is None:
            return Permission(False, "it is not managed through Git: no Git Source holds its manifest")
        if not repository:
            return _ALLOWED if viewer.is_admin else Permission(False, "only administrators: no repository rules it")
        return await self.authorize_repository(viewer, verb, application.runtime, repository)

    async def require(self, viewer: Viewer, verb: Verb, application: ListedApplication) -> None:
        """Raises NotVisible when the viewer may not even see it, Forbidden when only the verb is refused, and
        GitUnavailable or RuntimeUnavailable when nobody can say now."""
        if not (await self.authorize(viewer, Verb.VIEW, application)).allowed:
            raise not_visible(str(application.id))
        permission = await self.authorize(viewer, verb, application)
        if permission.unavailable is not None:
            raise permission.unavailable
        if not permission.allowed:
            raise Forbidden(
                f"you may not {verb.value} {application.id}: {permission.reason}",
                suggestion="ask for write permission on that repository, or check your Git credential",
            )

    async def require_push(self, viewer: Viewer, runtime: str, repository: str, deed: str, *, suggestion: str) -> None:
        """For what no application holds. Raises Forbidden, GitUnavailable, RuntimeUnavailable."""
        permission = await self.authorize_repository(viewer, Verb.EDIT, runtime, repository)
        if permission.unavailable is not None:
            raise permission.unavailable
        if not permission.allowed:
            raise Forbidden(f"you may not {deed}: {permission.reason}", suggestion=suggestion)

    async def visibility(self, viewer: Viewer) -> Visibility:
        if viewer.sees is not None:
            return viewer.sees
        key = (viewer.name, viewer.is_admin)
        if (known := self._known(key)) is not None:
            return known
        lock = self._asking.setdefault(key, asyncio.Lock())
        async with lock:
            return self._known(key) or await self._ask(viewer, key)

    def _known(self, key: tuple[str, bool]) -> Visibility | None:
        remembered = self._remembered.get(key)
        young = remembered is not None and self._monotonic() - remembered.made < REMEMBERED_SECONDS
        return remembered.visibility if remembered is not None and young else None

    async def _ask(self, viewer: Viewer, key: tuple[str, bool]) -> Visibility:
        now, noticed = self._monotonic(), self._noticed
        verdicts = await self.verdicts_of(viewer)
        readable = frozenset(repository for repository, verdict in verdicts.items() if verdict.read)
        visibility = Visibility(readable, orphans=viewer.is_admin)
        if noticed != self._noticed:  # made from what was known before: good for this once
            return visibility
        self._remembered[key] = _Remembered(visibility, now)
        self._remembered.move_to_end(key)
        if len(self._remembered) > REMEMBERED_VIEWERS:
            self._remembered.popitem(last=False)
        return visibility

    async def verdicts_of(self, viewer: Viewer) -> dict[Repository, Verdict]:
        """What Git says at every repository that is known."""
        return await self.verdicts.of(viewer.name, await self._all_repositories())

    async def authorize_repository(self, viewer: Viewer, verb: Verb, runtime: str, repo: str) -> Permission:
        """For what no application holds, such as commits: reading it is seeing it, pushing to it is changing it."""
        key = (runtime, repo)
        verdict = (await self.verdicts.of(viewer.name, [key]))[key]
        if verdict.read if verb is Verb.VIEW else verdict.write:
            return _ALLOWED
        reason = verdict.reason or f"Git gives you no right to {_needed(verb)} {repo}"
        return Permission(False, reason, self.verdicts.unavailable(runtime, verdict))

    async def may_see_runtime(self, viewer: Viewer, runtime: str) -> bool:
        return viewer.is_admin or runtime in (await self.visibility(viewer)).runtimes

    def notice(self, application: ListedApplication) -> None:
        """A repository that was not known yet makes every remembered visibility out of date."""
        repository = (application.runtime, application.summary.access_repo_url)
        if repository[1] and repository not in self._repositories:
            self.look_again()

    def forget(self, person: str) -> None:
        """The person's Git credentials changed: what they may do is asked anew."""
        self.verdicts.forget(person)
        self._noticed += 1
        for key in [key for key in self._remembered if key[0] == person]:
            del self._remembered[key]

    def look_again(self) -> None:
        """There is a repository that was not known: everything that was remembered without it is out of date."""
        self._noticed += 1
        self._repositories_read = float("-inf")
        self._remembered.clear()

    async def _all_repositories(self) -> frozenset[tuple[str, str]]:
        async with self._reading:
            now = self._monotonic()
            if now - self._repositories_read >= REMEMBERED_SECONDS:
                noticed = self._noticed
                async with self._database.read() as session:
                    read = frozenset((one.runtime, one.repo) for one in await audit_store.repositories(session))
                    self._repositories = read | await application_store.access_repositories(session)
                if noticed == self._noticed:
                    self._repositories_read = now
            return self._repositories


def not_visible(name: str) -> NotVisible:
    return NotVisible(
        f"{name} does not exist, or you may not see it",
        suggestion="check the name; to see it you need read permission on the repository that holds its manifest",
    )


def _needed(verb: Verb) -> str:
    return "read" if verb is Verb.VIEW else "write to"
