"""One pass over one Rollout: what it sees, what it has decided so far, and what it will write.

The parts of the core take a `Pass` in turn. What one of them writes the next one sees: a scaled ReplicaSet has its new
size at once, as if the cluster had answered. Nothing leaves the pass but the `Step` that it makes in the end.
"""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Literal

import msgspec

from gitsync.manifest.merge_patch import apply_merge_patch
from gitsync.manifest.object import JsonObject
from gitsync.rollout.pausing import Pausing
from gitsync.rollout.replica_set import ReplicaSet
from gitsync.rollout.values import Children, Delete, Event, Parts, Patch, Step
from model.identity import GroupVersionKind, ResourceKey
from model.kinds.rollout import API_VERSION, GROUP, REVISION, VERSION, Condition, Rollout, RolloutStatus

ROLLOUT = GroupVersionKind(GROUP, VERSION, "Rollout")


@dataclass(slots=True, eq=False)
class Runs:
    """AnalysisRuns by what they are for; the bodies, or None."""

    step: JsonObject | None = None
    background: JsonObject | None = None
    pre: JsonObject | None = None
    post: JsonObject | None = None

    def all(self) -> list[JsonObject]:
        return [one for one in (self.step, self.background, self.pre, self.post) if one is not None]


@dataclass(slots=True, eq=False)
class Pass:
    """`rollout` is as read, `draft` the status that will be. `new` None: the template has no ReplicaSet yet."""

    rollout: Rollout
    body: JsonObject
    children: Children
    parts: Parts
    now: datetime
    draft: RolloutStatus
    pausing: Pausing
    all: list[ReplicaSet] = field(default_factory=list)
    new: ReplicaSet | None = None
    stable: ReplicaSet | None = None
    others: list[ReplicaSet] = field(default_factory=list)
    runs: Runs = field(default_factory=Runs)
    other_runs: list[JsonObject] = field(default_factory=list)
    experiment: JsonObject | None = None
    other_experiments: list[JsonObject] = field(default_factory=list)
    services: dict[str, JsonObject] = field(default_factory=dict)
    weights_settled: bool = True
    scaled: bool = False
    targets_verified: bool | None = None
    creates: list[JsonObject] = field(default_factory=list)
    patches: list[Patch] = field(default_factory=list)
    deletes: list[Delete] = field(default_factory=list)
    events: list[Event] = field(default_factory=list)
    wake_at: datetime | None = None
    steps_hash: str = ""

    @property
    def name(self) -> str:
        return self.rollout.metadata.name

    @property
    def namespace(self) -> str:
        return self.rollout.metadata.namespace

    @property
    def key(self) -> ResourceKey:
        return ResourceKey(GROUP, "Rollout", self.namespace, self.name)

    @property
    def annotations(self) -> dict[str, str]:
        return self.rollout.metadata.annotations or {}

    @property
    def revision(self) -> int:
        text = self.annotations.get(REVISION, "")
        return int(text) if text.isascii() and text.isdigit() else 0

    @property
    def owner(self) -> JsonObject:
        """The reference that makes a child this Rollout's."""
        return {
            "apiVersion": API_VERSION,
            "kind": "Rollout",
            "name": self.name,
            "uid": self.rollout.metadata.uid,
            "controller": True,
            "blockOwnerDeletion": True,
        }

    @property
    def stamp(self) -> datetime:
        """Now, as objects write it: whole seconds."""
        return self.now.replace(microsecond=0)

    # ---- what is decided

    def event(self, reason: str, message: str, *, warning: bool = False) -> None:
        self.events.append(Event(reason, message, "Warning" if warning else "Normal"))

    def wake(self, at: datetime) -> None:
        """Look again then, or earlier. A moment that has passed already means at once."""
        if self.wake_at is None or at < self.wake_at:
            self.wake_at = at

    def wake_after(self, seconds: float) -> None:
        self.wake(self.now + timedelta(seconds=seconds))

    def patch(
        self,
        gvk: GroupVersionKind,
        name: str,
        body: JsonObject,
        *,
        kind: Literal["merge", "json", "strategic"] = "merge",
        subresource: str = "",
    ) -> None:
        key = ResourceKey(gvk.group, gvk.kind, self.namespace, name)
        self.patches.append(Patch(key, gvk.version, body, kind, subresource))

    def patch_self(self, body: JsonObject) -> None:
        """Changes metadata or spec of the Rollout."""
        self.patch(ROLLOUT, self.name, body)
        self.body = apply_merge_patch(self.body, body)

    def write_conditions(self, after: tuple[Condition, ...]) -> None:
        """Conditions that are written whatever else this pass decides."""
        encoded = msgspec.to_builtins(after)
        self.patch(ROLLOUT, self.name, {"status": {"conditions": encoded}}, subresource="status")
        status = msgspec.structs.replace(self.rollout.status, conditions=after)
        self.rollout = msgspec.structs.replace(self.rollout, status=status)
        self.pausing.rollout = self.rollout

    def delete(self, gvk: GroupVersionKind, body: JsonObject, *, evict: bool = False) -> None:
        metadata = body["metadata"]
        key = ResourceKey(gvk.group, gvk.kind, metadata.get("namespace") or self.namespace, metadata["name"])
        self.deletes.append(Delete(key, gvk.version, metadata.get("uid") or "", evict))

    def step(self) -> Step:
        seconds = None
        if self.wake_at is not None:
            seconds = max((self.wake_at - self.now).total_seconds(), 0.0)
        return Step(tuple(self.creates), tuple(self.patches), tuple(self.deletes), tuple(self.events), seconds)
