"""What happens in one replica of the control plane and concerns what all of them keep in memory, as values.

`tell` carries a tiding out here and passes it on to the other replicas; `take` carries out one that came from there.
Never waits for anybody: a replica that does not read what it is told loses its line, and reads everything anew.
Before it: whoever changes something; after it: the parts that remember, and `api.replicas`.
"""

import asyncio
from collections.abc import Callable

import msgspec

from api.access.authorize import Authority
from api.access.favorites import Favorites
from api.live.activity import Activity
from api.live.changes import Changes
from api.live.news import News
from model.notification import Notification
from model.store.report import ApplicationChange

QUEUED_TIDINGS = 1024


class _Tiding(msgspec.Struct, frozen=True, tag_field="_", tag=True, omit_defaults=True):
    """Settings that all share: the class name is the tag."""


class Reported(_Tiding, frozen=True):
    """A runtime's report was taken in. `hold`: the number of the link that it came by."""

    runtime: str
    hold: int
    changes: tuple[ApplicationChange, ...] = ()
    notifications: tuple[Notification, ...] = ()
    runtime_changed: bool = False


class Noted(_Tiding, frozen=True):
    """Commits were taken in. `new_repository`: one that nobody had read before."""

    notifications: tuple[Notification, ...] = ()
    new_repository: bool = False


class Registered(_Tiding, frozen=True):
    """A runtime was registered, set up, or removed."""

    runtime: str
    removed: bool = False


class CredentialChanged(_Tiding, frozen=True):
    """What Git allows this person has to be asked anew."""

    person: str


class SignInEnded(_Tiding, frozen=True):
    """Somebody's session, token or rights: open streams look whether they may stay."""

    name: str


class Starred(_Tiding, frozen=True):
    person: str
    changes: tuple[ApplicationChange, ...] = ()


class Hinted(_Tiding, frozen=True):
    """A webhook came; (): it does not say for which repository."""

    repo_urls: tuple[str, ...] = ()


Tiding = Reported | Noted | Registered | CredentialChanged | SignInEnded | Starred | Hinted


class Tidings:
    """`hint` passes addresses of repositories on to the runtimes that are linked here."""

    def __init__(
        self,
        *,
        changes: Changes,
        activity: Activity,
        runtimes: News,
        revoked: News,
        authority: Authority,
        favorites: Favorites,
        hint: Callable[[tuple[str, ...]], None],
    ) -> None:
        self._changes = changes
        self._activity = activity
        self._runtimes = runtimes
        self._revoked = revoked
        self._authority = authority
        self._favorites = favorites
        self._hint = hint
        self._listeners: set[Listener] = set()

    def tell(self, tiding: Tiding) -> None:
        self.take(tiding)
        for listener in self._listeners:
            listener.put(tiding)

    def take(self, tiding: Tiding) -> None:
        match tiding:
            case Reported():
                for change in tiding.changes:
                    if change.after is not None:
                        self._authority.notice(change.after)
                self._changes.publish(tiding.changes)
                self._activity.publish(tiding.notifications)
                if tiding.runtime_changed:
                    self._runtimes.tell(tiding.runtime)
            case Noted():
                if tiding.new_repository:
                    self._authority.look_again()
                self._activity.publish(tiding.notifications)
            case Registered():
                if tiding.removed:
                    self._authority.look_again()
                self._runtimes.tell(tiding.runtime)
            case CredentialChanged(person=person):
                self._authority.forget(person)
            case SignInEnded(name=name):
                self._revoked.tell(name)
            case Starred():
                self._favorites.forget(tiding.person)
                self._changes.publish(tiding.changes)
            case Hinted(repo_urls=urls):
                self._hint(urls)

    def listen(self) -> "Listener":
        listener = Listener(self._listeners.discard)
        self._listeners.add(listener)
        return listener


class Listener:
    """What is told from now on, for one other replica."""

    def __init__(self, leave: Callable[["Listener"], None]) -> None:
        self._leave = leave
        self._queue: asyncio.Queue[Tiding] = asyncio.Queue(QUEUED_TIDINGS)
        self.lost = asyncio.Event()  # set: it did not read fast enough, and misses something

    def put(self, tiding: Tiding) -> None:
        try:
            self._queue.put_nowait(tiding)
        except asyncio.QueueFull:
            self.lost.set()

    async def next(self) -> Tiding:
        return await self._queue.get()

    def close(self) -> None:
        self._leave(self)
