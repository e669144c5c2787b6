"""The live objects of one cluster in memory, found by key, uid, owner, application and node. No I/O.

Each change costs a few dictionary operations, whatever the number of objects. Writes come from `gitsync.kube.cache`
only; everybody may read.
"""

import sys
from collections.abc import Collection, Iterator

import msgspec

from gitsync.kube.claims import ClaimOwners, with_maker
from gitsync.kube.observed import Observed
from gitsync.kube.sharing import shared_facts, shared_owners, shared_pairs
from gitsync.manifest.object import Facts, LiveObject
from gitsync.manifest.tracking import DEFAULT_TRACKING, TrackingSettings, mark_in, parse_tracking
from model.identity import ResourceKey

_MAX_OWNER_DEPTH = 16  # no real chain is longer; a loop of owner references must end
_MAX_ANNOTATION = 256  # characters kept of an annotation's value; longer ones (last-applied) are in `raw`, if at all
_OURS = "argocd.argoproj.io/"
_NO_FACTS = Facts()
_NONE: dict[ResourceKey, LiveObject] = {}


class LiveEvent(msgspec.Struct, frozen=True):
    """One change: `old` None is a creation, `new` None a deletion.

    `roots` are the applications concerned, as tracking ids name them ("name" or "namespace_name"): those whose mark
    the object or one of its owners carries, before or after.
    """

    old: LiveObject | None
    new: LiveObject | None
    roots: tuple[str, ...]

    @property
    def object(self) -> LiveObject:
        """The newest state that is known."""
        live = self.new or self.old
        assert live is not None
        return live

    @property
    def looks_different(self) -> bool:
        """Whether the object came, went, or says something else in the tree."""
        return self.old is None or self.new is None or self.old.facts != self.new.facts


def live_object(
    item: Observed,
    group: str,
    version: str,
    kind: str,
    facts: Facts = _NO_FACTS,
    tracking: TrackingSettings = DEFAULT_TRACKING,
) -> LiveObject:
    """What is kept of an object: its body only if it carries a tracking mark of its own."""
    metadata = item.metadata
    annotations = metadata.annotations or {}
    key = ResourceKey(group, kind, sys.intern(metadata.namespace), metadata.name)
    owner = mark_in(metadata.labels, annotations, key, tracking)
    return LiveObject(
        key=key,
        version=version,
        uid=sys.intern(metadata.uid),
        resource_version=metadata.resource_version,
        generation=metadata.generation,
        labels=shared_pairs(metadata.labels),
        annotations=shared_pairs(
            {k: v for k, v in annotations.items() if len(v) <= _MAX_ANNOTATION or k.startswith(_OURS)}
        ),
        owners=shared_owners(metadata.owner_references),
        created=metadata.creation_timestamp,
        deleting=metadata.deletion_timestamp,
        finalizers=metadata.finalizers or (),
        facts=shared_facts(facts),
        owner=owner,
        raw=item.raw if owner and is_own_mark(owner, key) else None,
    )


def application_of(owner: str) -> str:
    """The application part of a tracking id."""
    return owner.partition(":")[0]


def is_own_mark(owner: str, key: ResourceKey) -> bool:
    """Whether a tracking id was made for the object that carries it, and not copied from another one.

    Kubernetes itself copies: a ReplicaSet carries all annotations of its Deployment.
    """
    tracking = parse_tracking(owner)
    return tracking is not None and tracking.refers_to(key)


