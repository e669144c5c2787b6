"""The ApplicationSet controller put together from the parts that a runtime has anyway."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import count

from gitsync.access.probe import AccessProbe
from gitsync.application.record import Records, read_application
from gitsync.appset.clusters import without_home
from gitsync.appset.inputs import ClusterInput
from gitsync.appset.plan import governed
from gitsync.appset.providers.api import Connections
from gitsync.fleet.home import Home
from gitsync.generation.application_sets import ApplicationSets
from gitsync.generation.git_answers import GitAnswers
from gitsync.generation.host_answers import HomeVault, HostAnswers
from gitsync.generation.set_deletions import SetDeletions
from gitsync.generation.set_generation import SetGeneration
from gitsync.generation.set_places import SetPlaces
from gitsync.generation.set_preview import SetPreviews
from gitsync.generation.set_rollout import SetRollout
from gitsync.generation.set_writes import SetWrites
from gitsync.git.repositories import Repositories
from gitsync.kube.client import Cluster
from gitsync.manifest.object import JsonObject
from gitsync.reconcile.loop import Loop
from gitsync.settings import GeneratorSettings, RuntimeSettings
from gitsync.supervisor import Supervisor
from model.identity import ApplicationKey


@dataclass(frozen=True, slots=True)
class SetParts:
    """What the controller stands on."""

    settings: RuntimeSettings
    home_cluster: Cluster
    home: Home
    records: Records
    repositories: Repositories
    loop: Loop
    supervisor: Supervisor
    probe: AccessProbe
    report: Callable[[ApplicationKey], None]
    now: Callable[[], datetime]

    def seen(self, body: JsonObject) -> None:
        self.loop.application_seen(body, read_application(body))

    def generators(self) -> GeneratorSettings:
        """As argocd-cmd-params-cm and the command say, which is known only once that was read."""
        return self.home.parameters.generators

    def govern(self, application_set: JsonObject) -> JsonObject:
        """The set with what the settings say for all sets."""
        settings = self.generators()
        override = not settings.policy if settings.policy_override is None else settings.policy_override
        labels, annotations = settings.preserved_labels, settings.preserved_annotations
        return governed(application_set, settings.policy, override=override, labels=labels, annotations=annotations)

    def hosts(self, connections: Connections) -> HostAnswers:
        namespace = self.settings.namespace
        vault = HomeVault(self.home_cluster, namespace, strict=lambda: self.generators().token_ref_strict)
        return HostAnswers(
            connections,
            vault,
            self.home_cluster,
            namespace,
            clusters=self.clusters,
            settings=self.generators,
            clock=lambda: self.now().timestamp(),
        )

    def clusters(self) -> tuple[ClusterInput, ...]:
        found = tuple(self.home.clusters.values())
        return found if self.home.config.home_is_destination else without_home(found)


def make_application_sets(parts: SetParts) -> tuple[ApplicationSets, SetPreviews]:
    writes = SetWrites(parts.home_cluster, parts.records, seen=parts.seen)
    sets: ApplicationSets
    git = GitAnswers(
        parts.repositories,
        supervisor=parts.supervisor,
        on_changed=lambda key: sets.answers_changed(key),
        new_file_globbing=lambda: parts.generators().new_file_globbing,
    )
    rollout = SetRollout(
        writes,
        busy=lambda record: parts.loop.queue.has(record.key),
        calm=timedelta(seconds=parts.settings.loop.self_heal_max_seconds),
        now=parts.now,
    )
    connections = Connections()
    hosts = parts.hosts(connections)
    sets = ApplicationSets(
        parts.home_cluster,
        records=parts.records,
        generation=SetGeneration(git, hosts, clusters=parts.clusters, now=parts.now),
        writes=writes,
        rollout=rollout,
        deletions=SetDeletions(parts.home_cluster, parts.records, writes),
        places=SetPlaces(
            parts.settings.namespace,
            lambda: parts.home.parameters.application_set_namespaces,
            parts.home.is_home_of_applications,
        ),
        govern=parts.govern,
        projects=lambda: parts.home.projects,
        clusters=parts.clusters,
        ready=lambda: parts.home.synced,
        report=parts.report,
        connections=connections,
        supervisor=parts.supervisor,
        now=parts.now,
    )
    parts.home.on_clusters_changed = sets.clusters_changed
    parts.home.on_projects_changed = sets.project_changed
    numbers = count()
    previews = SetPreviews(
        parts.settings.namespace, parts.records, sets, git, hosts, parts.probe, number=lambda: next(numbers)
    )
    return sets, previews
