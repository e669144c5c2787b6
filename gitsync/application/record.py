"""One application as the runtime knows it, and the index of all of them. In memory; only the loop changes it."""

import enum
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field

import msgspec

from gitsync.application.refresh import Refresh, RefreshRequest
from gitsync.application.render_reasons import RenderNote
from gitsync.application.source_read import SourceRead
from gitsync.application.state import ApplicationState
from gitsync.errors import GitsyncError
from gitsync.manifest.object import DesiredObject, JsonObject
from gitsync.manifest.tracking import application_instance
from model.health import Health, Sync
from model.identity import ApplicationKey, ResourceKey
from model.kinds.application import (
    SKIP_RECONCILE_ANNOTATION,
    Application,
    ApplicationCondition,
    ApplicationSpec,
    OperationState,
    RevisionHistory,
)
from model.kinds.meta import ObjectMeta
from model.operation import Phase


class Stage(enum.StrEnum):
    """Where a condition comes from; each stage replaces its own conditions only."""

    SPEC = "spec"
    CONFIGURATION = "configuration"
    SOURCE = "source"
    MANIFESTS = "manifests"
    COMPARE = "compare"
    SHARED = "shared"
    DEPENDENCY = "dependency"
    ORPHANS = "orphans"
    SYNC = "sync"
    DELETION = "deletion"


_COMPARISON_STAGES = (Stage.SPEC, Stage.CONFIGURATION, Stage.SOURCE, Stage.MANIFESTS, Stage.COMPARE)


@dataclass(frozen=True, slots=True)
class Desired:
    """What Git wants of one application, ready to be compared.

    `revision` is the newest commit that changed the application's inputs, of its first source where there are several;
    `revisions` has one for each of `spec.sources`, and so has `source_types`. `reads` and `note` say what each source
    read and why it was rendered. `unknown` are the kinds, as (group, kind), that the cluster does not serve yet.
    `refused` says of objects that the project does not permit why; they are shown and never touched. `excluded` are
    objects of kinds that the settings leave out; they are none of `objects`.
    """

    revision: str
    source_type: str
    objects: Mapping[ResourceKey, DesiredObject]
    revisions: tuple[str, ...] = ()
    source_types: tuple[str, ...] = ()
    reads: tuple[SourceRead, ...] = ()
    note: RenderNote | None = None
    conditions: tuple[ApplicationCondition, ...] = ()
    unknown: frozenset[tuple[str, str]] = frozenset()
    refused: Mapping[ResourceKey, str] = field(default_factory=dict)
    excluded: Mapping[ResourceKey, DesiredObject] = field(default_factory=dict)


@dataclass(slots=True)
class Record:
    """Everything known of one application. `server` is its destination's, "" while that is not known.

    `acting_as` is the ServiceAccount that its project wants its cluster to judge it by, "" for the runtime's own.
    """

    key: ApplicationKey
    raw: JsonObject
    application: Application
    instance: str
    state: ApplicationState = field(default_factory=ApplicationState)
    desired: Desired | None = None
    server: str = ""
    conditions: dict[Stage, tuple[ApplicationCondition, ...]] = field(default_factory=dict)
    refresh: Refresh | None = None
    refresh_asked: RefreshRequest | None = None  # what the annotations ask for
    refresh_served: RefreshRequest | None = None  # what was asked for and done; its annotations are to go
    compared: bool = False
    failures: int = 0
    operation_state: OperationState | None = None
    operation_state_raw: JsonObject | None = None
    operation_to_remove: bool = False
    handled_operation: JsonObject | None = None
    history: tuple[JsonObject, ...] = ()
    revision: str = ""
    revisions: tuple[str, ...] = ()
    sync_begins: bool = False
    unreadable: str = ""
    deleting: bool = False
    orphans: frozenset[ResourceKey] = frozenset()
    reverting: bool = False  # a rollback is on its way to Git; nothing is synced automatically until it is there
    comparing: bool = False
    acting_as: str = ""
    on_frozen_cluster: bool = False
    unseen: set[ResourceKey] = field(default_factory=set)  # applied, and the cluster has not shown it since
    elsewhere: bool = False  # another process of the runtime looks after its cluster, and its status tells how it does

    @property
    def name(self) -> str:
        return self.key.name

    @property
    def resource_version(self) -> str:
        return self.application.metadata.resource_version

    @property
    def frozen(self) -> bool:
        """Somebody wants it, or its cluster, left alone: nothing is compared, synced, deleted or written."""
        return (
            self.on_frozen_cluster
            or self.elsewhere
            or (self.application.metadata.annotations or {}).get(SKIP_RECONCILE_ANNOTATION) == "true"
        )

    @property
    def operating(self) -> bool:
        return self.operation_state is not None and self.operation_state.phase in (Phase.RUNNING, Phase.TERMINATING)

    @property
    def typed_history(self) -> tuple[RevisionHistory, ...]:
        return msgspec.convert(self.history, tuple[RevisionHistory, ...], strict=False)

    def all_conditions(self) -> list[ApplicationCondition]:
        return [condition for stage in Stage for condition in self.conditions.get(stage, ())]

    def wish(self, refresh: Refresh) -> None:
        """The widest of several wishes wins."""
        self.refresh = max(refresh, self.refresh or refresh)

    def clear(self, *stages: Stage) -> None:
        for stage in stages:
            self.conditions.pop(stage, None)

    def fail(self, stage: Stage, failure: GitsyncError, *, type_: str = "ComparisonError") -> None:
        self.conditions[stage] = (ApplicationCondition(type=type_, message=sentence(failure)),)

    @property
    def comparison_failed(self) -> bool:
        return any(
            condition.type.endswith("Error")
            for stage in _COMPARISON_STAGES
            for condition in self.conditions.get(stage, ())
        )

    @property
    def sync(self) -> Sync:
        """An error is never shown as Synced."""
        if self.elsewhere:
            return Sync(self.application.status.sync.status or Sync.UNKNOWN)
        if self.comparison_failed or not self.compared:
            return Sync.UNKNOWN
        if self.state.sync is Sync.SYNCED and namespace_metadata_changed(self.application, self.operation_state):
            return Sync.OUT_OF_SYNC
        return self.state.sync

    @property
    def health(self) -> Health:
        if self.elsewhere:
            return Health(self.application.status.health.status or Health.UNKNOWN)
        if Stage.SPEC in self.conditions:
            return Health.UNKNOWN
        return self.state.health

    def adopt_status(self) -> None:
        """Take over what an earlier run (or Argo CD) wrote."""
        status = self.raw.get("status") or {}
        self.history = tuple(status.get("history") or ())
        self.operation_state_raw = status.get("operationState")
        self.operation_state = self.application.status.operation_state
        synced = self.application.status.sync
        self.revision = synced.revision or next(iter(synced.revisions), "")
        self.revisions = synced.revisions

    def take(self, desired: "Desired") -> None:
        """Its revisions are what is shown from now on."""
        self.revision, self.revisions = desired.revision, desired.revisions


