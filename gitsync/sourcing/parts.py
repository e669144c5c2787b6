"""What reads the sources of applications, put together from the parts that a runtime has anyway."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from gitsync.application.record import Record
from gitsync.fleet.home import Home
from gitsync.fleet.members import Member
from gitsync.fleet.permission import why_not_base
from gitsync.git.repositories import Repositories
from gitsync.kube.client import Cluster
from gitsync.manifest.object import JsonObject
from gitsync.manifest.tracking import TrackingSettings
from gitsync.render.cache import RenderCache
from gitsync.render.chart_fetch import ChartFetcher
from gitsync.render.chart_sources import Charts
from gitsync.render.context import RenderContext
from gitsync.settings import RuntimeSettings
from gitsync.sourcing.chart_versions import ChartVersions
from gitsync.sourcing.encrypted import EncryptedSecrets
from gitsync.sourcing.followers import Followers
from gitsync.sourcing.integrity import SourceIntegrity
from gitsync.sourcing.rendering import render_context
from gitsync.sourcing.sources import Sources
from gitsync.supervisor import Supervisor
from model.identity import ApplicationKey


@dataclass(frozen=True, slots=True)
class SourceParts:
    """What it stands on. `look` queues an application whose sources may say something else now."""

    settings: RuntimeSettings
    home: Home
    home_cluster: Cluster
    repositories: Repositories
    cache: RenderCache
    charts: ChartFetcher
    supervisor: Supervisor
    tracking: Callable[[], TrackingSettings]
    look: Callable[[ApplicationKey], None]
    on_repository: Callable[[str], None]
    now: Callable[[], datetime]

    def context_of(self, record: Record, member: Member) -> RenderContext:
        spec = record.application.spec
        rendering, project = self.home.config.rendering, self.project_of(record)
        return render_context(
            record.instance,
            spec,
            member.cluster.discovery,
            rendering,
            project,
            why_not_base=lambda url: why_not_base(project, record.application, url),
        )

    def project_of(self, record: Record) -> JsonObject | None:
        return self.home.projects.get(record.application.spec.project or "default")

    def interval_seconds(self) -> float:
        """How often charts are asked for newer versions."""
        said = self.home.config.reconciliation_seconds
        return self.charts.limits.index_seconds if said is None else said


def make_sources(parts: SourceParts) -> Sources:
    followers = Followers(
        parts.repositories,
        supervisor=parts.supervisor,
        on_affected=parts.look,
        on_repository=parts.on_repository,
    )
    integrity = SourceIntegrity(parts.repositories, keys=lambda: parts.home.signing_keys)
    return Sources(
        parts.repositories,
        parts.cache,
        Charts(parts.charts),
        control_namespace=parts.settings.namespace,
        followers=followers,
        context_of=parts.context_of,
        opened=EncryptedSecrets(parts.home_cluster, parts.settings.namespace, parts.settings.config_repo).opened,
        verify=lambda record, url, resolved: integrity.require(parts.project_of(record), url, resolved),
        tracking=parts.tracking,
        now=parts.now,
        versions=ChartVersions(look=parts.look, interval_seconds=parts.interval_seconds),
    )
