"""Which applications wait for which, kept by what their annotations say: who is blocked, and whom to look at again."""

from collections.abc import Callable
from datetime import datetime, timedelta

from gitsync.application.record import Record, Records, Stage
from gitsync.plan.dependencies import (
    DEPENDS_ON_ANNOTATION,
    Declared,
    Standing,
    blocked_by,
    cycle_through,
    declared,
    spelled,
    told_cycle,
)
from model.identity import ApplicationKey
from model.kinds.application import ApplicationCondition

BLOCKED = "DependencyWarning"
BROKEN = "DependencyError"
_TOGETHER = timedelta(seconds=3)  # what is deleted together may be deleted one after the other
_NOTHING = Declared()


class Dependencies:
    """`operating`: an operation of the application runs."""

    def __init__(self, records: Records, *, operating: Callable[[Record], bool], now: Callable[[], datetime]) -> None:
        self._records = records
        self._operating = operating
        self._now = now
        self._declared: dict[ApplicationKey, Declared] = {}
        self._dependents: dict[ApplicationKey, set[ApplicationKey]] = {}
        self._words: dict[ApplicationKey, str] = {}
        self._blocked: set[ApplicationKey] = set()

    def seen(self, record: Record) -> bool:
        """The Application came or changed. True if it depends on others than before."""
        written = (record.application.metadata.annotations or {}).get(DEPENDS_ON_ANNOTATION, "")
        said = declared(written, record.key.namespace) if written else _NOTHING
        before = self._declared.get(record.key, _NOTHING)
        if said == before:
            return False
        for key in before.keys:
            self._dependents[key].discard(record.key)
            if not self._dependents[key]:
                del self._dependents[key]
        for key in said.keys:
            self._dependents.setdefault(key, set()).add(record.key)
        if said == _NOTHING:
            self._declared.pop(record.key, None)
        else:
            self._declared[record.key] = said
        return True

    def gone(self, record: Record) -> tuple[ApplicationKey, ...]:
        """The Application is gone: whom that may concern, in either direction."""
        said = self._declared.pop(record.key, _NOTHING)
        for key in said.keys:
            self._dependents[key].discard(record.key)
            if not self._dependents[key]:
                del self._dependents[key]
        self._words.pop(record.key, None)
        self._blocked.discard(record.key)
        return (*said.keys, *self._dependents.get(record.key, ()))

    def concerned(self, record: Record) -> tuple[ApplicationKey, ...]:
        """Dependents to look at, because how this application does has changed."""
        dependents = self._dependents.get(record.key)
        if not dependents:
            self._words.pop(record.key, None)
            return ()
        word, before = self._standing(record).word, self._words.get(record.key)
        self._words[record.key] = word
        if word != before:
            return tuple(dependents)
        return () if word else tuple(dependents & self._blocked)

    def check(self, record: Record) -> str:
        """Why the application may not be synced now, or "". A condition says the same."""
        if broken := self.tell_broken(record):
            return broken
        said = self._declared.get(record.key, _NOTHING)
        found = {key: self._records.get(key) for key in said.keys}
        standings = {key: self._standing(one) for key, one in found.items() if one is not None}
        why = blocked_by(said.keys, standings, namespace=record.key.namespace)
        if why:
            self._blocked.add(record.key)
            record.conditions[Stage.DEPENDENCY] = (ApplicationCondition(BLOCKED, f"Sync operation {why}"),)
        return why

    def tell_broken(self, record: Record) -> str:
        """What is wrong with the dependencies themselves, whether a sync is due or not. The condition becomes that."""
        self._blocked.discard(record.key)
        record.clear(Stage.DEPENDENCY)
        said = self._declared.get(record.key, _NOTHING)
        why = f"blocked: {said.problem}" if said.problem else ""
        if cycle := self._cycle(record.key):
            why = told_cycle(cycle, record.key.namespace)
        if why:
            record.conditions[Stage.DEPENDENCY] = (ApplicationCondition(BROKEN, f"Sync operation {why}"),)
        return why

    def _cycle(self, key: ApplicationKey) -> tuple[ApplicationKey, ...]:
        return cycle_through(key, lambda one: self._declared.get(one, _NOTHING).keys)

    def holding_deletion(self, record: Record) -> str:
        """Which dependents have to go first, or "". Those that stay hold nothing up for longer than a moment."""
        since = record.application.metadata.deletion_timestamp
        young = since is not None and self._now() - since < _TOGETHER
        found = [self._records.get(key) for key in sorted(self._dependents.get(record.key, ()), key=str)]
        holding = [one.key for one in found if one is not None and one is not record and (one.deleting or young)]
        if not holding or self._cycle(record.key):
            return ""
        return "waits until what depends on it is gone: " + ", ".join(spelled(k, record.key.namespace) for k in holding)

    def _standing(self, record: Record) -> Standing:
        return Standing(
            sync=record.sync,
            health=record.health,
            operating=(record.operating if record.elsewhere else self._operating(record))
            or (record.raw.get("operation") is not None and not record.operation_to_remove),
            settled=record.elsewhere or (not record.comparing and record.refresh is None),
            deleting=record.deleting,
        )