def namespace_metadata_changed(application: Application, last: OperationState | None) -> bool:
    """Whether the last sync gave the destination namespace other labels and annotations than the spec wants now."""
    wanted = application.spec.managed_namespace_metadata
    result = last.sync_result if last is not None else None
    return wanted is not None and result is not None and result.managed_namespace_metadata != wanted


def sentence(failure: GitsyncError) -> str:
    """The message with its next step."""
    if not failure.suggestion:
        return failure.message
    return f"{failure.message.rstrip('.')}. {failure.suggestion}"


def read_application(raw: JsonObject) -> Application:
    """The typed view, or what of the object fits it.

    A status that somebody garbled must not hide the application, since it is written anew anyway; nor may a spec that
    is none, since somebody has to be told (see `why_unreadable`).
    """
    bare = {name: value for name, value in raw.items() if name != "status"}
    for body in (raw, bare, {"metadata": raw["metadata"]}):
        try:
            return msgspec.convert(body, Application, strict=False)
        except msgspec.ValidationError:
            continue
    metadata = raw["metadata"]
    return Application(metadata=ObjectMeta(name=metadata["name"], namespace=metadata.get("namespace", "")))


def why_unreadable(raw: JsonObject) -> str:
    """What is wrong with the shape of the spec, or ""."""
    try:
        msgspec.convert(raw.get("spec") or {}, ApplicationSpec, strict=False)
    except msgspec.ValidationError as error:
        return str(error)
    return ""


class Records:
    """All applications, found by key, by destination, by tracking mark, and by the objects that they want."""

    def __init__(self, control_namespace: str) -> None:
        self._control_namespace = control_namespace
        self._records: dict[ApplicationKey, Record] = {}
        self._claims: dict[tuple[str, ResourceKey], set[ApplicationKey]] = {}
        self._by_instance: dict[str, ApplicationKey] = {}
        self._by_server: dict[str, set[ApplicationKey]] = {}

    def __iter__(self) -> Iterator[Record]:
        return iter(list(self._records.values()))

    def __len__(self) -> int:
        return len(self._records)

    def get(self, key: ApplicationKey) -> Record | None:
        return self._records.get(key)

    def add(self, raw: JsonObject, application: Application) -> Record:
        key = ApplicationKey(application.metadata.namespace, application.metadata.name)
        instance = application_instance(key, self._control_namespace)
        record = Record(key=key, raw=raw, application=application, instance=instance)
        record.adopt_status()
        self._records[key] = record
        self._by_instance[instance] = key
        return record

    def remove(self, key: ApplicationKey) -> Record | None:
        record = self._records.pop(key, None)
        if record is not None:
            self.place(record, "")
            self._by_instance.pop(record.instance, None)
        return record

    def place(self, record: Record, server: str) -> None:
        """The application deploys to `server` now; what it knew of another cluster is forgotten."""
        if record.server == server:
            return
        self.claim(record, ())
        self._by_server.get(record.server, set()).discard(record.key)
        record.server = server
        record.state.clear()
        record.desired = None
        record.compared = False
        if server:
            self._by_server.setdefault(server, set()).add(record.key)

    def want(self, record: Record, desired: Desired) -> None:
        self.claim(record, desired.objects)
        record.desired = desired

    def claim(self, record: Record, keys: Collection[ResourceKey]) -> None:
        for key in record.desired.objects if record.desired else ():
            if key not in keys:
                claimants = self._claims.get((record.server, key), set())
                claimants.discard(record.key)
                if not claimants:
                    self._claims.pop((record.server, key), None)
        for key in keys:
            self._claims.setdefault((record.server, key), set()).add(record.key)

    def claimants(self, server: str, key: ResourceKey) -> Collection[ApplicationKey]:
        """Applications that want this object."""
        return self._claims.get((server, key), ())

    def of_server(self, server: str) -> Collection[ApplicationKey]:
        return tuple(self._by_server.get(server, ()))

    def of_instance(self, instance: str) -> Record | None:
        key = self._by_instance.get(instance)
        return self._records.get(key) if key else None
