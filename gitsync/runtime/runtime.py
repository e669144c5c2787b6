"""The runtime put together: which part gets what, in which order they start, and how they stop.

Order of the start: the way into the home cluster, its definitions, who is in charge there, the Git side, the loop,
the watches that feed it, and last the link that shows it. The stop is the reverse.
"""

import asyncio
import time
from collections.abc import Callable, Collection
from datetime import UTC, datetime
from functools import partial
from importlib.metadata import version

import structlog

from gitsync.access.credentials import CredentialStore
from gitsync.access.probe import AccessProbe
from gitsync.application.actions import ObjectActions
from gitsync.application.record import Records
from gitsync.application.refresh import Refresh
from gitsync.audit.log import AuditLog
from gitsync.audit.verification import Verification
from gitsync.configuration.credential_source import RepositoryCredentials
from gitsync.configuration.engine_config import EngineConfig
from gitsync.configuration.rules import EngineRules
from gitsync.delivery.part import Delivery
from gitsync.fleet.home import Home
from gitsync.fleet.impersonation import Acting
from gitsync.fleet.members import Fleet, FleetEvents, Member
from gitsync.fleet.shards import Division
from gitsync.fleet.visibility import Visibility
from gitsync.generation.application_sets import ApplicationSets
from gitsync.generation.set_parts import SetParts, make_application_sets
from gitsync.generation.set_preview import SetPreviews
from gitsync.git.address import same_place
from gitsync.git.repositories import Repositories
from gitsync.git.settings import GitSettings
from gitsync.kube.access import ClusterAccess
from gitsync.kube.client import Cluster
from gitsync.kube.transport import TimeLimits
from gitsync.logs import RecentLines
from gitsync.reconcile.compare import Comparer
from gitsync.reconcile.deletion import DeletionParts, Deletions
from gitsync.reconcile.deletion_hooks import DeletionHooks
from gitsync.reconcile.hard_refreshes import HardRefreshes
from gitsync.reconcile.loop import Loop
from gitsync.reconcile.rollback_hold import RollbackHolds
from gitsync.render.cache import RenderCache
from gitsync.render.chart_fetch import ChartFetcher
from gitsync.reporting.feed import TreeFeeds
from gitsync.reporting.link import Link
from gitsync.reporting.outbox import Subject
from gitsync.reporting.reporter import Reporter, summary_of
from gitsync.reporting.status_writer import StatusWriter
from gitsync.runtime.in_charge import LOOK_SECONDS, InCharge
from gitsync.runtime.install import install_definitions, install_rollout_definitions
from gitsync.runtime.metrics import MetricsPort, Readings
from gitsync.runtime.numbers import counters, gauges
from gitsync.runtime.reach import reach_home
from gitsync.runtime.shard_lease import ShardLease
from gitsync.serving.asked import Context
from gitsync.serving.change_parts import ChangeParts, Changes, make_changes, make_journalling
from gitsync.serving.git_tokens import RENEW_SECONDS, GitTokens
from gitsync.serving.requests import Requests
from gitsync.settings import LinkSettings, RuntimeSettings
from gitsync.sourcing.parts import SourceParts, make_sources
from gitsync.sourcing.signing_keys import SshKnownHosts, known_keys
from gitsync.sourcing.sources import Sources
from gitsync.supervisor import Heart, Supervisor
from gitsync.syncing.sync import Syncs
from model.identity import ApplicationKey

log = structlog.get_logger("gitsync.runtime")

_REPORT_SECONDS = 15.0  # the runtime and its clusters are reported this often, whether they changed or not
_NEVER_SECONDS = 86_400.0  # who does not want hosts to be asked relies on hints; once a day none is harmful


def utc_now() -> datetime:
    return datetime.now(UTC)


