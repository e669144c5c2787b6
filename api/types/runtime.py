"""Runtimes and their parts."""

from datetime import datetime
from importlib.metadata import version
from typing import Any, cast
from weakref import WeakKeyDictionary

import strawberry

from api.actions import reading
from api.actions import runtimes as runtime_actions
from api.context import Info
from api.live.runtimes import RuntimeNews
from api.settings import CHANGELOG_PATH
from api.types.cluster import Cluster
from api.types.enums import (
    Engine,
    ErrorLevels,
    HealthErrorCodes,
    HealthStatus,
    InstallationStatus,
    InstallationType,
    SyncStatus,
    member,
)
from api.types.environment import EnvironmentDefinition
from api.types.git_source import GitSource
from api.types.links import safe_url
from api.types.meta import ObjectMeta, pairs
from api.types.node import Node
from api.types.problem import Error, HealthError, inactive_runtime
from api.types.shared import SAME_FOR_ALL
from api.types.slices import Pagination, Slice, slice_of
from model.identity import encode_node_id
from model.listing import HEALTH_RANK, RegisteredRuntime
from model.report import ComponentSummary, HealthState, RuntimeSummary, SyncState
from model.version import is_older, security_requires

CONTROL_PLANE_VERSION = version("argosy")


@strawberry.type
class Component:
    metadata: ObjectMeta
    version: str
    sync_status: SyncStatus
    health_status: HealthStatus | None
    errors: list[Error]

    @staticmethod
    def of(component: ComponentSummary, runtime: RegisteredRuntime, *, available: bool) -> "Component":
        broken = component.health in (HealthState.DEGRADED, HealthState.MISSING)
        seen = runtime.seen or runtime.created
        return Component(
            metadata=_meta("Component", component.name, runtime),
            version=component.version,
            sync_status=_installation_sync(runtime, available=available),
            health_status=component.health if available else HealthState.UNKNOWN,
            errors=[_error(f"{component.name} is {component.health.value.lower()}", component.message, seen)]
            if broken
            else [],
        )


@strawberry.type(description="One line of a runtime's own log: a JSON object, without secrets.")
class RuntimeLogLine:
    component: str
    text: str


@strawberry.type
class Runtime(Node):
    metadata: ObjectMeta
    installation_type: InstallationType = strawberry.field(
        description="HELM_HOSTED: runs inside the control plane. HELM: runs in its own cluster and dials out."
    )
    installation_status: InstallationStatus
    available: bool
    last_updated: datetime | None
    runtime_version: str | None
    engine: Engine = strawberry.field(
        description="Which engine reconciles applications there: ARGOSY, or an upstream ARGO_CD that is driven through "
        "the same objects."
    )
    sync_status: SyncStatus = strawberry.field(
        description="Of its own installation with Git; UNKNOWN where it does not manage itself."
    )
    self_managed: bool = strawberry.field(description="Its installation stands in the shared configuration.")
    health_status: HealthStatus | None
    health_message: str | None
    cluster: str | None
    ingress_host: str | None = strawberry.field(
        description="Where people reach what runs in its cluster, as its operator says; nothing dials it."
    )
    components: list[Component]
    errors: list[Error]
    environments: list[EnvironmentDefinition] = strawberry.field(description="What it says of environments.")
    shared_config_repo: str | None = strawberry.field(
        default=None, description="Where operations are journalled; null: they are not."
    )
    update_available: str | None = strawberry.field(
        default=None, description="Version of the control plane where the runtime is older, else null."
    )
    answers: strawberry.Private[dict[Any, Any] | None] = None

    @staticmethod
    def shared(news: RuntimeNews) -> "Runtime":
        """Made once for all who are told."""
        found: Runtime | None = _told.get(news)
        if found is None:
            found = _told[news] = Runtime.of(news.runtime, available=news.available)
            found.answers = {}
        return found

    @staticmethod
    def of(runtime: RegisteredRuntime, *, available: bool) -> "Runtime":
        summary = runtime.summary
        health, message = _health(runtime, available=available)
        return Runtime(
            id=strawberry.ID(encode_node_id("Runtime", runtime.name)),
            metadata=_meta("Runtime", runtime.name, runtime),
            installation_type=InstallationType.HELM_HOSTED if runtime.hosted else InstallationType.HELM,
            installation_status=InstallationStatus.COMPLETED if summary else InstallationStatus.IN_PROGRESS,
            available=available,
            last_updated=runtime.seen,
            runtime_version=(summary.version or None) if summary else None,
            engine=cast(Engine, member(Engine, summary.engine, Engine.ARGOSY)) if summary else Engine.ARGOSY,
            sync_status=_installation_sync(runtime, available=available),
            self_managed=bool(summary and summary.installation_sync),
            health_status=health,
            health_message=message,
            cluster=(summary.cluster or None) if summary else None,
            ingress_host=(summary.ingress_host or None) if summary else None,
            components=[Component.of(part, runtime, available=available) for part in summary.components]
            if summary
            else [],
            errors=_errors(runtime, available=available),
            environments=[EnvironmentDefinition.of(runtime.name, one) for one in summary.environments]
            if summary
            else [],
            update_available=CONTROL_PLANE_VERSION if _is_outdated(runtime) else None,
            shared_config_repo=(runtime.summary.shared_config_repo or None) if runtime.summary else None,
        )

    @strawberry.field(
        description="Version that it has to be upgraded to at least, since older ones have a known hole; else null.",
        metadata={SAME_FOR_ALL: True},
    )
    def update_required(self, info: Info) -> str | None:
        return security_requires(self.runtime_version or "", info.context.plane.settings.secure_runtime_version)

    @strawberry.field(description="Where what changed in which version can be read.")
    def changelog_url(self, info: Info) -> str:
        return safe_url(info.context.plane.settings.changelog_url) or CHANGELOG_PATH

    @strawberry.field
    async def managed_clusters_num(self, info: Info) -> int:
        return await info.context.loaders.cluster_count.load(self.metadata.name)

    @strawberry.field(description="How many applications of it the viewer sees.")
    async def applications_num(self, info: Info) -> int:
        return await info.context.loaders.application_count.load(self.metadata.name)

    @strawberry.field
    async def git_sources(self, info: Info, pagination: Pagination = None) -> Slice[GitSource]:
        context = info.context
        found = await reading.git_sources(context.plane, context.signed_in(), self.metadata.name, pagination)
        return slice_of(found.page, GitSource.of, found.count)

    @strawberry.field
    async def managed_clusters(self, info: Info, pagination: Pagination = None) -> Slice[Cluster]:
        context = info.context
        found = await runtime_actions.clusters(context.plane, context.signed_in(), self.metadata.name, pagination)
        return slice_of(found.page, Cluster.of, found.count)


