"""Progressive delivery as a part of a runtime: its controllers, its loop, and who is in charge."""

import asyncio
from collections.abc import Callable
from datetime import datetime

import structlog

from gitsync.delivery.in_charge import hold_our_lease, leave_our_lease, upstream_in_charge
from gitsync.delivery.loop import DeliveryLoop
from gitsync.delivery.parts import controllers, measurements
from gitsync.kube.client import Cluster
from gitsync.kube.errors import ClusterError, Forbidden
from gitsync.settings import RuntimeSettings
from gitsync.supervisor import Heart, Supervisor

log = structlog.get_logger("gitsync.delivery")

_LOOK_SECONDS = 10.0


class Delivery:
    """Started and closed with its runtime."""

    def __init__(
        self, cluster: Cluster, settings: RuntimeSettings, *, supervisor: Supervisor, now: Callable[[], datetime]
    ) -> None:
        self._cluster = cluster
        self._settings = settings
        self._supervisor = supervisor
        self._now = now
        self._holding = False
        self._known = False
        self._measurements = measurements(cluster, settings, now=now)
        self.loop = DeliveryLoop(
            cluster,
            controllers(
                cluster,
                supervisor=supervisor,
                now=now,
                measurements=self._measurements,
                verifies_target_groups=settings.aws_verify_target_group,
            ),
            supervisor=supervisor,
            now=now,
            instance_id=settings.instance_id,
            before_first=self._look,
        )

    async def start(self) -> None:
        self.loop.start()
        self._supervisor.start("who reconciles rollouts", self._keep_looking, max_silence_seconds=_LOOK_SECONDS * 6)

    async def close(self) -> None:
        await self.loop.close()
        await self._measurements.close()
        if self.loop.standing_by or not self._holding:
            return
        try:
            async with asyncio.timeout(2):
                await leave_our_lease(
                    self._cluster,
                    self._settings.namespace,
                    identity=self._settings.session,
                    instance_id=self._settings.instance_id,
                )
        except (ClusterError, TimeoutError):
            log.info("the lease runs out by itself")

    @property
    def not_ready(self) -> str:
        return self.loop.not_ready

    def counters(self) -> dict[str, float]:
        return {
            "rollout_passes": self.loop.passes,
            "rollout_passes_failed": self.loop.failed,
            "rollout_writes": self.loop.writes.total,
            "rollout_events": self.loop.events.total,
        }

    def gauges(self) -> dict[str, float]:
        store = self.loop.store
        return {
            "rollouts": sum(1 for _ in store.of_kind("argoproj.io", "Rollout")),
            "rollout_objects": len(store),
            "rollout_queue_depth": self.loop.queue.depth,
            "rollouts_left_alone": float(bool(self.loop.standing_by)),
        }

    async def _look(self) -> None:
        """Who may not ask works; where the cluster does not answer, nothing is done until it does."""
        try:
            self.loop.take_charge(await self._other())
        except Forbidden as failure:
            log.warning("may not ask who reconciles rollouts", reason=failure.message)
            self.loop.take_charge("")
        except ClusterError as failure:
            log.warning("cannot tell who reconciles rollouts", reason=failure.message)
            if not self._known:
                self.loop.take_charge(f"nobody can tell yet who reconciles rollouts: {failure.message}")
            return
        self._known = True

    async def _other(self) -> str:
        settings = self._settings
        if settings.engine != "argosy" and not settings.instance_id:
            other = await upstream_in_charge(self._cluster, now=self._now)
            if other:
                return other
        other = await hold_our_lease(
            self._cluster,
            settings.namespace,
            identity=settings.session,
            instance_id=settings.instance_id,
            now=self._now,
        )
        self._holding = not other
        return other

    async def _keep_looking(self, heart: Heart) -> None:
        """Where there is nothing to control, nobody is asked and no Lease is written."""
        while True:
            await asyncio.sleep(_LOOK_SECONDS)
            if self.loop.has_work:
                await self._look()
            heart.beat()
