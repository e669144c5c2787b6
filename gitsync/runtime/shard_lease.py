"""This process's number among those that divide the clusters of one runtime: a Lease per number, kept and watched.

No clock of another machine is believed: a Lease is live while it was seen to change lately. A process that cannot renew
its own has given its clusters up before anybody else takes them, and one that is new waits until all others know of it;
so no two work on one cluster.
"""

import asyncio
from collections.abc import Callable
from datetime import datetime
from typing import Any

import structlog

from gitsync.errors import Failed
from gitsync.fleet.shards import Division
from gitsync.kube.client import Cluster
from gitsync.kube.errors import ClusterError, Conflict
from gitsync.manifest.object import JsonObject
from gitsync.settings import RuntimeSettings
from gitsync.supervisor import Heart, Supervisor
from model.identity import GroupVersionKind

log = structlog.get_logger("gitsync.shards")

LEASE = GroupVersionKind("coordination.k8s.io", "v1", "Lease")
NUMBER_LABEL = "argosy.io/shard"
_MANAGER = "argosy"


class ShardLost(Failed):
    """Another process has this one's number: whatever it does from now on, that one does too."""


class ShardLease:
    """`division` is what holds now; `changed` hears of another. `clock` is monotonic seconds."""

    def __init__(
        self,
        cluster: Cluster,
        settings: RuntimeSettings,
        clock: Callable[[], float],
        now: Callable[[], datetime],
        *,
        changed: Callable[[Division], None],
    ) -> None:
        self._cluster, self._namespace, self._settings = cluster, settings.namespace, settings.shards
        self._clock, self._now, self._changed = clock, now, changed
        self._seen: dict[int, tuple[str, float]] = {}  # of each number: its holder and time as last seen, and when new
        self._renewed_at: float | None = None
        self.division = Division()
        self.lost = False
        self.on_lost: Callable[[], None] = _nobody_listens

    def require(self) -> None:
        """Raises ShardLost when another process has this one's number."""
        if self.lost:
            raise ShardLost(
                f"another process has taken shard {self.division.number}",
                suggestion="Start this one again; give each a number or an identity of its own.",
            )

    async def start(self, supervisor: Supervisor) -> None:
        """Before anything is looked at; where one process looks after everything, nothing is asked."""
        if self._settings.total > 1:
            self._changed(await self.take())
            supervisor.start("shard", self.keep, max_silence_seconds=self._settings.lease_seconds * 4)

    async def take(self) -> Division:
        """Waits until there is a number for this process, and until all others know that it has it."""
        while True:
            try:
                if (number := await self._take_one(await self._look())) is not None:
                    break
            except ClusterError as failure:
                log.warning("no number among the shards yet", reason=failure.message)
            await asyncio.sleep(self._settings.renew_seconds)
        self._renewed_at = self._clock()
        self.division = Division(number, frozenset())
        others = self._live(await self._look()) - {number}
        log.info("shard", number=number, of=self._settings.total, others=sorted(others))
        if others:
            await asyncio.sleep(self._settings.settle_seconds)
            await self._renew()
        self.division = Division(number, self._live(await self._look()) | {number})
        return self.division

    async def keep(self, heart: Heart) -> None:
        """Renews the Lease and tells who else is there, until the number is lost."""
        while not self.lost:
            await asyncio.sleep(self._settings.renew_seconds)
            live = self.division.live
            try:
                await self._renew()
                if not live:  # others may have taken over what was given up; they have to know first
                    await asyncio.sleep(self._settings.settle_seconds)
                    await self._renew()
                live = self._live(await self._look()) | {self.division.number}
                heart.beat()
            except Conflict:
                self.lost = True
                self.on_lost()
            except ClusterError as failure:
                heart.error = failure.message
                log.warning("shard not renewed", number=self.division.number, reason=failure.message)
            if self.lost or self._clock() - (self._renewed_at or 0.0) > self._settings.give_up_seconds:
                live = frozenset()
            if live != self.division.live:
                log.warning("shards changed", ours=self.division.number, live=sorted(live))
                self.division = Division(self.division.number, live)
                self._changed(self.division)

    async def release(self) -> None:
        """At the end: others need not wait until it runs out."""
        if self._settings.total < 2 or self.lost or self._renewed_at is None:
            return
        try:
            lease = await self._cluster.get(LEASE, self._namespace, _name(self.division.number))
            if lease is not None and _holder(lease) == self._settings.identity:
                await self._cluster.replace(self._lease(self.division.number, lease, holder=""), manager=_MANAGER)
        except ClusterError as failure:
            log.warning("shard not released; it runs out by itself", reason=failure.message)

    async def _take_one(self, leases: dict[int, JsonObject]) -> int | None:
        wanted = self._settings.number
        for number in range(self._settings.total) if wanted is None else (wanted,):
            lease = leases.get(number)
            if number in self._live(leases) and lease is not None and _holder(lease) != self._settings.identity:
                continue
            try:
                await self._write(number, lease)
                return number
            except Conflict:
                continue  # somebody else was faster
        return None

    async def _renew(self) -> None:
        """Raises Conflict when somebody else has the number now."""
        number = self.division.number
        lease = await self._cluster.get(LEASE, self._namespace, _name(number))
        if lease is not None and _holder(lease) != self._settings.identity:
            raise Conflict(f"{_holder(lease) or 'somebody else'} has shard {number} now")
        await self._write(number, lease)
        self._renewed_at = self._clock()

    async def _write(self, number: int, old: JsonObject | None) -> None:
        """This process holds the number from now on. Raises Conflict when somebody else was faster."""
        lease = self._lease(number, old)
        await (self._cluster.create if old is None else self._cluster.replace)(lease, manager=_MANAGER)

    async def _look(self) -> dict[int, JsonObject]:
        """Leases by number; when each of them was last seen to change is noted."""
        found: dict[int, JsonObject] = {}
        for lease in await self._cluster.list(LEASE, namespace=self._namespace, label_selector=NUMBER_LABEL):
            text = (lease["metadata"].get("labels") or {}).get(NUMBER_LABEL, "")
            if text.isdecimal():
                found[int(text)] = lease
                sign = f"{_holder(lease)} {(lease.get('spec') or {}).get('renewTime')}"
                if self._seen.get(int(text), ("", 0.0))[0] != sign:
                    self._seen[int(text)] = (sign, self._clock())
        return found

    def _live(self, leases: dict[int, JsonObject]) -> frozenset[int]:
        oldest = self._clock() - self._settings.lease_seconds
        return frozenset(n for n, lease in leases.items() if _holder(lease) and self._seen[n][1] > oldest)

    def _lease(self, number: int, old: JsonObject | None, *, holder: str | None = None) -> JsonObject:
        metadata: dict[str, Any] = {"name": _name(number), "namespace": self._namespace}
        if old is not None:
            metadata["resourceVersion"] = old["metadata"]["resourceVersion"]
        time = self._now().isoformat(timespec="microseconds").replace("+00:00", "Z")
        return {
            "apiVersion": "coordination.k8s.io/v1",
            "kind": "Lease",
            "metadata": {**metadata, "labels": {NUMBER_LABEL: str(number)}},
            "spec": {
                "holderIdentity": self._settings.identity if holder is None else holder,
                "leaseDurationSeconds": max(int(self._settings.lease_seconds), 1),
                "renewTime": time,
            },
        }


def _nobody_listens() -> None:
    """Until somebody does."""


def _name(number: int) -> str:
    return f"argosy-shard-{number}"


def _holder(lease: JsonObject) -> str:
    return str((lease.get("spec") or {}).get("holderIdentity") or "")