_told: WeakKeyDictionary[RuntimeNews, Any] = WeakKeyDictionary()


def _health(runtime: RegisteredRuntime, *, available: bool) -> tuple[HealthState | None, str | None]:
    if runtime.summary is None:
        return None, "it has not connected yet"
    if not available:
        return HealthState.UNKNOWN, "it is not connected"
    if runtime.summary.starting:
        return HealthState.PROGRESSING, runtime.summary.starting
    worst = max(runtime.summary.components, key=lambda part: HEALTH_RANK[part.health], default=None)
    if worst is None or worst.health is HealthState.HEALTHY:
        return HealthState.HEALTHY, None
    return worst.health, worst.message or f"{worst.name} is {worst.health.value.lower()}"


def _installation_sync(runtime: RegisteredRuntime, *, available: bool) -> SyncState:
    told = runtime.summary.installation_sync if runtime.summary else None
    return told if told is not None and available else SyncState.UNKNOWN


def _errors(runtime: RegisteredRuntime, *, available: bool) -> list[Error]:
    seen = runtime.seen or runtime.created
    reported = runtime.summary.errors if runtime.summary else ()
    errors: list[Error] = [_error("Runtime error", message, seen) for message in reported]
    if _is_outdated(runtime):
        errors.append(_update_available(runtime, seen))
    return errors if available else [*errors, inactive_runtime(runtime.name, seen)]


def _is_outdated(runtime: RegisteredRuntime) -> bool:
    return runtime.summary is not None and is_older(runtime.summary.version, than=CONTROL_PLANE_VERSION)


def _update_available(runtime: RegisteredRuntime, seen: datetime) -> Error:
    assert runtime.summary is not None
    return HealthError(
        level=ErrorLevels.WARNING,
        title="Update available",
        message=f"runtime {runtime.name} is of version {runtime.summary.version}, the control plane of "
        f"{CONTROL_PLANE_VERSION}",
        suggestion=f"argosy runtime manifests {runtime.name} | kubectl apply -f - (or upgrade its chart)",
        last_seen=seen,
        code=HealthErrorCodes.UNKNOWN,
        object=None,
    )


def _error(title: str, message: str, seen: datetime) -> Error:
    return HealthError(
        level=ErrorLevels.ERROR,
        title=title,
        message=message or title,
        suggestion=None,
        last_seen=seen,
        code=HealthErrorCodes.UNKNOWN,
        object=None,
    )


def _meta(kind: str, name: str, runtime: RegisteredRuntime) -> ObjectMeta:
    summary: RuntimeSummary | None = runtime.summary
    return ObjectMeta(
        group="argosy.io",
        version="v1",
        kind=kind,
        name=name,
        namespace=summary.namespace if summary else None,
        runtime=runtime.name,
        cluster=(summary.cluster or None) if summary else None,
        uid=None,
        labels=pairs(summary.labels) if summary else [],
        annotations=[],
        created=runtime.created,
        last_updated=runtime.seen,
    )
