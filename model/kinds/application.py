"""argoproj.io/v1alpha1 Application: spec, operation and status, as Argo CD writes and reads them.

Only what is built is here; a field that we do not know yet stays in the object untouched, because writes are patches.
"""

from datetime import datetime
from typing import Any

import msgspec

from model.kinds.meta import ObjectMeta

GROUP = "argoproj.io"
VERSION = "v1alpha1"
KIND = "Application"
APPLICATION_SET = "ApplicationSet"

REFRESH_ANNOTATION = "argocd.argoproj.io/refresh"  # "normal" or "hard"; removed once it has been honoured
REFRESH_TIME_ANNOTATION = "argocd.argoproj.io/refresh-timestamp"  # tells one request for a refresh from the next
SKIP_RECONCILE_ANNOTATION = "argocd.argoproj.io/skip-reconcile"  # "true": nobody looks at it, its status stays
TRACKING_ANNOTATION = "argocd.argoproj.io/tracking-id"
FINALIZER = "resources-finalizer.argocd.argoproj.io"  # may be followed by /background or /foreground
PRE_DELETE_FINALIZER = "pre-delete-finalizer.argocd.argoproj.io"  # these two may be followed by /cleanup
POST_DELETE_FINALIZER = "post-delete-finalizer.argocd.argoproj.io"
GIT_SOURCE_LABEL = "codefresh.io/entity"  # value "git-source"; "environment" on a ConfigMap that describes one
GROUPS_ANNOTATION = "codefresh.io/app-group"  # names, parted by commas
PRODUCT_ANNOTATION = "codefresh.io/product"  # one name


class _Kind(msgspec.Struct, frozen=True, rename="camel", omit_defaults=True):
    """Settings that the structs of this module share: camelCase on the wire, empty fields absent."""


class DirectoryOptions(_Kind, frozen=True):
    recurse: bool = False
    disable_extension_filter: bool = False
    include: str = ""
    exclude: str = ""
    jsonnet: dict[str, Any] | None = None


class ApplicationSource(_Kind, frozen=True):
    """Where manifests come from. `helm`, `kustomize` and `plugin` are kept raw until a renderer reads them."""

    repo_url: str = msgspec.field(default="", name="repoURL")
    path: str = ""
    target_revision: str = ""
    tag_prefix: str = ""
    chart: str = ""
    ref: str = ""
    name: str = ""
    directory: DirectoryOptions | None = None
    helm: dict[str, Any] | None = None
    kustomize: dict[str, Any] | None = None
    plugin: dict[str, Any] | None = None


class Destination(_Kind, frozen=True):
    server: str = ""
    name: str = ""
    namespace: str = ""


class AutomatedSync(_Kind, frozen=True):
    prune: bool = False
    self_heal: bool = False
    allow_empty: bool = False
    enabled: bool | None = None


class Backoff(_Kind, frozen=True):
    """`duration` and `max_duration` are Go durations ("5s", "3m")."""

    duration: str = ""
    factor: int | None = None
    max_duration: str = ""


class RetryStrategy(_Kind, frozen=True):
    limit: int = 0
    backoff: Backoff | None = None
    refresh: bool = False


class SyncPolicy(_Kind, frozen=True):
    automated: AutomatedSync | None = None
    sync_options: tuple[str, ...] = ()
    retry: RetryStrategy | None = None
    managed_namespace_metadata: dict[str, Any] | None = None


class IgnoreDifference(_Kind, frozen=True):
    group: str = ""
    kind: str = ""
    name: str = ""
    namespace: str = ""
    json_pointers: tuple[str, ...] = ()
    jq_path_expressions: tuple[str, ...] = ()
    managed_fields_managers: tuple[str, ...] = ()


class Info(_Kind, frozen=True):
    name: str
    value: str


class ApplicationSpec(_Kind, frozen=True):
    destination: Destination = Destination()
    project: str = ""
    source: ApplicationSource | None = None
    sources: tuple[ApplicationSource, ...] = ()
    sync_policy: SyncPolicy | None = None
    ignore_differences: tuple[IgnoreDifference, ...] = ()
    revision_history_limit: int | None = None
    info: tuple[Info, ...] = ()

    @property
    def all_sources(self) -> tuple[ApplicationSource, ...]:
        """What is to be deployed; what is in force of both fields is told by `sources_in_force`."""
        return sources_in_force(self.source, self.sources)

    @property
    def managed_namespace_metadata(self) -> dict[str, Any] | None:
        """Labels and annotations for the destination namespace, if the policy manages them."""
        return self.sync_policy.managed_namespace_metadata if self.sync_policy else None


class SyncStrategyApply(_Kind, frozen=True):
    force: bool = False


class SyncStrategy(_Kind, frozen=True):
    apply: SyncStrategyApply | None = None
    hook: SyncStrategyApply | None = None


class SyncOperationResource(_Kind, frozen=True):
    kind: str = ""
    name: str = ""
    group: str = ""
    namespace: str = ""


class SyncOperation(_Kind, frozen=True):
    """`revisions` has one for each of several sources; with `source_positions`, which count from 1, only for these."""

    revision: str = ""
    revisions: tuple[str, ...] = ()
    source_positions: tuple[int, ...] = ()
    prune: bool = False
    dry_run: bool = False
    sync_strategy: SyncStrategy | None = None
    resources: tuple[SyncOperationResource, ...] = ()
    source: ApplicationSource | None = None
    sources: tuple[ApplicationSource, ...] = ()
    manifests: tuple[str, ...] = ()
    sync_options: tuple[str, ...] = ()
    self_heal_attempts_count: int = 0


