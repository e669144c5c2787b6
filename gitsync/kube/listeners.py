"""Who hears of changes of live objects: of all, or of some. An event costs the same however many listen to others."""

from collections.abc import Callable, Collection

from gitsync.kube.index import LiveEvent
from model.identity import ResourceKey

Listener = Callable[[LiveEvent], None]


class Listeners:
    """Each `add` returns what ends it. Who listens to all is told before who listens to single objects."""

    def __init__(self) -> None:
        self._to_all: list[Listener] = []
        self._to_objects: dict[ResourceKey, list[Listener]] = {}

    def add(self, listener: Listener) -> Callable[[], None]:
        self._to_all.append(listener)
        return lambda: _drop(self._to_all, listener)

    def add_to(self, keys: Collection[ResourceKey], listener: Listener) -> Callable[[], None]:
        for key in keys:
            self._to_objects.setdefault(key, []).append(listener)

        def end() -> None:
            for key in keys:
                listeners = self._to_objects.get(key, [])
                _drop(listeners, listener)
                if not listeners:
                    self._to_objects.pop(key, None)

        return end

    def tell(self, event: LiveEvent) -> None:
        for listener in (*self._to_all, *self._to_objects.get(event.object.key, ())):
            listener(event)


def _drop(listeners: list[Listener], listener: Listener) -> None:
    if listener in listeners:
        listeners.remove(listener)
