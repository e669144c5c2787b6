"""What is known of one application's objects, with counters, so that one event costs the same however many there are.

Each object's verdict is a memo: it holds as long as the desired digest, the live resource version and the ignore rules
that it was made from. Sync and health of the application are read off the counters. Pure bookkeeping; the verdicts
come from `gitsync.reconcile.compare`.
"""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

from model.health import Health, HealthReport, Sync
from model.identity import ResourceKey

_MAX_CAUSES = 3  # the application's health message names no more than these


@dataclass(frozen=True, slots=True)
class MemoKey:
    """What a verdict was made from. `desired` or `live` is "" when there is no such side."""

    desired: str
    live: str
    ignore: str


@dataclass(frozen=True, slots=True)
class ObjectVerdict:
    """One object of the application: compared and judged.

    `counts_for_sync` is False for objects marked IgnoreExtraneous and for copies whose tracking mark names another
    object; `counts_for_health` is False where the object asks for it or has no health.
    """

    key: ResourceKey
    version: str
    memo: MemoKey
    sync: Sync
    health: HealthReport | None
    exists: bool
    desired: bool
    requires_pruning: bool = False
    hook: bool = False
    wave: int = 0
    counts_for_sync: bool = True
    shows_sync: bool = True  # copies and objects that are left alone have no state of their own
    counts_for_health: bool = True
    images: tuple[str, ...] = ()
    urls: tuple[str, ...] = ()
    problem: str = ""
    asks_before_deletion: bool = False

    @property
    def is_out_of_sync(self) -> bool:
        """And that is the application's business."""
        return self.sync is Sync.OUT_OF_SYNC and self.counts_for_sync and not self.hook

    @property
    def sync_shown(self) -> str:
        return self.sync.value if self.shows_sync and not self.hook else ""


class ApplicationState:
    """Verdicts of one application, counted."""

    def __init__(self) -> None:
        self._verdicts: dict[ResourceKey, ObjectVerdict] = {}
        self._sync: Counter[Sync] = Counter()
        self._health: Counter[Health] = Counter()
        self._existing = 0
        self._prunes_only = 0

    def __len__(self) -> int:
        return len(self._verdicts)

    def __iter__(self) -> Iterator[ObjectVerdict]:
        return iter(self._verdicts.values())

    def get(self, key: ResourceKey) -> ObjectVerdict | None:
        return self._verdicts.get(key)

    def keys(self) -> set[ResourceKey]:
        return set(self._verdicts)

    def put(self, verdict: ObjectVerdict) -> bool:
        """Replace the object's verdict. True if anything that is shown changed."""
        old = self._verdicts.get(verdict.key)
        if old == verdict:
            return False
        if old is not None:
            self._count(old, -1)
        self._count(verdict, 1)
        self._verdicts[verdict.key] = verdict
        return old is None or _shown(old) != _shown(verdict)

    def remove(self, key: ResourceKey) -> bool:
        old = self._verdicts.pop(key, None)
        if old is None:
            return False
        self._count(old, -1)
        return True

    def clear(self) -> None:
        self.__init__()  # type: ignore[misc] # starts over; nobody derives from this class

    @property
    def sync(self) -> Sync:
        """Out of sync beats unknown: what is surely wrong is shown before what cannot be told."""
        if self._sync[Sync.OUT_OF_SYNC]:
            return Sync.OUT_OF_SYNC
        return Sync.UNKNOWN if self._sync[Sync.UNKNOWN] else Sync.SYNCED

    @property
    def out_of_sync(self) -> int:
        return self._sync[Sync.OUT_OF_SYNC]

    @property
    def prunes(self) -> int:
        """Objects that Git does not want any more."""
        return self._prunes_only

    @property
    def only_prunes_missing(self) -> bool:
        """Everything that is out of sync would be pruned."""
        return 0 < self._prunes_only == self._sync[Sync.OUT_OF_SYNC]

    @property
    def would_prune_all(self) -> bool:
        """A sync with pruning would leave nothing: no object of the application is desired any more."""
        ordinary = [one for one in self._verdicts.values() if not one.hook]
        return any(one.requires_pruning for one in ordinary) and not any(one.desired for one in ordinary)

    @property
    def health(self) -> Health:
        """The worst of the objects that exist. Missing ones count only when none exists at all, as in Argo CD."""
        if not self._verdicts:
            return Health.HEALTHY
        if not self._existing and self._health[Health.MISSING]:
            return Health.MISSING
        present = (health for health, count in self._health.items() if count and health is not Health.MISSING)
        return max(present, key=lambda health: health.severity, default=Health.HEALTHY)

    def health_message(self) -> str:
        """Up to three objects that make the health what it is, with their reasons."""
        health = self.health
        if health in (Health.HEALTHY, Health.MISSING):
            return ""
        causes = [
            f"{one.key.kind} {one.key.name}: {one.health.message or one.health.status}"
            for one in self._verdicts.values()
            if one.health is not None and one.counts_for_health and one.health.status is health
        ]
        more = f" and {len(causes) - _MAX_CAUSES} more" if len(causes) > _MAX_CAUSES else ""
        return "; ".join(sorted(causes)[:_MAX_CAUSES]) + more

    def sorted(self) -> list[ObjectVerdict]:
        """In the order in which the status lists them."""
        return sorted(self._verdicts.values(), key=lambda one: one.key)

    def _count(self, verdict: ObjectVerdict, step: int) -> None:
        if verdict.counts_for_sync and not verdict.hook:
            self._sync[verdict.sync] += step
            if verdict.requires_pruning and verdict.sync is Sync.OUT_OF_SYNC:
                self._prunes_only += step
        if verdict.exists and not verdict.hook:
            self._existing += step
        if verdict.counts_for_health and not verdict.hook and verdict.health is not None:
            self._health[verdict.health.status] += step


def _shown(verdict: ObjectVerdict) -> tuple[object, ...]:
    return (
        verdict.version,
        verdict.sync,
        verdict.health,
        verdict.requires_pruning,
        verdict.hook,
        verdict.wave,
        verdict.counts_for_sync,
        verdict.shows_sync,
        verdict.images,
        verdict.urls,
        verdict.problem,
    )
