"""What the control plane is told about one application, made from the record as it is now. Pure."""

import itertools
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from gitsync.application.record import Record, Stage
from gitsync.application.tree import SYNC_STATES, worst_first
from gitsync.manifest.annotations import sync_wave
from gitsync.manifest.images import images_of
from gitsync.manifest.object import JsonObject
from gitsync.reporting.release_commits import Brought
from gitsync.reporting.remarks import remarks
from gitsync.reporting.status_writer import view_of
from model.health import Health
from model.identity import ApplicationKey, ResourceKey
from model.kinds.application import GIT_SOURCE_LABEL, GROUP, KIND, ApplicationSource, OperationState
from model.operation import Phase
from model.report import (
    ApplicationKind,
    ApplicationSummary,
    ChildRevision,
    CommitInfo,
    HealthState,
    ManifestLocation,
    SyncState,
    WorkloadState,
    WrongResource,
)

MAX_WRONG_RESOURCES = 20
MAX_WORKLOADS = 100
_WORKLOADS = frozenset({"Deployment", "StatefulSet", "DaemonSet", "ReplicaSet", "Rollout", "CronJob"})

_HEALTH_STATES = {health: HealthState[health.name] for health in Health}


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What a summary needs beyond the record. `owner`: the application that holds this one's manifest, if any;
    `parent`: that one, or the ApplicationSet that generates it."""

    control_namespace: str
    cluster: str
    commits: Mapping[str, CommitInfo]
    owner: Record | None
    parent: ApplicationKey | None
    access_repo_url: str
    location: ManifestLocation | None
    explanation: str | None
    brought: Brought | None
    now: datetime
    ledger_commit: CommitInfo | None = None
    environments: tuple[str, ...] = ()


def summarize(record: Record, around: Surroundings) -> ApplicationSummary:
    metadata = record.application.metadata
    spec = record.application.spec
    automated = spec.sync_policy.automated if spec.sync_policy else None
    history = record.typed_history
    status = view_of(record, around.control_namespace, record.raw.get("status") or {})
    return ApplicationSummary(
        key=record.key,
        uid=metadata.uid,
        resource_version=metadata.resource_version,
        kind=kind_of(record),
        project=spec.project or "default",
        sources=spec.all_sources,
        destination=spec.destination,
        cluster=around.cluster,
        sync=SyncState.SYNCING if record.operating else SYNC_STATES[record.sync],
        health=_health(record, status.health),
        created=metadata.creation_timestamp or around.now,
        updated_at=_last_deployed(record) or metadata.creation_timestamp or around.now,
        access_repo_url=around.access_repo_url,
        labels=metadata.labels or {},
        annotations=metadata.annotations or {},
        automated=automated if automated is None or automated.enabled is not False else None,
        health_message=status.health_message,
        explanation=around.explanation,
        revision=record.revision,
        commit=around.commits.get(record.revision),
        source_types=tuple(status.source_types) or ((status.source_type,) if status.source_type else ()),
        operation=record.operation_state,
        operation_waves=_waves(record),
        history=history,
        history_commits={
            entry.shown_revision: around.commits[entry.shown_revision]
            for entry in history
            if entry.shown_revision in around.commits
        },
        conditions=(*record.all_conditions(), *remarks(record, now=around.now)),
        unhealthy_resources=_wrong_resources(record),
        images=tuple(sorted({image for one in record.state for image in one.images})),
        resources_total=len(record.state),
        resources_out_of_sync=record.state.out_of_sync,
        git_source=around.owner.name if around.owner and is_git_source(around.owner) else None,
        manifest_location=around.location,
        parent=around.parent,
        manifest=manifest_of(record),
        workloads=_workloads(record),
        children=_children(record),
        release_id=around.brought.release_id if around.brought else None,
        release_commits=around.brought.commits if around.brought else (),
        ledger_commit=around.ledger_commit,
        environments=around.environments,
    )


def _wrong_resources(record: Record) -> tuple[WrongResource, ...]:
    """Worst first."""
    return tuple(
        WrongResource(
            key=one.key,
            version=one.version,
            health=_HEALTH_STATES[one.health.status if one.health else Health.UNKNOWN],
            message=one.health.message if one.health else "",
        )
        for one in worst_first(record.state)[:MAX_WRONG_RESOURCES]
    )


def _waves(record: Record) -> tuple[int | None, ...]:
    """The wave of each object that the last operation was about; None where Git has it no more."""
    result = record.operation_state.sync_result if record.operation_state else None
    objects = record.desired.objects if record.desired else {}
    keys = (ResourceKey(one.group, one.kind, one.namespace, one.name) for one in (result.resources if result else ()))
    return tuple(sync_wave(objects[key].body) if key in objects else None for key in keys)


def _workloads(record: Record) -> tuple[WorkloadState, ...]:
    """What Git wants of the objects that run pods, as far as they are told one by one."""
    desired = record.desired.objects.values() if record.desired else ()
    found = (
        WorkloadState(one.key, one.version, images, _replicas(one.body))
        for one in desired
        if one.key.kind in _WORKLOADS and (images := images_of(one.body))
    )
    return tuple(itertools.islice(found, MAX_WORKLOADS))


def _replicas(body: JsonObject) -> int | None:
    spec = body.get("spec")
    replicas = spec.get("replicas") if isinstance(spec, dict) else None
    return replicas if isinstance(replicas, int) else None


def _children(record: Record) -> tuple[ChildRevision, ...]:
    desired = record.desired.objects.values() if record.desired else ()
    found = (
        ChildRevision(ApplicationKey(one.key.namespace, one.key.name), _followed(one.body))
        for one in desired
        if (one.key.group, one.key.kind) == (GROUP, KIND)
    )
    return tuple(itertools.islice(found, MAX_WORKLOADS))


def _followed(body: JsonObject) -> str:
    """The revision that an Application is told to follow, of several sources all of them."""
    spec = body.get("spec")
    sources = [spec.get("source"), *(spec.get("sources") or ())] if isinstance(spec, dict) else []
    return ", ".join(str(one.get("targetRevision") or "HEAD") for one in sources if isinstance(one, dict))


def kind_of(record: Record) -> ApplicationKind:
    return ApplicationKind.GIT_SOURCE if is_git_source(record) else ApplicationKind.APPLICATION


def is_git_source(record: Record) -> bool:
    return (record.application.metadata.labels or {}).get(GIT_SOURCE_LABEL) == "git-source"


def access_repo_url(record: Record, owner: Record | None) -> str:
    """The repository whose permissions rule the application: that of its manifest, else that of its first source."""
    sources: tuple[ApplicationSource, ...] = (owner or record).application.spec.all_sources
    return sources[0].repo_url if sources else ""


def manifest_of(record: Record) -> dict[str, object]:
    """The object as people wrote it: without status, operation and what the cluster added."""
    metadata = record.raw.get("metadata") or {}
    kept = {name: metadata[name] for name in ("name", "namespace", "labels", "annotations") if metadata.get(name)}
    return {
        "apiVersion": record.raw.get("apiVersion", "argoproj.io/v1alpha1"),
        "kind": record.raw.get("kind", "Application"),
        "metadata": kept,
        "spec": record.raw.get("spec") or {},
    }


def _health(record: Record, health: Health) -> HealthState:
    """TERMINATED: the last deployment was stopped on its way and its objects are not well since."""
    state: OperationState | None = record.operation_state
    if (
        state is not None
        and state.phase == Phase.FAILED
        and "terminated" in state.message.lower()
        and health in (Health.PROGRESSING, Health.DEGRADED)
        and Stage.SPEC not in record.conditions
    ):
        return HealthState.TERMINATED
    return _HEALTH_STATES[health]


def _last_deployed(record: Record) -> datetime | None:
    """The end of the newest operation; None when there was none. So a restart changes nothing that people see."""
    operation = record.operation_state
    if operation is not None and operation.finished_at is not None:
        return operation.finished_at
    return record.typed_history[-1].deployed_at if record.typed_history else None