class LiveIndex:
    """All live objects of one cluster."""

    def __init__(self) -> None:
        self._kinds: dict[tuple[str, str], dict[ResourceKey, LiveObject]] = {}
        self._by_uid: dict[str, LiveObject] = {}
        self._children: dict[str, dict[ResourceKey, LiveObject]] = {}
        self._owned: dict[str, dict[ResourceKey, LiveObject]] = {}
        self._copies: dict[str, dict[ResourceKey, LiveObject]] = {}
        self._on_node: dict[str, dict[ResourceKey, LiveObject]] = {}
        self._claims = ClaimOwners()
        self._loose: dict[str, dict[ResourceKey, LiveObject]] | None = None  # by namespace; made when first asked for

    def __len__(self) -> int:
        return sum(map(len, self._kinds.values()))

    def get(self, key: ResourceKey) -> LiveObject | None:
        return self._kinds.get((key.group, key.kind), _NONE).get(key)

    def with_uid(self, uid: str) -> LiveObject | None:
        return self._by_uid.get(uid)

    def of_kind(self, group: str, kind: str) -> Collection[LiveObject]:
        return self._kinds.get((group, kind), _NONE).values()

    def owned_by(self, application: str) -> Collection[LiveObject]:
        """Objects that carry a tracking mark of the application, made for them."""
        return self._owned.get(application, _NONE).values()

    def copies_of(self, application: str) -> Collection[LiveObject]:
        """Objects whose mark of the application was copied from another object: shown, never compared or pruned."""
        return self._copies.get(application, _NONE).values()

    def children_of(self, uid: str) -> Collection[LiveObject]:
        return self._children.get(uid, _NONE).values()

    def on_node(self, name: str) -> Collection[LiveObject]:
        return self._on_node.get(name, _NONE).values()

    def loose_in(self, namespace: str) -> Collection[LiveObject]:
        """Objects of a namespace that no other object owns."""
        if self._loose is None:
            self._loose = {}
            for kind in self._kinds.values():
                for live in kind.values():
                    self._link_loose(live)
        return self._loose.get(namespace, _NONE).values()

    def tree_of(self, application: str) -> list[LiveObject]:
        """The application's objects, copies of them, and everything that they own, each once."""
        found = {live.key: live for live in (*self.owned_by(application), *self.copies_of(application))}
        queue = list(found.values())
        for live in queue:
            for child in self.children_of(live.uid):
                if child.key not in found:
                    found[child.key] = child
                    queue.append(child)
        return queue

    def roots_of(self, live: LiveObject) -> Iterator[str]:
        """Applications whose mark the object or one of its owners carries."""
        seen: set[str] = set()
        level = [live]
        for _ in range(_MAX_OWNER_DEPTH):
            above: list[LiveObject] = []
            for one in level:
                if one.owner:
                    yield application_of(one.owner)
                for reference in one.owners:
                    parent = self._by_uid.get(reference.uid)
                    if parent is not None and parent.uid not in seen:
                        seen.add(parent.uid)
                        above.append(parent)
            if not above:
                return
            level = above

    def put(self, live: LiveObject) -> LiveEvent | None:
        """Takes the newest state of an object. None when it is the state that is known, judged as before."""
        live = self._claims.take(live, self.get)
        key = live.key
        kind = self._kinds.setdefault((key.group, key.kind), {})
        old = kind.get(key)
        if old is not None:
            if _same(old, live):
                return None
            roots = set(self.roots_of(old))
            self._unlink(old)
        else:
            roots = set()
        kind[key] = live
        self._link(live)
        if old is None or old.facts.claims != live.facts.claims:
            self._own_claims(live)
        roots.update(self.roots_of(live))
        return LiveEvent(old, live, tuple(roots))

    def remove(self, key: ResourceKey) -> LiveEvent | None:
        """Forgets an object. None when it is not known."""
        old = self._kinds.get((key.group, key.kind), _NONE).get(key)
        if old is None:
            return None
        roots = tuple(set(self.roots_of(old)))
        self._unlink(old)
        del self._kinds[key.group, key.kind][key]
        self._claims.forget(key)
        self._own_claims(old)
        return LiveEvent(old, None, roots)

    def _own_claims(self, maker: LiveObject) -> None:
        """A StatefulSet came, went, or has other templates: claims in its namespace are its own, or no more."""
        for claim in self._claims.beside(maker):
            now, before = with_maker(claim, self.get), self.get(claim.key)
            if before is not None and now.owners != before.owners:
                self._unlink(before)
                self._kinds[claim.key.group, claim.key.kind][claim.key] = now
                self._link(now)

    def _link(self, live: LiveObject) -> None:
        self._by_uid[live.uid] = live
        for reference in live.owners:
            self._children.setdefault(reference.uid, {})[live.key] = live
        if live.owner:
            self._marked(live).setdefault(application_of(live.owner), {})[live.key] = live
        if live.facts.node:
            self._on_node.setdefault(live.facts.node, {})[live.key] = live
        self._link_loose(live)

    def _link_loose(self, live: LiveObject) -> None:
        if self._loose is not None and not live.owners and live.key.namespace:
            self._loose.setdefault(live.key.namespace, {})[live.key] = live

    def _marked(self, live: LiveObject) -> dict[str, dict[ResourceKey, LiveObject]]:
        return self._owned if is_own_mark(live.owner, live.key) else self._copies

    def _unlink(self, live: LiveObject) -> None:
        if self._by_uid.get(live.uid) is live:
            del self._by_uid[live.uid]
        for reference in live.owners:
            _drop(self._children, reference.uid, live.key)
        if live.owner:
            _drop(self._marked(live), application_of(live.owner), live.key)
        if live.facts.node:
            _drop(self._on_node, live.facts.node, live.key)
        if self._loose is not None:
            _drop(self._loose, live.key.namespace, live.key)


def _same(old: LiveObject, live: LiveObject) -> bool:
    same = (old.resource_version, old.uid, old.version) == (live.resource_version, live.uid, live.version)
    return same and old.facts == live.facts and old.owner == live.owner


def _drop(index: dict[str, dict[ResourceKey, LiveObject]], name: str, key: ResourceKey) -> None:
    """Takes `key` out and leaves no empty dictionary behind."""
    entry = index.get(name)
    if entry is not None:
        entry.pop(key, None)
        if not entry:
            del index[name]
