"""Live trees for viewers: one per application that somebody looks at, however many look.

The first viewer builds the tree; changes are computed once, coalesced, and handed to every viewer. A viewer who is too
slow to take them gets a new snapshot instead of a growing queue.
"""

import asyncio
from collections.abc import AsyncIterator, Callable

from gitsync.application.actions import ActionsOf
from gitsync.application.record import Record, Records
from gitsync.application.tree import build_node, build_tree, node_id
from gitsync.fleet.members import Fleet, Member
from gitsync.fleet.visibility import Visibility
from gitsync.manifest.object import LiveObject
from model.identity import ApplicationKey, ResourceKey
from model.link import TreeChange, TreeNode

_COALESCE_SECONDS = 0.03
_QUEUED_CHANGES = 64  # per viewer; more means the viewer does not keep up


class _Viewer:
    """One open stream. `lost`: it missed changes and needs a snapshot."""

    def __init__(self) -> None:
        self.changes: asyncio.Queue[TreeChange] = asyncio.Queue(_QUEUED_CHANGES)
        self.lost = False

    def offer(self, change: TreeChange) -> None:
        if self.lost:
            return
        try:
            self.changes.put_nowait(change)
        except asyncio.QueueFull:
            self.lost = True


class _Feed:
    """The tree of one application and who looks at it."""

    def __init__(self) -> None:
        self.nodes: dict[str, TreeNode] = {}
        self.version = 0
        self.viewers: set[_Viewer] = set()
        self.dirty: set[ResourceKey] = set()
        self.all_dirty = False
        self.timer: asyncio.TimerHandle | None = None


class TreeFeeds:
    """All feeds of the runtime."""

    def __init__(
        self, records: Records, fleet: Callable[[], Fleet], actions: ActionsOf, visibility: Visibility
    ) -> None:
        self._visibility = visibility
        self._records = records
        self._fleet = fleet
        self._actions = actions
        self._feeds: dict[ApplicationKey, _Feed] = {}

    @property
    def open(self) -> int:
        return len(self._feeds)

    async def watch(self, key: ApplicationKey) -> AsyncIterator[TreeChange]:
        """A snapshot, then changes, until the caller stops."""
        feed = self._feeds.get(key)
        if feed is None:
            feed = self._feeds[key] = _Feed()
            feed.nodes = self.tree(key)
            feed.version = 1
        viewer = _Viewer()
        feed.viewers.add(viewer)
        try:
            yield self._snapshot(feed)
            while True:
                change = await viewer.changes.get()
                if viewer.lost:
                    viewer.changes = asyncio.Queue(_QUEUED_CHANGES)
                    viewer.lost = False
                    change = self._snapshot(feed)
                yield change
        finally:
            feed.viewers.discard(viewer)
            if not feed.viewers and self._feeds.get(key) is feed:
                if feed.timer is not None:
                    feed.timer.cancel()
                del self._feeds[key]

    def tree(self, key: ApplicationKey) -> dict[str, TreeNode]:
        record, member = self._look(key)
        if record is None or member is None:
            return {}
        verdicts = {one.key: one for one in record.state}
        orphans = [live for key in record.orphans if (live := member.cache.get(key)) is not None]
        objects = self.objects(record, member)
        return build_tree(member.server, objects, verdicts, actions=self._actions, orphans=orphans)

    def objects(self, record: Record, member: Member) -> list[LiveObject]:
        """Everything that lives of the application: marked, wanted, or owned by one of those."""
        found = {live.key: live for live in member.cache.tree_of(record.instance)}
        for verdict in record.state:
            if verdict.key not in found and (live := member.cache.get(verdict.key)) is not None:
                found[live.key] = live
        foreign = [key for key, live in found.items() if not live.owners and record.state.get(key) is None]
        for key in foreign:
            del found[key]
        return [live for live in found.values() if not self._visibility.hides(record, member, live)]

    def changed(self, key: ApplicationKey, object_key: ResourceKey | None) -> None:
        """An object of the application changed; None: any of them may have."""
        feed = self._feeds.get(key)
        if feed is None:
            return
        if object_key is None:
            feed.all_dirty = True
        else:
            feed.dirty.add(object_key)
        if feed.timer is None:
            feed.timer = asyncio.get_running_loop().call_later(_COALESCE_SECONDS, self._flush, key, feed)

    def _flush(self, key: ApplicationKey, feed: _Feed) -> None:
        feed.timer = None
        dirty, everything = feed.dirty, feed.all_dirty
        feed.dirty, feed.all_dirty = set(), False
        upserted, removed = self._rebuilt(key, feed) if everything else self._touched(key, feed, dirty)
        if not upserted and not removed:
            return
        feed.nodes.update({node.id: node for node in upserted})
        for gone in removed:
            feed.nodes.pop(gone, None)
        feed.version += 1
        change = TreeChange(version=feed.version, upserted=upserted, removed=removed)
        for viewer in feed.viewers:
            viewer.offer(change)

    def _rebuilt(self, key: ApplicationKey, feed: _Feed) -> tuple[tuple[TreeNode, ...], tuple[str, ...]]:
        now = self.tree(key)
        upserted = tuple(node for id_, node in now.items() if feed.nodes.get(id_) != node)
        return upserted, tuple(id_ for id_ in feed.nodes if id_ not in now)

    def _touched(
        self, key: ApplicationKey, feed: _Feed, dirty: set[ResourceKey]
    ) -> tuple[tuple[TreeNode, ...], tuple[str, ...]]:
        record, member = self._look(key)
        if record is None or member is None:
            return (), tuple(feed.nodes)
        index = member.cache.index

        def parent_of(uid: str) -> ResourceKey | None:
            live = index.with_uid(uid)
            return live.key if live is not None else None

        upserted, removed = [], []
        for object_key in dirty:
            live, verdict = index.get(object_key), record.state.get(object_key)
            id_ = node_id(member.server, object_key)
            if verdict is None and (live is None or not live.owners or self._visibility.hides(record, member, live)):
                if id_ in feed.nodes:
                    removed.append(id_)
                continue
            node = build_node(
                member.server,
                key=object_key,
                live=live,
                verdict=verdict,
                parent_of=parent_of,
                actions=self._actions,
            )
            if feed.nodes.get(id_) != node:
                upserted.append(node)
        return tuple(upserted), tuple(removed)

    def _snapshot(self, feed: _Feed) -> TreeChange:
        return TreeChange(version=feed.version, upserted=tuple(feed.nodes.values()), snapshot=True)

    def _look(self, key: ApplicationKey) -> tuple[Record | None, Member | None]:
        record = self._records.get(key)
        return record, self._fleet().get(record.server) if record is not None else None
