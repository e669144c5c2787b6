"""Acts on who reconciles in the home namespace: works alone, or stands by beside another controller, and says so.

Applications and ApplicationSets are asked about apart, as Argo CD has a controller for each. `watch_only` can tell.
"""

import asyncio
from collections.abc import Callable
from datetime import datetime

import structlog

from gitsync.application.refresh import Refresh
from gitsync.fleet.watch_only import APPLICATION_SET_CONTROLLER, CONTROLLER, said_by_settings, who_is_in_charge
from gitsync.generation.application_sets import ApplicationSets
from gitsync.kube.client import Cluster
from gitsync.kube.errors import ClusterError
from gitsync.reconcile.loop import Loop
from gitsync.reporting.reporter import Reporter
from gitsync.reporting.status_writer import StatusWriter
from gitsync.settings import RuntimeSettings
from gitsync.supervisor import Heart

log = structlog.get_logger("gitsync.runtime")

LOOK_SECONDS = 30.0


class InCharge:
    def __init__(
        self,
        settings: RuntimeSettings,
        home_cluster: Cluster,
        *,
        loop: Loop,
        statuses: StatusWriter,
        reporter: Reporter,
        application_sets: ApplicationSets,
        now: Callable[[], datetime],
    ) -> None:
        self._settings = settings
        self._home_cluster = home_cluster
        self._loop = loop
        self._statuses = statuses
        self._reporter = reporter
        self._application_sets = application_sets
        self._now = now

    async def look(self) -> None:
        other = await self._other(CONTROLLER)
        if other is not None and other != self._loop.watching_only:
            log.warning("watching only" if other else "in charge", reason=other)
            self._loop.watching_only = self._reporter.watching_only = other
            self._statuses.paused = bool(other)
            self._loop.queue_all(Refresh.RESOLVE)
        other = await self._other(APPLICATION_SET_CONTROLLER)
        if other is not None and other != self._application_sets.standing_by:
            log.warning("application sets are left alone" if other else "application sets are ours", reason=other)
            self._application_sets.standing_by = other
            self._application_sets.queue_all()

    async def keep_looking(self, heart: Heart) -> None:
        while True:
            await asyncio.sleep(LOOK_SECONDS)
            await self.look()
            heart.beat()

    async def _other(self, controller: str) -> str | None:
        """Why our own controller is to do nothing, "" when it is to work; None: nobody can tell."""
        if (decided := said_by_settings(self._settings, controller)) is not None:
            return decided
        try:
            return await who_is_in_charge(
                self._home_cluster, self._settings.namespace, now=self._now, controller=controller
            )
        except ClusterError as failure:
            log.warning("cannot tell who is in charge", reason=failure.message)
            return None
