"""What the loop asks of a controller."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Protocol

from gitsync.delivery.store import Store
from gitsync.manifest.object import JsonObject
from gitsync.rollout.values import Needed, Step
from model.identity import GroupVersionKind, ResourceKey


@dataclass(frozen=True, slots=True)
class Followed:
    """A kind that is watched from the start, in all namespaces. `optional`: clusters without it are fine."""

    gvk: GroupVersionKind
    label_selector: str = ""
    optional: bool = False


class Controller(Protocol):
    """Controls the objects of one kind. `look` may wait for others (a metric's provider), but writes nothing itself."""

    kind: GroupVersionKind
    followed: tuple[Followed, ...]
    component: str  # who the events say they come from

    def needs(self, body: JsonObject) -> tuple[Needed, ...]:
        """Objects of further kinds that `look` wants to see; they are followed from now on."""
        ...

    def concerned(self, changed: JsonObject, store: Store) -> Iterable[ResourceKey]:
        """Objects to look at because another one changed, besides its owners."""
        ...

    async def look(self, body: JsonObject, store: Store) -> Step:
        """What to write now. Raises a GitsyncError when it cannot tell; it is asked again later."""
        ...

    def refused(self, body: JsonObject, created: JsonObject, problem: str) -> Step:
        """What to write where the cluster refused to create `created`, besides trying again later."""
        ...

    def gone(self, body: JsonObject, store: Store) -> Step:
        """What to write because one of them was deleted."""
        ...

    def left_over(self, store: Store) -> Iterable[tuple[JsonObject, Step]]:
        """Objects that were deleted while nobody looked, as far as they can be told, each with what to write now."""
        ...
