"""Sync options: of the application (`spec.syncPolicy.syncOptions`) and of one object (its annotation), which wins."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from gitsync.manifest.object import JsonObject
from gitsync.manifest.repeated import lists_an_entry_twice
from gitsync.manifest.tracking import CLIENT_SIDE_APPLY, FIELD_MANAGER
from model.identity import ResourceKey
from model.kinds.application import SyncOperationResource

SYNC_OPTIONS_ANNOTATION = "argocd.argoproj.io/sync-options"
DELETION_APPROVED_ANNOTATION = "argocd.argoproj.io/deletion-approved"

MIGRATED_MANAGER_ANNOTATION = "argocd.argoproj.io/client-side-apply-migration-manager"

Options = Mapping[str, str]


def parse_options(entries: Iterable[str]) -> Options:
    """`["Prune=false", "Force=true"]` as a mapping; a later entry wins, one without `=` means nothing."""
    pairs = (entry.partition("=") for entry in entries)
    return {name.strip(): value.strip() for name, equals, value in pairs if equals}


def object_options(annotations: Mapping[str, str]) -> Options:
    """Options that one object asks for."""
    written = annotations.get(SYNC_OPTIONS_ANNOTATION)
    return parse_options(written.split(",")) if written else _NONE


_NONE: Options = {}


@dataclass(frozen=True, slots=True)
class TaskOptions:
    """How one object is to be applied or deleted.

    `replace`: create or replace instead of apply. `force`: delete and create again if it cannot be changed in place.
    `server_side` is None unless the manifest insists. `validate` is False to switch field validation off.
    `take_over_client_side`: fields that client-side apply owned become ours. `propagation` is that of deletions.
    """

    replace: bool = False
    force: bool = False
    server_side: bool | None = None
    validate: bool = True
    skip_dry_run_on_missing: bool = False
    take_over_client_side: bool = True
    propagation: str = "Foreground"

    @property
    def client_side(self) -> bool:
        """Somebody insists on apply on the client's side; otherwise the server does it."""
        return self.server_side is False


DEFAULT_OPTIONS = TaskOptions()


@dataclass(frozen=True, slots=True)
class PlanOptions:
    """How the whole sync is to run.

    `application` is the application's name as it stands in tracking ids ("name" or "namespace_name"): nothing that
    another application owns is ever pruned. `resources` selects the objects of a partial sync; empty means all.
    `namespace` is the destination's.
    `namespace_metadata` holds `labels` and `annotations` of `managedNamespaceMetadata`. `run_hooks` is off where the
    strategy is `apply`; a partial sync runs none either. `revision` and the start name hooks that have no name; `run`
    marks the hooks of this very run.
    """

    application: str
    namespace: str = ""
    prune: bool = False
    force: bool = False
    sync_options: tuple[str, ...] = ()
    resources: tuple[SyncOperationResource, ...] = ()
    namespace_metadata: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    run_hooks: bool = True
    revision: str = ""
    started_unix_seconds: int = 0
    run: str = ""

    @property
    def options(self) -> Options:
        return parse_options(self.sync_options)

    def selects(self, key: ResourceKey) -> bool:
        """Whether a partial sync includes the object. A selector without a namespace means any."""
        return not self.resources or any(_selects(selector, key) for selector in self.resources)


def _selects(selector: SyncOperationResource, key: ResourceKey) -> bool:
    return (selector.group, selector.kind, selector.name) == (key.group, key.kind, key.name) and (
        not selector.namespace or selector.namespace == key.namespace
    )


def asked(name: str, own: Options, application: Options, value: str = "true") -> bool:
    """Whether an option has `value`, the object's own word before the application's."""
    return own.get(name, application.get(name, "")).lower() == value


def is_applied_by_client(body: JsonObject, own: Options, application: Options) -> bool:
    """Whether an object is applied on the client's side: where somebody insists on it, and where server-side apply
    refuses what Argo CD's own apply takes, which are fields that nobody knows and lists with an entry twice."""
    written = own.get("ServerSideApply", application.get("ServerSideApply", "")).lower()
    if written in ("true", "false"):
        return written == "false"
    return asked("Validate", own, application, "false") or lists_an_entry_twice(body)


def managers_taken_over(annotations: Mapping[str, str], application: Options) -> frozenset[str]:
    """Managers whose applies on the client's side a sync of an object with these annotations makes ours."""
    if asked("ClientSideApplyMigration", object_options(annotations), application, "false"):
        return frozenset()
    return frozenset({CLIENT_SIDE_APPLY, FIELD_MANAGER, annotations.get(MIGRATED_MANAGER_ANNOTATION, "")} - {""})


def task_options(own: Options, application: Options, *, force: bool, body: JsonObject | None = None) -> TaskOptions:
    """`body` is what is to be applied."""
    server_side = True if asked("ServerSideApply", own, application) else None
    by_client = body is not None and is_applied_by_client(body, own, application)
    policy = own.get("PrunePropagationPolicy", application.get("PrunePropagationPolicy", "")).lower()
    return TaskOptions(
        replace=asked("Replace", own, application),
        force=force or asked("Force", own, application),
        server_side=False if by_client else server_side,
        validate=not asked("Validate", own, application, "false"),
        skip_dry_run_on_missing=asked("SkipDryRunOnMissingResource", own, application),
        take_over_client_side=not asked("ClientSideApplyMigration", own, application, "false"),
        propagation={"background": "Background", "orphan": "Orphan"}.get(policy, "Foreground"),
    )
