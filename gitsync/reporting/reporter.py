"""Makes report items from the state as it is when they are sent."""

import asyncio
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import datetime
from functools import cache
from importlib.metadata import version
from typing import Protocol

import msgspec

from gitsync.application.record import Record, Records
from gitsync.appset.plan import owning_set, set_key
from gitsync.changes.shared_configuration import INSTALLATION_LABEL, OWN_APPLICATION
from gitsync.configuration.environments import NO_ENVIRONMENTS, Environments
from gitsync.fleet.members import Fleet
from gitsync.git.address import normalized, redact
from gitsync.git.repositories import Repositories
from gitsync.health.aggregate import ResourceHealth
from gitsync.health.explain import explain
from gitsync.manifest.object import JsonObject
from gitsync.manifest.tracking import TrackingSettings, mark_in
from gitsync.reporting.commits import Commits
from gitsync.reporting.executions import Executions
from gitsync.reporting.journalling import ledger_commit
from gitsync.reporting.outbox import Subject
from gitsync.reporting.release_commits import ReleaseCommits
from gitsync.reporting.reminders import Cancel, Reminders
from gitsync.reporting.report import Surroundings, access_repo_url, summarize
from gitsync.reporting.set_report import summarize_set
from gitsync.settings import RuntimeSettings
from gitsync.supervisor import Supervisor
from model.health import Health
from model.identity import ApplicationKey, ResourceKey
from model.kinds.application import APPLICATION_SET, GROUP, KIND
from model.link import (
    ApplicationChanged,
    ApplicationRemoved,
    ClusterChanged,
    ClusterRemoved,
    ReportItem,
    RepositoryChanged,
    RuntimeChanged,
)
from model.report import (
    ApplicationSummary,
    CommitInfo,
    ComponentSummary,
    HealthState,
    ManifestLocation,
    RepositorySummary,
    RuntimeSummary,
    SyncState,
)

_MAX_ERRORS = 10
NEEDS_NO_EXPLANATION = frozenset({Health.HEALTHY, Health.SUSPENDED})


class Sets(Protocol):
    """The ApplicationSets that are followed."""

    def get(self, key: ApplicationKey) -> JsonObject | None: ...

    def __iter__(self) -> Iterator[ApplicationKey]: ...


