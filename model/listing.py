"""What lists show, and the filter that lists and live streams share.

`matches` says in Python what `model.store.application` says in SQL; a test holds the two together.
"""

import enum
from collections.abc import Set
from dataclasses import dataclass
from datetime import datetime

import msgspec

from model.identity import ApplicationId
from model.kinds.application import GROUPS_ANNOTATION, PRODUCT_ANNOTATION
from model.report import ApplicationKind, ApplicationSummary, ClusterSummary, HealthState, RuntimeSummary, SyncState

HEALTH_RANK = {health: rank for rank, health in enumerate(HealthState)}
MOST_GROUPS = 50  # of one application; further ones are left out
LONGEST_NAME = 200  # of a group or a product, in characters
SYNC_RANK = {SyncState.SYNCED: 0, SyncState.SYNCING: 1, SyncState.OUT_OF_SYNC: 2, SyncState.UNKNOWN: 3}


class ListedApplication(msgspec.Struct, frozen=True):
    """An application together with the runtime that reports it."""

    runtime: str
    summary: ApplicationSummary

    @property
    def id(self) -> ApplicationId:
        return ApplicationId.of(self.runtime, self.summary.key)

    @property
    def policy(self) -> str:
        if self.summary.kind is ApplicationKind.APPLICATION_SET:
            return "Unknown"  # it is never synced itself
        automated = self.summary.automated
        return "Automated" if automated is not None and automated.enabled is not False else "Manual"

    @property
    def repositories(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys(source.repo_url for source in self.summary.sources if source.repo_url))

    @property
    def parent(self) -> str:
        """Row id of the parent application, or ""."""
        key = self.summary.parent
        return str(ApplicationId.of(self.runtime, key)) if key else ""

    @property
    def problems(self) -> int:
        return len(self.summary.conditions) + len(self.summary.unhealthy_resources)

    @property
    def groups(self) -> tuple[str, ...]:
        """Names of its application groups, as written. An ApplicationSet is in none: what it generates may be."""
        if self.summary.kind is ApplicationKind.APPLICATION_SET:
            return ()
        return listed_names(self.summary.annotations.get(GROUPS_ANNOTATION, ""))[:MOST_GROUPS]

    @property
    def product(self) -> str:
        """The product that it is a part of, or ""."""
        if self.summary.kind is ApplicationKind.APPLICATION_SET:
            return ""
        return self.summary.annotations.get(PRODUCT_ANNOTATION, "").strip()[:LONGEST_NAME]

    @property
    def memberships(self) -> frozenset[tuple["Membership", str]]:
        named = {(Membership.GROUP, name) for name in self.groups}
        named |= {(Membership.ENVIRONMENT, name) for name in self.summary.environments}
        return frozenset(named | ({(Membership.PRODUCT, self.product)} if self.product else set()))


class Membership(enum.StrEnum):
    """What an application is in: by its annotations, and by where it deploys to."""

    GROUP = "group"
    PRODUCT = "product"
    ENVIRONMENT = "environment"


def listed_names(text: str) -> tuple[str, ...]:
    """Names parted by commas, each once."""
    names = (name.strip()[:LONGEST_NAME] for name in text.split(","))
    return tuple(dict.fromkeys(name for name in names if name))


class ApplicationSort(enum.StrEnum):
    NAME = "name"
    RUNTIME = "runtime"
    CLUSTER = "cluster"
    UPDATED = "updated_micros"
    HEALTH = "health_rank"
    SYNC = "sync_rank"

    @property
    def value_type(self) -> type:
        return str if self in (ApplicationSort.NAME, ApplicationSort.RUNTIME, ApplicationSort.CLUSTER) else int


class ApplicationFacet(enum.StrEnum):
    """Columns by which applications are counted."""

    HEALTH = "health"
    SYNC = "sync"
    RUNTIME = "runtime"
    CLUSTER = "cluster"
    NAMESPACE = "namespace"
    PROJECT = "project"
    KIND = "kind"