class Runtime:
    """One process. `access` leads to the home cluster; `times`: how patient it is with clusters; `recent`: its log."""

    def __init__(
        self,
        settings: RuntimeSettings,
        access: ClusterAccess,
        *,
        now: Callable[[], datetime] = utc_now,
        times: TimeLimits | None = None,
        recent: RecentLines | None = None,
    ) -> None:
        self._settings = settings
        self._now = now
        self._times, self._recent = times, recent or RecentLines()
        self.supervisor = Supervisor(clock=time.monotonic)
        self.records = Records(settings.namespace)
        self.home_cluster = Cluster(access, times=times)
        self.shard = ShardLease(self.home_cluster, settings, time.monotonic, now, changed=self._shares_changed)
        self.credentials = CredentialStore()
        self.probe = AccessProbe(self.credentials, clock=time.monotonic)
        of_repositories = self._make_credentials()
        self.charts = ChartFetcher(of_repositories, clock=time.monotonic)
        self.repositories = self._make_repositories(of_repositories)
        self.journalling = make_journalling(settings, self.repositories, of_repositories, self.supervisor, now)
        self.audit = AuditLog(self.repositories, self._audited, self.supervisor.spawn)
        self.cache = RenderCache(settings.data_dir / "renders.sqlite")
        self.git_tokens = GitTokens(self.home_cluster, settings.namespace, self.credentials, self.probe, now)
        seal, flags, generators = self.git_tokens.seal, settings.flags, settings.generators
        self.home = Home(self.home_cluster, settings.namespace, self.credentials, seal, flags, generators)
        keys = partial(known_keys, self.home, self.home_cluster, settings.namespace)
        self.signatures = Verification(self.repositories, keys, self.probe.host_signatures(of_repositories).of)
        self.rules = EngineRules(now=now)
        self.actions = ObjectActions(self.rules, now=now)
        self.visibility = Visibility(self.home.projects)
        self.comparer = Comparer(self.rules, self.visibility, server_side=lambda: self.home.parameters.server_side_diff)
        self.fleet = self._make_fleet(access)
        self.feeds = TreeFeeds(self.records, lambda: self.fleet, self.actions.of, self.visibility)
        self.sources = self._make_sources()
        self.statuses = self._make_statuses()
        self.acting = Acting(self.home)
        self.syncs = self._make_syncs()
        self.deletions = self._make_deletions()
        self.loop = self._make_loop()
        self.application_sets, self.previews = self._make_application_sets()
        self.delivery = Delivery(self.home_cluster, settings, supervisor=self.supervisor, now=now)
        self.reporter = self._make_reporter(access)
        self.in_charge = self._make_in_charge()
        self.changes = self._make_changes(of_repositories)
        self.requests = self._make_requests()
        self.link = self._make_link(settings.link) if settings.link else None
        self.metrics = self._make_metrics()

    # ---- life

    async def run(self, stop: asyncio.Event) -> None:
        """Start everything, serve until `stop` is set, stop everything. Raises ShardLost."""
        await self.start()
        self.shard.on_lost = stop.set
        try:
            await stop.wait()
        finally:
            await self.close()
        self.shard.require()

    async def start(self) -> None:
        settings = self._settings
        settings.data_dir.mkdir(parents=True, exist_ok=True)
        if settings.metrics_port is not None:
            await self.metrics.start(settings.metrics_host, settings.metrics_port)
            log.info("metrics", address=f"http://{settings.metrics_host}:{self.metrics.port}/metrics")
        if self.link is not None:
            self.supervisor.start("link", self.link.run)
        await reach_home(self._prepare_home)
        await self.shard.start(self.supervisor)
        await self.in_charge.look()
        await self.fleet.start(self.home_cluster)
        self.home.start(
            self.supervisor,
            self.loop,
            on_synced=self._home_synced,
            on_configured=self._configuration_changed,
            on_keys_changed=lambda: self.loop.queue_all(Refresh.RESOLVE),
        )
        if self.runs("applicationsets"):
            self.application_sets.start()
        if self.runs("rollouts"):
            await self.delivery.start()
        self.supervisor.start("who is in charge", self.in_charge.keep_looking, max_silence_seconds=LOOK_SECONDS * 4)
        self.supervisor.start("versions of charts", self.sources.versions.run, max_silence_seconds=60.0)
        again = HardRefreshes(self.loop.queue_all, lambda: self.home.config.hard_reconciliation_seconds)
        self.supervisor.start("hard refreshes", again.run, max_silence_seconds=60.0)
        self.supervisor.start("people's tokens", self.git_tokens.keep_renewing, max_silence_seconds=RENEW_SECONDS * 20)
        self.supervisor.start("reports", self._keep_reporting, max_silence_seconds=_REPORT_SECONDS * 4)

    def runs(self, controller: str) -> bool:
        """What is done once for all clusters is the first shard's."""
        first = controller == "applications" or self.shard.division.is_first
        return first and controller in self._settings.controllers

    async def close(self) -> None:
        await self.delivery.close()
        await self.application_sets.close()
        await self.loop.queue.close()
        self.statuses.close()
        await self.supervisor.close()
        await self.metrics.stop()
        await self.fleet.close()
        self.audit.close()
        self.signatures.close()
        await self.repositories.close()
        await self.charts.close()
        await self.cache.close()
        await self.probe.close()
        await self.shard.release()
        await self.home_cluster.close()

    async def _prepare_home(self) -> None:
        await self.home_cluster.discovery.refresh()
        await install_definitions(self.home_cluster, self._settings.namespace)
        if self.runs("rollouts"):
            await install_rollout_definitions(self.home_cluster)
        await self.home.read_configuration()
        self._use_configuration(self.home.config)

    def _shares_changed(self, division: Division) -> None:
        self.fleet.divide(division)
        self.loop.shares_changed()

    def _home_synced(self) -> None:
        self.reporter.executions.home_known()
        self._changed(("runtime", ""))
        log.info("home namespace ready", namespace=self._settings.namespace, applications=len(self.records))
        self.loop.queue_all(Refresh.RESOLVE)
        self.application_sets.queue_all()

    # ---- argocd-cm

    def _use_configuration(self, config: EngineConfig) -> None:
        self.rules.use(config)
        self.actions.forget()
        seconds = config.reconciliation_seconds
        if seconds is None:
            seconds = self._settings.poll_seconds
        self.repositories.poll_every(seconds or _NEVER_SECONDS)

    def _configuration_changed(self, before: EngineConfig, now: EngineConfig) -> None:
        self._use_configuration(now)
        self.fleet.configuration_changed(before, now)
        self.loop.configuration_changed(before, now)
        self.application_sets.clusters_changed()  # the home cluster may be a destination no more

    # ---- telling the control plane

    def _changed(self, *subjects: Subject) -> None:
        if self.link is not None:
            for subject in subjects:
                self.link.changed(subject)

    async def _keep_reporting(self, heart: Heart) -> None:
        while True:
            urls = (self._settings.config_repo, *self.repositories.urls())
            self.reporter.git_provider = await self.probe.providers.kind_of(next(filter(None, urls), ""))
            self._changed(("runtime", ""), *(("cluster", member.server) for member in self.fleet))
            self._changed(*(("repository", state.url) for state in self.repositories.states()))
            heart.beat()
            await asyncio.sleep(_REPORT_SECONDS)

    def _reach_changed(self, member: Member) -> None:
        self.loop.reach_changed(member)
        self.reporter.executions.reached(member)
        self._changed(("runtime", ""), ("cluster", member.server))

    def _cluster_gone(self, server: str) -> None:
        self.loop.cluster_gone(server)
        self._changed(("cluster", server))

    def _audited(self) -> tuple[str, ...]:
        """Repositories whose commits are the audit log: those in use, those that Secrets connect, and the shared
        configuration from the start: who may write it makes the first Git Source there."""
        urls = (*self.repositories.urls(), self._settings.config_repo, *self.credentials.repository_urls())
        return tuple({same_place(url): url for url in reversed(urls) if url}.values())

    # ---- parts

    def _hint(self, urls: Collection[str]) -> None:
        self.sources.hint(urls)
        self.application_sets.hint()

    def _make_credentials(self) -> RepositoryCredentials:
        known = SshKnownHosts(self.home_cluster, self._settings.namespace, time.monotonic)
        return RepositoryCredentials(self.credentials, known.lines)

    def _make_metrics(self) -> MetricsPort:
        return MetricsPort(
            Readings(lambda: counters(self), lambda: gauges(self)), parts=self.supervisor.states, ready=self.not_ready
        )

    def _make_repositories(self, credentials: RepositoryCredentials) -> Repositories:
        settings = GitSettings(poll_seconds=self._settings.poll_seconds)
        return Repositories(self._settings.data_dir, credentials=credentials, settings=settings, clock=self._now)

    def _make_fleet(self, access: ClusterAccess) -> Fleet:
        events = FleetEvents(
            reach_changed=self._reach_changed,
            live=lambda member, event: self.loop.live_changed(member, event),
            gone=self._cluster_gone,
            workflow=(lambda server, raw: self.reporter.executions.read(server, raw)) if self._settings.link else None,
        )
        return Fleet(
            access,
            self.supervisor,
            events,
            times=self._times,
            config=lambda: self.home.config,
            facts_of=self.rules.facts_of,
            now=self._now,
        )

    def _make_sources(self) -> Sources:
        return make_sources(
            SourceParts(
                settings=self._settings,
                home=self.home,
                home_cluster=self.home_cluster,
                repositories=self.repositories,
                cache=self.cache,
                charts=self.charts,
                supervisor=self.supervisor,
                tracking=lambda: self.rules.tracking,
                look=lambda key: self.loop.want(key, Refresh.RESOLVE),
                on_repository=lambda url: self._changed(("repository", url)),
                now=self._now,
            )
        )

    def _make_statuses(self) -> StatusWriter:
        return StatusWriter(
            self.home_cluster,
            self.records,
            control_namespace=self._settings.namespace,
            settings=self._settings.loop,
            supervisor=self.supervisor,
            refreshed=lambda record, request: self.loop.refreshed(record, request),
            now=self._now,
        )

    def _make_syncs(self) -> Syncs:
        return Syncs(
            records=self.records,
            home=self.home,
            fleet=lambda: self.fleet,
            sources=self.sources,
            acting=self.acting,
            rules=self.rules,
            supervisor=self.supervisor,
            changed=lambda record: self.loop.shown_changed(record),
            ended=lambda record: self.loop.sync_ended(record),
            began_anew=self.statuses.began_anew,
            blocking=lambda record: self.loop.dependencies.check(record),
            written=self.statuses.write_now,
            now=self._now,
        )

    def _make_deletions(self) -> Deletions:
        return Deletions(
            DeletionParts(
                self.home_cluster,
                lambda: self.fleet,
                DeletionHooks(self.home, self.sources, self.acting),
                self.acting,
            ),
            supervisor=self.supervisor,
            busy=self.syncs.running,
            changed=lambda record: self.loop.shown_changed(record),
            again=lambda key, seconds: self.loop.queue.add_after(key, seconds),
        )

    def _make_loop(self) -> Loop:
        return Loop(
            settings=self._settings.loop,
            records=self.records,
            home=self.home,
            fleet=self.fleet,
            sources=self.sources,
            comparer=self.comparer,
            syncs=self.syncs,
            deletions=self.deletions,
            acting=self.acting,
            statuses=self.statuses,
            holds=RollbackHolds(self.repositories, self.home_cluster, self.supervisor.spawn),
            feeds=self.feeds,
            supervisor=self.supervisor,
            report=self._application_changed,
            now=self._now,
        )

    def _application_changed(self, key: ApplicationKey) -> None:
        self.application_sets.application_changed(key)
        if (record := self.records.get(key)) is not None:
            self.journalling.look_at(record)
        self._changed(("application", key))

    def _make_application_sets(self) -> tuple[ApplicationSets, SetPreviews]:
        return make_application_sets(
            SetParts(
                settings=self._settings,
                home_cluster=self.home_cluster,
                home=self.home,
                records=self.records,
                repositories=self.repositories,
                loop=self.loop,
                supervisor=self.supervisor,
                probe=self.probe,
                report=lambda key: self._changed(("application", key)),
                now=self._now,
            )
        )

    def _make_reporter(self, access: ClusterAccess) -> Reporter:
        reporter = Reporter(
            records=self.records,
            sets=self.application_sets,
            tracking=lambda: self.rules.tracking,
            fleet=lambda: self.fleet,
            repositories=self.repositories,
            supervisor=self.supervisor,
            control_namespace=self._settings.namespace,
            runtime=summary_of(self._settings, access.name, started_at=self._now()),
            changed=self._changed,
            now=self._now,
            config_repo=self._settings.config_repo,
            starting=self.not_ready,
            environments=lambda: self.home.environments,
            read_repositories=self._audited,
        )
        self.home.on_environments_changed = reporter.environments_changed
        return reporter

    def _make_in_charge(self) -> InCharge:
        return InCharge(
            self._settings,
            self.home_cluster,
            loop=self.loop,
            statuses=self.statuses,
            reporter=self.reporter,
            application_sets=self.application_sets,
            now=self._now,
        )

    def _make_requests(self) -> Requests:
        return Requests(
            Context(
                records=self.records,
                fleet=lambda: self.fleet,
                feeds=self.feeds,
                visibility=self.visibility,
                comparer=self.comparer,
                loop=self.loop,
                actions=self.actions,
                rules=self.rules,
                sources=self.sources,
                reporter=self.reporter,
                home=self.home_cluster,
                probe=self.probe,
                git_tokens=self.git_tokens,
                repositories=self.repositories,
                changes=self.changes,
                journalling=self.journalling,
                previews=self.previews,
                audit=self.audit,
                recent=self._recent,
                signatures=self.signatures,
                now=self._now,
            )
        )

    def _make_changes(self, own: RepositoryCredentials) -> Changes:
        return make_changes(
            ChangeParts(
                settings=self._settings,
                records=self.records,
                reporter=self.reporter,
                repositories=self.repositories,
                credentials=self.credentials,
                own=own,
                probe=self.probe,
                charts=self.charts,
                home=self.home,
                fleet=lambda: self.fleet,
                sources=self.sources,
                home_cluster=self.home_cluster,
                now=self._now,
            )
        )

    def _make_link(self, settings: LinkSettings) -> Link:
        return Link(
            settings,
            runtime=self._settings.name,
            version=version("argosy"),
            session=self._settings.session,
            make_item=self.reporter.make,
            all_subjects=self.reporter.subjects,
            server=self.requests,
            on_hint=self._hint,
            supervisor=self.supervisor,
        )

    # ---- numbers

    def not_ready(self) -> str:
        """Why the runtime is not ready yet, or ""."""
        if not self.home.synced:
            return "the home namespace is being listed"
        starting = [member.name for member in self.fleet if not member.ready]
        return f"clusters are being listed: {', '.join(starting)}" if starting else ""