class Reporter:
    """`changed` is called with a subject whose item became more complete (the author of a commit arrived)."""

    def __init__(
        self,
        *,
        records: Records,
        sets: Sets,
        tracking: Callable[[], TrackingSettings],
        fleet: Callable[[], Fleet],
        repositories: Repositories,
        supervisor: Supervisor,
        control_namespace: str,
        runtime: RuntimeSummary,
        changed: Callable[[Subject], None],
        now: Callable[[], datetime],
        config_repo: str = "",
        starting: Callable[[], str] = str,
        environments: Callable[[], Environments] = lambda: NO_ENVIRONMENTS,
        read_repositories: Callable[[], Iterable[str]] = tuple,
    ) -> None:
        self._records = records
        self._sets = sets
        self._tracking = tracking
        self._fleet = fleet
        self._repositories = repositories
        self._supervisor = supervisor
        self._commits = Commits(repositories, supervisor)
        self._release_commits = ReleaseCommits(repositories, supervisor)
        self._control_namespace = control_namespace
        self._runtime = runtime
        self._changed = changed
        self._now = now
        self._config_repo = config_repo
        self._starting = starting
        self._environments = environments
        self._reminders = Reminders(lambda key: changed(("application", key)), _later)
        self.executions = Executions(
            records=records,
            fleet=fleet,
            author_of=self._author,
            access_repo_url=self.access_repo_url,
            read_repositories=read_repositories,
            changed=changed,
        )
        self.watching_only = ""
        self.git_provider = ""

    def make(self, subject: Subject) -> ReportItem | None:
        """The item for a subject; None when there is nothing to say about it."""
        match subject:
            case ("application", ApplicationKey(is_set=True) as key):
                body = self._sets.get(key)
                return ApplicationRemoved(key) if body is None else ApplicationChanged(self._set_summary(body))
            case ("application", ApplicationKey() as key):
                if key.name == OWN_APPLICATION:
                    self._changed(("runtime", ""))
                if (record := self._records.get(key)) is not None:
                    return ApplicationChanged(self.summary(record))
                self._reminders.forget(key)
                return ApplicationRemoved(key)
            case ("cluster", str() as server):
                member = self._fleet().get(server)
                if member is None:
                    return ClusterRemoved(server)
                return ClusterChanged(self._fleet().summary(member, len(self._records.of_server(server))))
            case ("repository", str() as url):
                return self._repository(url)
            case ("runtime", _):
                return RuntimeChanged(self.runtime())
            case ("execution", str() as uid):
                return self.executions.item(uid)
        return None

    def subjects(self) -> Iterator[Subject]:
        """Everything there is, for a snapshot."""
        yield ("runtime", "")
        for member in self._fleet():
            yield ("cluster", member.server)
        for state in self._repositories.states():
            yield ("repository", state.url)
        for key in self._sets:
            yield ("application", key)
        for record in self._records:
            yield ("application", record.key)
        yield from self.executions.subjects()

    def summary(self, record: Record) -> ApplicationSummary:
        member = self._fleet().get(record.server)
        owner = self.owner(record)
        url = record.application.spec.all_sources[0].repo_url if record.application.spec.all_sources else ""
        shas = {record.revision, *(entry.shown_revision for entry in record.typed_history)} - {""}
        subject: Subject = ("application", record.key)
        around = Surroundings(
            control_namespace=self._control_namespace,
            cluster=member.name if member else "",
            commits=self._commits.known(url, shas, lambda: self._changed(subject)),
            owner=owner,
            parent=owner.key if owner else self._generator(record),
            access_repo_url=self.access_repo_url(record),
            location=self._location(record, owner),
            explanation=self._explanation(record),
            brought=self._release_commits.known(record, lambda: self._changed(subject)),
            now=self._now(),
            ledger_commit=self._ledger_commit(record),
            environments=self._environments().of(*self._deploys_to(record)),
        )
        self._reminders.look(record, around.now)
        return summarize(record, around)

    def environments_changed(self, before: Environments) -> None:
        """Tells of the applications that are in others now."""
        now = self._environments()
        self._changed(("runtime", ""))

        @cache  # thousands of applications share a few destinations
        def moved(clusters: frozenset[str], namespace: str) -> bool:
            return before.of(clusters, namespace) != now.of(clusters, namespace)

        for record in self._records:
            if moved(*self._deploys_to(record)):
                self._changed(("application", record.key))

    def _deploys_to(self, record: Record) -> tuple[frozenset[str], str]:
        """What the application's cluster is called, and the namespace there."""
        destination = record.application.spec.destination
        return self._fleet().names_of(destination, record.server), destination.namespace

    def _ledger_commit(self, record: Record) -> CommitInfo | None:
        """The commit that wrote the last operation down."""
        sha, subject = ledger_commit(record.operation_state), ("application", record.key)
        if not sha or not self._config_repo:
            return None
        return self._commits.known(self._config_repo, {sha}, lambda: self._changed(subject)).get(sha)

    def _author(self, url: str, sha: str, subject: Subject) -> str:
        known = self._commits.known(url, {sha}, lambda: self._changed(subject)).get(sha)
        return known.author_name if known else ""

    def owner(self, record: Record) -> Record | None:
        """The application (a Git Source, usually) whose objects include this Application."""
        metadata = record.application.metadata
        owner = self._holder(KIND, record.key, metadata.labels, metadata.annotations)
        return owner if owner is not record else None

    def access_repo_url(self, record: Record) -> str:
        """The repository whose permissions rule the application: that of its manifest, or that of the manifest of the
        ApplicationSet which generates it; when neither is managed through Git, that of its first source."""
        owner, generator = self.owner(record), self._generator(record)
        if owner is None and generator is not None and (body := self._sets.get(generator)) is not None:
            owner = self._holder_of_set(body)
        return access_repo_url(record, owner)

    def _generator(self, record: Record) -> ApplicationKey | None:
        """The ApplicationSet that generates the application, if it is followed."""
        key = owning_set(record.raw)
        return key if key is not None and self._sets.get(key) is not None else None

    def _holder_of_set(self, body: JsonObject) -> Record | None:
        metadata = body["metadata"]
        return self._holder(APPLICATION_SET, set_key(body), metadata.get("labels"), metadata.get("annotations"))

    def _holder(
        self,
        kind: str,
        key: ApplicationKey,
        labels: Mapping[str, str] | None,
        annotations: Mapping[str, str] | None,
    ) -> Record | None:
        """The application among whose objects the one with these marks is."""
        address = ResourceKey(GROUP, kind, key.namespace, key.name)
        mark = mark_in(labels, annotations, address, self._tracking())
        return self._records.of_instance(mark.partition(":")[0]) if mark else None

    def _set_summary(self, body: JsonObject) -> ApplicationSummary:
        owner, key = self._holder_of_set(body), set_key(body)
        address = ResourceKey(GROUP, APPLICATION_SET, key.namespace, key.name)
        location = self.location_of(owner, address) if owner is not None else None
        return summarize_set(body, owner, location, now=self._now())

    def location_of(self, record: Record, key: ResourceKey) -> ManifestLocation | None:
        """Where in Git the manifest of one of the application's objects stands."""
        desired = record.desired
        wanted = desired.objects.get(key) if desired else None
        if desired is None or wanted is None or not record.application.spec.all_sources:
            return None
        source = min(wanted.origin.source, len(record.application.spec.all_sources) - 1)
        return ManifestLocation(
            repo_url=record.application.spec.all_sources[source].repo_url,
            revision=desired.revisions[source] if source < len(desired.revisions) else desired.revision,
            path=wanted.origin.file,
            line=wanted.origin.line or None,
        )

    def manifest_location(self, record: Record) -> ManifestLocation | None:
        """Where in Git the manifest of the application itself stands; None: it is not managed through Git."""
        return self._location(record, self.owner(record))

    def runtime(self) -> RuntimeSummary:
        parts = self._supervisor.states()
        components = tuple(
            ComponentSummary(
                name=part.name,
                version=self._runtime.version,
                health=HealthState.HEALTHY if part.healthy else HealthState.DEGRADED,
                message=part.error,
            )
            for part in parts
        )
        errors = [f"{part.name}: {part.error}" for part in parts if part.error]
        if self.watching_only:
            errors.insert(0, f"watching only: {self.watching_only}")
        return msgspec.structs.replace(
            self._runtime,
            engine="ARGO_CD" if self.watching_only else "ARGOSY",
            components=components,
            errors=tuple(errors[:_MAX_ERRORS]),
            shared_config_repo=redact(self._config_repo),
            git_provider=self.git_provider,
            starting=self._starting(),
            installation_sync=self._installation_sync(),
            environments=self._environments().read,
        )

    def _installation_sync(self) -> SyncState | None:
        """Of the application by which this runtime manages itself."""
        record = self._records.get(ApplicationKey(self._control_namespace, OWN_APPLICATION))
        if record is None or (record.application.metadata.labels or {}).get(INSTALLATION_LABEL) is None:
            return None
        return self.summary(record).sync

    def _repository(self, url: str) -> RepositoryChanged | None:
        state = next(
            (one for one in self._repositories.states() if normalized(one.url) == normalized(redact(url))), None
        )
        if state is None:
            return None
        shas = {state.head} if state.head else set()
        head = self._commits.known(url, shas, lambda: self._changed(("repository", url)))
        return RepositoryChanged(
            RepositorySummary(
                url=state.url,
                head=head.get(state.head or ""),
                checked_at=state.checked_at,
                error=state.error,
            )
        )

    def _location(self, record: Record, owner: Record | None) -> ManifestLocation | None:
        if owner is None:
            return None
        return self.location_of(owner, ResourceKey(GROUP, KIND, record.key.namespace, record.key.name))

    def _explanation(self, record: Record) -> str | None:
        """Only for applications that are not well: following owners down to pods is not for everybody, every time."""
        member = self._fleet().get(record.server)
        if member is None or record.state.health in NEEDS_NO_EXPLANATION or not record.compared:
            return None
        resources = [
            ResourceHealth(one.key, one.health, live=one.exists, counts=one.counts_for_health) for one in record.state
        ]
        return explain(resources, member.cache.tree_of(record.instance))


def summary_of(settings: RuntimeSettings, cluster: str, *, started_at: datetime) -> RuntimeSummary:
    """What is reported of this process itself."""
    return RuntimeSummary(
        version=version("argosy"),
        namespace=settings.namespace,
        engine="ARGOSY",
        installation="HELM_HOSTED" if settings.hosted else "HELM",
        started_at=started_at,
        cluster=cluster,
        ingress_host=settings.ingress_host,
    )


def _later(seconds: float, call: Callable[[], None]) -> Cancel:
    return asyncio.get_running_loop().call_later(seconds, call).cancel