class Hosting(msgspec.Struct, frozen=True):
    """How a runtime runs that somebody set up inside the control plane."""

    namespace: str
    config_repo: str = ""


@dataclass(frozen=True, slots=True)
class RegisteredRuntime:
    """`summary` is None until it has connected once; `hosting` unless somebody set it up to run in here."""

    name: str
    hosted: bool
    created: datetime
    seen: datetime | None
    summary: RuntimeSummary | None
    hosting: Hosting | None = None


@dataclass(frozen=True, slots=True)
class ListedCluster:
    runtime: str
    summary: ClusterSummary


@dataclass(frozen=True, slots=True)
class Visibility:
    """Which applications a viewer may see: those ruled by one of these (runtime, repository) pairs.

    `orphans`: also those that no repository rules.
    """

    repositories: frozenset[tuple[str, str]] = frozenset()
    orphans: bool = False

    def allows(self, application: ListedApplication) -> bool:
        return self.allows_repository(application.runtime, application.summary.access_repo_url)

    def allows_repository(self, runtime: str, repository: str) -> bool:
        """For what names the repository that rules it; "": none does."""
        return (runtime, repository) in self.repositories if repository else self.orphans

    @property
    def runtimes(self) -> frozenset[str]:
        return frozenset(runtime for runtime, _ in self.repositories)


@dataclass(frozen=True, slots=True)
class ApplicationFilter:
    """Fields must all hold; the values of one field are alternatives; an empty field holds for everything.

    `labels`: several values of one key are alternatives, different keys must all hold. `only_roots`: those that no
    application which the viewer sees holds; `matches` does not know who sees what and takes those without any.
    `environments`: "" stands for those that are in none.
    """

    search: str = ""
    runtimes: frozenset[str] = frozenset()
    names: frozenset[str] = frozenset()
    namespaces: frozenset[str] = frozenset()
    clusters: frozenset[str] = frozenset()
    destination_namespaces: frozenset[str] = frozenset()
    projects: frozenset[str] = frozenset()
    repositories: frozenset[str] = frozenset()
    syncs: frozenset[SyncState] = frozenset()
    healths: frozenset[HealthState] = frozenset()
    kinds: frozenset[ApplicationKind] = frozenset()
    policies: frozenset[str] = frozenset()
    labels: tuple[tuple[str, frozenset[str]], ...] = ()
    groups: frozenset[str] = frozenset()
    products: frozenset[str] = frozenset()
    environments: frozenset[str] = frozenset()
    favorite: bool | None = None
    updated_since: datetime | None = None
    parent: str = ""
    only_roots: bool = False
    with_problems: bool = False

    def matches(self, application: ListedApplication, favorites: Set[str]) -> bool:
        """`favorites`: row ids that the viewer starred."""
        summary = application.summary
        return (
            (not self.search or self.search.lower() in summary.key.name.lower())
            and _in(application.runtime, self.runtimes)
            and _in(summary.key.name, self.names)
            and _in(summary.key.namespace, self.namespaces)
            and _in(summary.cluster, self.clusters)
            and _in(summary.destination.namespace, self.destination_namespaces)
            and _in(summary.project, self.projects)
            and _in(summary.sync, self.syncs)
            and _in(summary.health, self.healths)
            and _in(summary.kind, self.kinds)
            and _in(application.policy, self.policies)
            and (not self.repositories or not self.repositories.isdisjoint(application.repositories))
            and all(summary.labels.get(key) in values for key, values in self.labels)
            and (not self.groups or not self.groups.isdisjoint(application.groups))
            and _in(application.product, self.products)
            and (not self.environments or not self.environments.isdisjoint(summary.environments or ("",)))
            and (self.favorite is None or (str(application.id) in favorites) is self.favorite)
            and (self.updated_since is None or summary.updated_at >= self.updated_since)
            and (not self.parent or application.parent == self.parent)
            and (not self.only_roots or not application.parent)
            and (not self.with_problems or application.problems > 0)
        )


EVERYTHING = ApplicationFilter()


def _in(value: str, allowed: frozenset[str]) -> bool:
    return not allowed or value in allowed
