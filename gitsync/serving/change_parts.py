"""Puts together what people's changes are made with, out of the parts of the runtime."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from gitsync.access.credentials import CredentialStore
from gitsync.access.probe import AccessProbe
from gitsync.access.pull_requests import PullRequests
from gitsync.application.record import Records
from gitsync.changes.git_source import place_of
from gitsync.fleet.home import Home
from gitsync.fleet.members import Fleet
from gitsync.git.credentials import CredentialSource
from gitsync.git.repositories import Repositories
from gitsync.kube.client import Cluster
from gitsync.ledger.journal import Journal
from gitsync.render.chart_fetch import ChartFetcher
from gitsync.reporting.journalling import Journalling
from gitsync.reporting.reporter import Reporter
from gitsync.serving.changing import Changing, Desk
from gitsync.serving.cluster_secrets import ClusterSecrets
from gitsync.serving.clusters import ClusterParts, Clusters
from gitsync.serving.committing import Committing
from gitsync.serving.git_hosts import GitHosts
from gitsync.serving.git_sources import GitSources
from gitsync.serving.own_installation import OwnInstallation
from gitsync.serving.rollback import Rollbacks
from gitsync.serving.validation import World
from gitsync.settings import RuntimeSettings
from gitsync.sourcing.sources import Sources
from gitsync.supervisor import Supervisor


@dataclass(frozen=True, slots=True)
class ChangeParts:
    """`credentials` are people's own, `own` the runtime's."""

    settings: RuntimeSettings
    records: Records
    reporter: Reporter
    repositories: Repositories
    credentials: CredentialStore
    own: CredentialSource
    probe: AccessProbe
    charts: ChartFetcher
    home: Home
    fleet: Callable[[], Fleet]
    sources: Sources
    home_cluster: Cluster
    now: Callable[[], datetime]


@dataclass(frozen=True, slots=True)
class Changes:
    changing: Changing
    rollbacks: Rollbacks
    git_sources: GitSources
    clusters: Clusters
    git_hosts: GitHosts
    own_installation: OwnInstallation


def make_journalling(
    settings: RuntimeSettings,
    repositories: Repositories,
    own: CredentialSource,
    supervisor: Supervisor,
    now: Callable[[], datetime],
) -> Journalling:
    """The way into the ledger, if there is a shared configuration repository."""
    journal = None
    if settings.config_repo:
        journal = Journal(
            settings.config_repo,
            repositories=repositories,
            credentials=own,
            folder=settings.data_dir / "late-operations",
            spawn=supervisor.spawn,
            now=now,
        )
    return Journalling(journal, runtime=settings.name, now=now)


def make_changes(parts: ChangeParts) -> Changes:
    def world() -> World:
        return World(
            records=parts.records,
            fleet=parts.fleet(),
            projects=parts.home.projects,
            repositories=parts.repositories,
            charts=parts.charts,
            probe=parts.probe,
            namespace=parts.settings.namespace,
            may_be_in=parts.home.is_home_of_applications,
        )

    pull_requests = PullRequests(parts.probe.providers)
    committing = Committing(parts.repositories, parts.credentials, parts.own, parts.probe, pull_requests)
    changing = Changing(
        Desk(
            runtime=parts.settings.name,
            namespace=parts.settings.namespace,
            records=parts.records,
            reporter=parts.reporter,
            repositories=parts.repositories,
            committing=committing,
            world=world,
        )
    )
    rollbacks = Rollbacks(parts.sources, parts.repositories, committing, changing, parts.settings.name)
    git_sources = GitSources(
        parts.settings,
        parts.records,
        parts.repositories,
        committing,
        parts.home_cluster,
        world,
        pull_requests,
        lambda: parts.reporter.watching_only,
    )
    settings = parts.settings
    place = place_of(settings.name, settings.config_repo) if settings.config_repo else None
    secrets = ClusterSecrets(parts.home_cluster, settings.namespace, parts.repositories, place, parts.now)
    clusters = Clusters(
        ClusterParts(settings, parts.home_cluster, parts.fleet, committing, git_sources, parts.probe, secrets)
    )
    git_hosts = GitHosts(
        parts.home_cluster, parts.settings.namespace, parts.credentials, parts.probe, pull_requests, parts.repositories
    )
    own = OwnInstallation(settings, parts.home_cluster, committing, git_sources)
    return Changes(changing, rollbacks, git_sources, clusters, git_hosts, own)
