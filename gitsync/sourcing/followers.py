"""Which applications are concerned when refs move.

For every repository and followed ref there is one index of the paths that applications really read. When a ref moves,
the changed paths are found once and only the applications that read one of them are queued; the others cost nothing.
An application may follow several places: one for each source, wherever it reads files from.
"""

from collections.abc import Callable, Iterable, Mapping

from gitsync.application.source_read import Place
from gitsync.git.address import normalized
from gitsync.git.affected import AffectedIndex
from gitsync.git.closure import Closure
from gitsync.git.refs import RefsMoved
from gitsync.git.repositories import Repositories
from gitsync.supervisor import Supervisor
from model.identity import ApplicationKey

_NOTHING: Mapping[Place, Closure] = {}


class Followers:
    """Subscribes to each repository once for all of its readers. `on_affected` queues an application."""

    def __init__(
        self,
        repositories: Repositories,
        *,
        supervisor: Supervisor,
        on_affected: Callable[[ApplicationKey], None],
        on_repository: Callable[[str], None],
    ) -> None:
        self._repositories = repositories
        self._supervisor = supervisor
        self._on_affected = on_affected
        self._on_repository = on_repository
        self._indexes: dict[Place, AffectedIndex[ApplicationKey]] = {}
        self._places: dict[ApplicationKey, frozenset[Place]] = {}
        self._urls: dict[ApplicationKey, dict[str, str]] = {}
        self._readers: dict[str, set[ApplicationKey]] = {}
        self._unsettled: set[ApplicationKey] = set()
        self.affected_total = 0

    def begin(self, key: ApplicationKey, urls: Iterable[str]) -> None:
        """The application reads these repositories. Until `follow` says what of them, every move concerns it."""
        now = {normalized(url): url for url in urls}
        before = self._urls.get(key, {})
        if now.keys() != before.keys():
            for place in before.keys() - now.keys():
                self._leave(key, place, before[place])
            for place in now.keys() - before.keys():
                self._join(key, place, now[place])
            self._urls[key] = now
        self._unsettled.add(key)

    def follow(self, key: ApplicationKey, places: Mapping[Place, Closure]) -> None:
        """This is what it read, and nothing else concerns it."""
        for gone in self._places.get(key, frozenset()) - places.keys():
            self._remove(key, gone)
        for place, closure in places.items():
            self._indexes.setdefault(place, AffectedIndex()).put(key, closure)
        self._places[key] = frozenset(places)
        self._unsettled.discard(key)

    def forget(self, key: ApplicationKey) -> None:
        """The application is gone; one that was never rendered reads nothing."""
        self.begin(key, ())
        self.follow(key, _NOTHING)
        self._urls.pop(key, None)
        self._places.pop(key, None)

    def _join(self, key: ApplicationKey, place: str, url: str) -> None:
        readers = self._readers.setdefault(place, set())
        if not readers:
            self._repositories.subscribe(url, self._refs_moved)
        readers.add(key)

    def _leave(self, key: ApplicationKey, place: str, url: str) -> None:
        readers = self._readers[place]
        readers.discard(key)
        if not readers:
            del self._readers[place]
            self._repositories.unsubscribe(url, self._refs_moved)

    def _remove(self, key: ApplicationKey, place: Place) -> None:
        index = self._indexes[place]
        index.remove(key)
        if not len(index):
            del self._indexes[place]

    def _refs_moved(self, event: RefsMoved) -> None:
        self._supervisor.spawn(f"moved refs of {normalized(event.url)}", self._take_moves(event))

    async def _take_moves(self, event: RefsMoved) -> None:
        """Queue exactly those whose inputs changed, and those that could not be rendered until now."""
        url = normalized(event.url)
        concerned = self._unsettled & self._readers.get(url, set())
        for move in event.moves:
            place = Place(url, move.ref)
            index = self._indexes.get(place)
            if index is None:
                continue
            if move.old is None or move.new is None:
                concerned |= {key for key, places in self._places.items() if place in places}
                continue
            changed = await self._repositories.changed_paths(event.url, move.old, move.new)
            concerned |= index.affected(changed)
        self.affected_total += len(concerned)
        for key in concerned:
            self._on_affected(key)
        self._on_repository(event.url)
