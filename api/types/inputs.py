"""Arguments, and the values that they stand for."""

from datetime import UTC, datetime
from typing import Annotated, TypeAlias

import strawberry

from api.errors import Invalid
from api.types.enums import (
    ApplicationKindEnum,
    ApplicationSortingField,
    AppSyncPolicies,
    HealthStatus,
    SortingOrder,
    SyncStatus,
)
from model.link import ObjectRef
from model.listing import ApplicationFilter, ApplicationSort

_SORTS = {
    ApplicationSortingField.name: ApplicationSort.NAME,
    ApplicationSortingField.runtime: ApplicationSort.RUNTIME,
    ApplicationSortingField.cluster: ApplicationSort.CLUSTER,
    ApplicationSortingField.lastUpdated: ApplicationSort.UPDATED,
    ApplicationSortingField.healthStatus: ApplicationSort.HEALTH,
    ApplicationSortingField.syncStatus: ApplicationSort.SYNC,
}

ApplicationKindArg: TypeAlias = Annotated[
    ApplicationKindEnum | None,
    strawberry.argument(description="APPLICATION_SET for one; it may have the name of an application."),
]


@strawberry.input
class ApplicationRef:
    runtime: str
    namespace: str | None = None
    name: str


@strawberry.input
class ResourceRef:
    group: str | None = None
    version: str | None = None
    kind: str
    namespace: str | None = None
    name: str

    def value(self) -> ObjectRef:
        return ObjectRef(self.group or "", self.version or "", self.kind, self.namespace or "", self.name)


@strawberry.input
class ApplicationsFilterArgs:
    search: str | None = strawberry.field(default=None, description="Part of the name, case ignored.")
    runtimes: list[str] | None = None
    applications: list[str] | None = None
    namespaces: list[str] | None = None
    clusters: list[str] | None = None
    destination_namespaces: list[str] | None = None
    projects: list[str] | None = None
    repositories: list[str] | None = None
    statuses: list[SyncStatus] | None = None
    health_statuses: list[HealthStatus] | None = None
    kinds: list[ApplicationKindEnum] | None = None
    sync_policies: list[AppSyncPolicies] | None = None
    labels: list[str] | None = strawberry.field(
        default=None,
        description="key=value; several values of one key are alternatives, different keys must all hold.",
    )
    groups: list[str] | None = strawberry.field(default=None, description="Application groups.")
    products: list[str] | None = None
    environments: list[str] | None = strawberry.field(
        default=None, description="Names of environments; an empty one stands for applications that are in none."
    )
    favorite: bool | None = None
    updated_since: datetime | None = None
    only_roots: bool | None = strawberry.field(
        default=None, description="Those that no other application holds; not for subscriptions."
    )

    def value(self) -> ApplicationFilter:
        """An absent or empty list holds for everything."""
        since = self.updated_since
        return ApplicationFilter(
            search=(self.search or "").strip(),
            runtimes=frozenset(self.runtimes or ()),
            names=frozenset(self.applications or ()),
            namespaces=frozenset(self.namespaces or ()),
            clusters=frozenset(self.clusters or ()),
            destination_namespaces=frozenset(self.destination_namespaces or ()),
            projects=frozenset(self.projects or ()),
            repositories=frozenset(self.repositories or ()),
            syncs=frozenset(self.statuses or ()),
            healths=frozenset(self.health_statuses or ()),
            kinds=frozenset(self.kinds or ()),
            policies=frozenset(policy.value for policy in self.sync_policies or ()),
            labels=label_pairs(self.labels or []),
            groups=frozenset(self.groups or ()),
            products=frozenset(self.products or ()),
            environments=frozenset(self.environments or ()),
            favorite=self.favorite,
            only_roots=bool(self.only_roots),
            updated_since=since.replace(tzinfo=UTC) if since is not None and since.tzinfo is None else since,
        )


def filter_value(filters: ApplicationsFilterArgs | None) -> ApplicationFilter:
    return filters.value() if filters else ApplicationFilter()


@strawberry.input
class ApplicationSortArg:
    field: ApplicationSortingField
    order: SortingOrder = SortingOrder.asc

    @staticmethod
    def default() -> "ApplicationSortArg":
        return ApplicationSortArg(field=ApplicationSortingField.name)

    @property
    def column(self) -> ApplicationSort:
        return _SORTS[self.field]


@strawberry.input
class RetryInput:
    limit: int | None = None
    duration: str | None = None
    factor: int | None = None
    max_duration: str | None = None


@strawberry.input
class SyncOptions:
    revision: str | None = None
    prune: bool | None = None
    dry_run: bool | None = None
    force: bool | None = None
    resources: list[ResourceRef] | None = None
    sync_options: list[str] | None = None
    strategy: str | None = None
    retry: RetryInput | None = None
    reason: str | None = None
    operation_id: strawberry.ID | None = None


def label_pairs(texts: list[str]) -> tuple[tuple[str, frozenset[str]], ...]:
    """Texts written key=value; the values of one key are alternatives. Raises Invalid."""
    values: dict[str, set[str]] = {}
    for text in texts:
        key, separator, value = text.partition("=")
        if not separator or not key:
            raise Invalid(f"a label filter is written key=value, not {text[:80]!r}", field="filters.labels")
        values.setdefault(key, set()).add(value)
    return tuple((key, frozenset(found)) for key, found in sorted(values.items()))
