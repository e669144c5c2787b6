"""Applications that wait for others: what an annotation declares, who blocks whom, and cycles. Pure.

An application names those it depends on; it is synced only while all of them are Synced and Healthy, and deletions go
the other way round.
"""

import re
from collections import deque
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from model.health import Health, Sync
from model.identity import ApplicationKey

DEPENDS_ON_ANNOTATION = "argosy.io/depends-on"

_NAME = re.compile(r"(?:([a-z0-9][a-z0-9.-]{0,252})/)?([a-z0-9][a-z0-9.-]{0,252})")
_MOST = 100
_MOST_NAMED = 3


@dataclass(frozen=True, slots=True)
class Declared:
    """`problem` says what of the annotation cannot be read; then nothing is known, and nothing may be synced."""

    keys: tuple[ApplicationKey, ...] = ()
    problem: str = ""


@dataclass(frozen=True, slots=True)
class Standing:
    """How an application does. `settled` is False while it is about to be compared."""

    sync: Sync
    health: Health
    operating: bool = False
    settled: bool = True
    deleting: bool = False

    @property
    def word(self) -> str:
        """ "" when others may build on it."""
        if self.deleting:
            return "being deleted"
        if self.operating:
            return "syncing"
        if not self.settled:
            return "being compared"
        if self.sync is not Sync.SYNCED:
            return self.sync.value
        return "" if self.health is Health.HEALTHY else self.health.value


def declared(annotation: str, namespace: str) -> Declared:
    """Names, or namespace/name, separated by commas or written as a YAML list."""
    keys: dict[ApplicationKey, None] = {}
    for written in re.split(r"[,\n\[\]]", annotation):
        name = written.partition(" #")[0].strip().removeprefix("- ").strip().strip("'\"")
        if not name:
            continue
        found = _NAME.fullmatch(name)
        if found is None:
            return Declared(problem=f"{DEPENDS_ON_ANNOTATION}: {name!r:.100} is no name of an application")
        keys[ApplicationKey(found[1] or namespace, found[2])] = None
    if len(keys) > _MOST:
        return Declared(problem=f"{DEPENDS_ON_ANNOTATION} names more than {_MOST} applications")
    return Declared(tuple(keys))


def cycle_through(
    key: ApplicationKey, depends_on: Callable[[ApplicationKey], Iterable[ApplicationKey]]
) -> tuple[ApplicationKey, ...]:
    """The shortest way from an application over its dependencies back to itself; () when there is none."""
    came_from: dict[ApplicationKey, ApplicationKey] = {}
    todo = deque([key])
    while todo:
        here = todo.popleft()
        for there in depends_on(here):
            if there == key:
                way = [key, here]
                while way[-1] != key:
                    way.append(came_from[way[-1]])
                return tuple(reversed(way)) if here != key else (key, key)
            if there not in came_from:
                came_from[there] = here
                todo.append(there)
    return ()


def blocked_by(keys: Iterable[ApplicationKey], standings: Mapping[ApplicationKey, Standing], *, namespace: str) -> str:
    """ "blocked by X (Progressing)", or "". Names of the own namespace stand alone."""
    words = {key: standings[key].word if key in standings else "does not exist" for key in keys}
    blocking = [f"{spelled(key, namespace)} ({word})" for key, word in words.items() if word]
    if not blocking:
        return ""
    more = f" and {len(blocking) - _MOST_NAMED} more" if len(blocking) > _MOST_NAMED else ""
    return f"blocked by {', '.join(blocking[:_MOST_NAMED])}{more}"


def spelled(key: ApplicationKey, namespace: str) -> str:
    return key.name if key.namespace == namespace else str(key)


def told_cycle(cycle: Iterable[ApplicationKey], namespace: str) -> str:
    return "blocked by a cycle of dependencies: " + " -> ".join(spelled(key, namespace) for key in cycle)
