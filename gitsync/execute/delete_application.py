"""Takes an application's objects away when the application is deleted: highest wave first, each wave gone before the
next begins.

Objects with the sync option `Delete=false` stay (the object's own word before the application's), and so do those that
Helm is to keep, and whatever no longer carries this application's mark. One with `Delete=confirm` waits for approval.
"""

import asyncio
from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass, field
from itertools import groupby

from gitsync.errors import GitsyncError
from gitsync.execute.hooks import end_hook
from gitsync.execute.live import LiveView, Watched
from gitsync.execute.ownership import MarkOf
from gitsync.execute.remove_object import Propagation, Removal, remove_object
from gitsync.execute.result import failed_message
from gitsync.kube.client import Cluster
from gitsync.manifest.annotations import sync_wave
from gitsync.manifest.object import LiveObject
from gitsync.plan.hooks import HOOK_FINALIZER
from gitsync.plan.options import DELETION_APPROVED_ANNOTATION, Options, asked, object_options
from model.identity import ResourceKey

_HELM_KEEPS = ("helm.sh/resource-policy", "keep")


@dataclass(frozen=True, slots=True)
class Deletion:
    """How it ended. `kept` says why an object stays, `failed` why one could not be deleted."""

    deleted: tuple[ResourceKey, ...] = ()
    kept: dict[ResourceKey, str] = field(default_factory=dict)
    failed: dict[ResourceKey, str] = field(default_factory=dict)

    @property
    def complete(self) -> bool:
        """Whether the application itself may go."""
        return not self.failed


async def delete_application(
    objects: Collection[LiveObject],
    *,
    cluster: Cluster,
    live: LiveView,
    application: str,
    propagation: Propagation = "Foreground",
    options: Options | None = None,
    approved: bool = False,
    on_progress: Callable[[str], None] | None = None,
) -> Deletion:
    """Deletes `objects` (what the cache says the application owns) and waits until they are gone.

    Waits as long as finalizers take; cancel it to stop. After a wave with failures nothing further is deleted.
    `options` are the application's; `approved`: somebody has confirmed the deletion of objects with `Delete=confirm`.
    """
    ending = Deletion()
    deleted: list[ResourceKey] = []
    by_wave = sorted(objects, key=_wave, reverse=True)
    for _, wave in groupby(by_wave, key=_wave):
        going: dict[ResourceKey, str] = {}
        with Watched(live, {one.key for one in objects}) as watched:
            removing = _Removing(
                cluster, application, propagation, options or {}, approved, ending, going, live.mark_of
            )
            async with asyncio.TaskGroup() as group:
                for one in wave:
                    group.create_task(removing.remove(one))
            await _all_gone(live, watched, going, on_progress)
        deleted += going
        if ending.failed:
            break
    return Deletion(tuple(deleted), ending.kept, ending.failed)


@dataclass(frozen=True, slots=True)
class _Removing:
    """One wave under way; `going` collects the uids that are on their way out."""

    cluster: Cluster
    application: str
    propagation: Propagation
    options: Options
    approved: bool
    ending: Deletion
    going: dict[ResourceKey, str]
    mark_of: MarkOf

    async def remove(self, one: LiveObject) -> None:
        if why := self._why_kept(one):
            self.ending.kept[one.key] = why
            return
        try:
            removed = await remove_object(
                self.cluster, one, self.application, policy=self.propagation, mark_of=self.mark_of
            )
            if HOOK_FINALIZER in one.finalizers and removed.outcome is not Removal.KEPT:
                await end_hook(self.cluster, one.gvk, one.key, self.application, remove=False)
        except GitsyncError as error:
            self.ending.failed[one.key] = failed_message(error)
            return
        if removed.outcome is Removal.KEPT:
            self.ending.kept[one.key] = removed.why
        else:
            self.going[one.key] = one.uid

    def _why_kept(self, one: LiveObject) -> str:
        own = object_options(one.annotations)
        if asked("Delete", own, self.options, "false"):
            return "its sync option Delete=false keeps it"
        name, value = _HELM_KEEPS
        if one.annotations.get(name) == value:
            return f"{name}: {value} keeps it"
        if asked("Delete", own, self.options, "confirm") and not self.approved:
            approve = f"set {DELETION_APPROVED_ANNOTATION} on the application to the present time"
            self.ending.failed[one.key] = (
                f"{one.key} waits for somebody to approve its deletion (Delete=confirm): {approve}"
            )
            return "its deletion is not approved"
        return ""


async def _all_gone(
    live: LiveView, watched: Watched, going: dict[ResourceKey, str], on_progress: Callable[[str], None] | None
) -> None:
    while left := list(_left(live, going)):
        if on_progress:
            on_progress(_waiting(live, left))
        await watched.changed()


def _left(live: LiveView, going: dict[ResourceKey, str]) -> Iterable[ResourceKey]:
    for key, uid in going.items():
        known = live.get(key)
        if known is not None and known.uid == uid and not live.blind_to(key.group, key.kind):
            yield key


def _waiting(live: LiveView, left: list[ResourceKey]) -> str:
    first = live.get(left[0])
    held = f" (finalizers: {', '.join(first.finalizers)})" if first and first.finalizers else ""
    more = f" and {len(left) - 1} more" if len(left) > 1 else ""
    return f"waiting for deletion of {left[0]}{held}{more}"


def _wave(live: LiveObject) -> int:
    return sync_wave(_annotated(live))


def _annotated(live: LiveObject) -> dict[str, dict[str, dict[str, str]]]:
    return {"metadata": {"annotations": live.annotations}}