class Initiator(_Kind, frozen=True):
    username: str = ""
    automated: bool = False


class Operation(_Kind, frozen=True):
    sync: SyncOperation | None = None
    initiated_by: Initiator | None = None
    info: tuple[Info, ...] = ()
    retry: RetryStrategy | None = None


class ResourceResult(_Kind, frozen=True):
    """What the last sync did to one object."""

    group: str = ""
    version: str = ""
    kind: str = ""
    namespace: str = ""
    name: str = ""
    status: str = ""
    message: str = ""
    hook_type: str = ""
    hook_phase: str = ""
    sync_phase: str = ""
    images: tuple[str, ...] = ()


class SyncOperationResult(_Kind, frozen=True):
    resources: tuple[ResourceResult, ...] = ()
    revision: str = ""
    revisions: tuple[str, ...] = ()
    source: ApplicationSource | None = None
    sources: tuple[ApplicationSource, ...] = ()
    managed_namespace_metadata: dict[str, Any] | None = None

    @property
    def shown_revision(self) -> str:
        """Of several sources the first one's."""
        return self.revision or next(iter(self.revisions), "")


class OperationState(_Kind, frozen=True):
    operation: Operation = Operation()
    phase: str = ""
    message: str = ""
    sync_result: SyncOperationResult | None = None
    started_at: datetime | None = None
    finished_at: datetime | None = None
    retry_count: int = 0


class ComparedTo(_Kind, frozen=True):
    source: ApplicationSource | None = None
    sources: tuple[ApplicationSource, ...] = ()
    destination: Destination = Destination()
    ignore_differences: tuple[IgnoreDifference, ...] = ()


class SyncStatus(_Kind, frozen=True):
    status: str = ""
    compared_to: ComparedTo | None = None
    revision: str = ""
    revisions: tuple[str, ...] = ()


class HealthStatus(_Kind, frozen=True):
    status: str = ""
    message: str = ""
    last_transition_time: datetime | None = None


class ResourceStatus(_Kind, frozen=True):
    group: str = ""
    version: str = ""
    kind: str = ""
    namespace: str = ""
    name: str = ""
    status: str = ""
    health: HealthStatus | None = None
    hook: bool = False
    requires_pruning: bool = False
    sync_wave: int = 0
    requires_deletion_confirmation: bool = False


class ApplicationCondition(_Kind, frozen=True):
    """`type` ends in Error or Warning, which is its level."""

    type: str
    message: str
    last_transition_time: datetime | None = None


class RevisionHistory(_Kind, frozen=True):
    id: int = 0
    revision: str = ""
    revisions: tuple[str, ...] = ()
    deployed_at: datetime | None = None
    deploy_started_at: datetime | None = None
    source: ApplicationSource | None = None
    sources: tuple[ApplicationSource, ...] = ()
    initiated_by: Initiator | None = None

    @property
    def shown_revision(self) -> str:
        """Of several sources the first one's."""
        return self.revision or next(iter(self.revisions), "")


class ApplicationSummaryStatus(_Kind, frozen=True):
    external_urls: tuple[str, ...] = msgspec.field(default=(), name="externalURLs")
    images: tuple[str, ...] = ()


class ApplicationStatus(_Kind, frozen=True):
    resources: tuple[ResourceStatus, ...] = ()
    sync: SyncStatus = SyncStatus()
    health: HealthStatus = HealthStatus()
    history: tuple[RevisionHistory, ...] = ()
    conditions: tuple[ApplicationCondition, ...] = ()
    reconciled_at: datetime | None = None
    operation_state: OperationState | None = None
    observed_at: datetime | None = None
    source_type: str = ""
    source_types: tuple[str, ...] = ()
    summary: ApplicationSummaryStatus = ApplicationSummaryStatus()
    resource_health_source: str = ""
    controller_namespace: str = ""


def sources_in_force(
    source: ApplicationSource | None, sources: tuple[ApplicationSource, ...]
) -> tuple[ApplicationSource, ...]:
    """`sources` supersedes `source`, as in Argo CD; only a `source` by itself may name a tool and mean none."""
    if sources:
        return sources
    return (_without_empty_options(source),) if source else ()


def _without_empty_options(source: ApplicationSource) -> ApplicationSource:
    """Options that say nothing name no tool, as in Argo CD: `directory: {}` of a chart leaves it a chart."""
    directory = source.directory
    if (
        directory
        and directory == DirectoryOptions(jsonnet=directory.jsonnet)
        and not _says_something(directory.jsonnet)
    ):
        source = msgspec.structs.replace(source, directory=None)
    if not _says_something(source.helm):
        source = msgspec.structs.replace(source, helm=None)
    return source if _says_something(source.kustomize) else msgspec.structs.replace(source, kustomize=None)


def _says_something(options: dict[str, Any] | None) -> bool:
    return any(value or name == "valuesObject" for name, value in (options or {}).items())


class Application(_Kind, frozen=True):
    metadata: ObjectMeta = ObjectMeta()
    spec: ApplicationSpec = ApplicationSpec()
    operation: Operation | None = None
    status: ApplicationStatus = ApplicationStatus()
