"""Puts together what people's changes are made with, out of the parts of the runtime."""

from collections.abc import Callable
from dataclasses import dataclass

from gitsync.access.credentials import CredentialStore
from gitsync.access.probe import AccessProbe
from gitsync.access.pull_requests import PullRequests
from gitsync.git.credentials import CredentialSource
from gitsync.git.repositories import Repositories
from gitsync.reconcile.changing import Changing, Desk
from gitsync.reconcile.committing import Committing
from gitsync.reconcile.fleet import Fleet
from gitsync.reconcile.home import Home
from gitsync.reconcile.record import Records
from gitsync.reconcile.reporter import Reporter
from gitsync.reconcile.validation import World
from gitsync.render.chart_fetch import ChartFetcher
from gitsync.settings import RuntimeSettings


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
    pull_requests: PullRequests
    charts: ChartFetcher
    home: Home
    fleet: Callable[[], Fleet]


def make_changing(parts: ChangeParts) -> Changing:
    def world() -> World:
        return World(
            records=parts.records,
            fleet=parts.fleet(),
            projects=parts.home.projects,
            repositories=parts.repositories,
            charts=parts.charts,
            probe=parts.probe,
            namespace=parts.settings.namespace,
        )

    committing = Committing(parts.repositories, parts.credentials, parts.own, parts.probe, parts.pull_requests)
    return Changing(
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
