"""Applications."""

from collections.abc import Callable, Container
from datetime import datetime
from typing import Annotated, cast

import strawberry
from strawberry.scalars import JSON

from api.access.authorize import Permission as PermissionValue
from api.access.authorize import Verb
from api.actions import audit, changes, reading, rollouts
from api.actions.paging import Found
from api.context import Info
from api.types.application_meta import (
    ApplicationPermissions,
    ApplicationSource,
    AutoSync,
    Destination,
    Permission,
    application_meta,
    application_node_id,
)
from api.types.audit import ManifestHistory
from api.types.commit import Commit, GitContext, ManifestFile
from api.types.enums import ApplicationKindEnum, AppSyncPolicies, HealthStatus, SyncStatus
from api.types.git_source import GitSource
from api.types.inputs import ResourceRef
from api.types.meta import ObjectMeta
from api.types.node import Node
from api.types.operation import HistoryEntry, OperationState, last_sync
from api.types.problem import Error, inactive_runtime, problems_of
from api.types.rendering import Rendering
from api.types.resource import ApplicationDiff, ManagedResource, Resource
from api.types.review import ManifestReview
from api.types.rollout import Rollout
from api.types.shared import SAME_FOR_ALL, SAME_FOR_EQUALS
from api.types.slices import Pagination, Slice, slice_of
from api.types.sync_window import SyncWindow
from api.types.tree import DeepLinks, ResourceTree
from model.identity import ApplicationId
from model.listing import ListedApplication, Visibility
from model.report import ApplicationSummary


@strawberry.type
class Application(Node):
    """An ApplicationSet, too: what only its Applications have is null then."""

    metadata: ObjectMeta
    kind: ApplicationKindEnum
    project: str
    spec_sources: list[ApplicationSource]
    destination: Destination
    sync_policy: AppSyncPolicies
    auto_sync: AutoSync | None
    sync_status: SyncStatus
    health_status: HealthStatus
    health_message: str | None
    explanation: str | None = strawberry.field(
        description="Why it is not Synced and Healthy, one sentence with the blocking object; null when it is both."
    )
    revision: str | None
    commit: Commit | None
    updated_at: datetime | None
    groups: list[str] = strawberry.field(description="Application groups that an annotation puts it into.")
    product: str | None = strawberry.field(description="The product that an annotation makes it a part of.")
    environments: list[str] = strawberry.field(description="Environments that hold its destination.")
    manifest: JSON | None
    listed: strawberry.Private[ListedApplication]
    seen_by: strawberry.Private[Visibility | None] = None

    @staticmethod
    def of(
        application: ListedApplication, *, favorite: bool = False, seen_by: Visibility | None = None
    ) -> "Application":
        """`seen_by`: what all of those see who are told of it; None: it is for whoever asks."""
        summary = application.summary
        types = (*summary.source_types, *([""] * len(summary.sources)))
        return Application(
            id=application_node_id(application.id),
            metadata=application_meta(application, favorite=favorite),
            kind=summary.kind,
            project=summary.project,
            spec_sources=[ApplicationSource.of(source, types[index]) for index, source in enumerate(summary.sources)],
            destination=Destination.of(summary.destination),
            sync_policy=AppSyncPolicies[application.policy],
            auto_sync=_auto_sync(application),
            sync_status=summary.sync,
            health_status=summary.health,
            health_message=summary.health_message or None,
            explanation=summary.explanation,
            revision=summary.revision or None,
            commit=Commit.of(summary.commit) if summary.commit else None,
            updated_at=summary.updated_at,
            groups=list(application.groups),
            product=application.product or None,
            environments=list(summary.environments),
            manifest=cast(JSON, summary.manifest),
            listed=application,
            seen_by=seen_by,
        )

    @property
    def _summary(self) -> ApplicationSummary:
        return self.listed.summary

    @strawberry.field
    def operation_state(self) -> OperationState | None:
        summary = self._summary
        if summary.operation is None:
            return None
        return OperationState.of(summary.operation, summary.ledger_commit, summary.operation_waves)

    @strawberry.field
    def last_sync(self) -> OperationState | None:
        return last_sync(self._summary)

    @strawberry.field(
        description="The Git Source that holds the manifest; null: not managed through Git, so it can be neither "
        "edited nor deleted here."
    )
    async def git_source(self, info: Info) -> GitSource | None:
        name = self._summary.git_source
        if name is None:
            return None
        holder = self._summary.parent or self._summary.key  # an application may be elsewhere than what holds it
        key = ApplicationId(self.listed.runtime, holder.namespace, name)
        found = await info.context.loaders.application.load(key)
        return GitSource.of(found) if found else None

    @strawberry.field(
        description="The manifest's file through its commits, and who set each field; null: it is in no repository."
    )
    async def manifest_history(self, info: Info) -> ManifestHistory | None:
        if self.listed.id.is_set:
            return None
        return ManifestHistory.of(await audit.manifest_history(info.context.plane, self.listed))

    @strawberry.field(description="Who has to review a change of the manifest; null: it is in no repository.")
    async def manifest_review(self, info: Info) -> ManifestReview | None:
        if self.listed.id.is_set:
            return None
        found = await audit.manifest_review(info.context.plane, info.context.signed_in(), self.listed)
        return ManifestReview.of(found)

    @strawberry.field(description="Repository, path and line of the manifest in Git.")
    def manifest_location(self) -> GitContext | None:
        location = self._summary.manifest_location
        return GitContext.of(location) if location else None

    @strawberry.field(
        description="The file in Git that holds the manifest, as it is now, for editing it; null: it cannot be edited."
    )
    async def manifest_file(self, info: Info) -> ManifestFile | None:
        if self.listed.id.is_set:
            return None
        found = await changes.manifest_file(info.context.plane, self.listed)
        return ManifestFile.of(found) if found else None

    @strawberry.field(metadata={SAME_FOR_EQUALS: True})
    async def parent(self, info: Info) -> Annotated["Application", strawberry.lazy("api.types.application")] | None:
        key = self._summary.parent
        if key is None:
            return None
        found = await info.context.loaders.application.load(ApplicationId.of(self.listed.runtime, key))
        return Application.of(found) if found else None

    @strawberry.field(metadata={SAME_FOR_EQUALS: True})
    async def children(
        self, info: Info, pagination: Pagination = None
    ) -> Slice[Annotated["Application", strawberry.lazy("api.types.application")]]:
        found = await reading.children(info.context.plane, info.context.signed_in(), self.listed, pagination)
        return await shown_page(info, found)

    @strawberry.field(
        description="How many applications it holds, of those that the viewer sees.", metadata={SAME_FOR_ALL: True}
    )
    async def children_num(self, info: Info) -> int:
        return await info.context.loaders.children_count.load((self.listed.id, self.seen_by))

    @strawberry.field(description="What the viewer may do, each with the reason when not.")
    async def permissions(self, info: Info) -> ApplicationPermissions:
        found = await reading.permissions(info.context.plane, info.context.signed_in(), self.listed)
        return ApplicationPermissions(**{verb.value: _permission(found[verb]) for verb in Verb})

    @strawberry.field
    async def resource_tree(self, info: Info) -> ResourceTree | None:
        if self.listed.id.is_set:
            return None
        answer, cursor = await reading.tree(info.context.plane, self.listed)
        return ResourceTree.of(answer, cursor)

    @strawberry.field(
        description="Links of its manifest, addresses of its objects, and what application.links and project.links of "
        "argocd-cm make of it; null for an ApplicationSet."
    )
    async def deep_links(self, info: Info) -> DeepLinks | None:
        if self.listed.id.is_set:
            return None
        answer = await reading.deep_links(info.context.plane, self.listed)
        return DeepLinks.of(answer.links, answer.problems)

    @strawberry.field
    async def managed_resources(self, info: Info, only_changed: bool | None = False) -> list[ManagedResource] | None:
        if self.listed.id.is_set:
            return None
        answer = await reading.managed_resources(info.context.plane, self.listed, only_changed=bool(only_changed))
        return [ManagedResource.of(resource) for resource in answer.resources]

    @strawberry.field(
        description="What a sync to other revisions (one for each source; none: its own), or of these manifests (YAML "
        "or JSON), would change. Nothing is synced."
    )
    async def diff(
        self, info: Info, revisions: list[str] | None = None, manifests: list[str] | None = None
    ) -> ApplicationDiff | None:
        if self.listed.id.is_set:
            return None
        viewer = info.context.signed_in()
        answer = await reading.application_diff(
            info.context.plane, viewer, self.listed, revisions or (), manifests or ()
        )
        return ApplicationDiff.of(answer)

    @strawberry.field(description="What its sources read, and why they were rendered last.")
    async def rendering(self, info: Info) -> Rendering | None:
        if self.listed.id.is_set:
            return None
        return Rendering.of(await reading.rendering(info.context.plane, self.listed))

    @strawberry.field(description="Its Rollouts; null: the runtime does not answer.")
    async def rollouts(self, info: Info) -> list[Rollout] | None:
        if self.listed.id.is_set:
            return None
        plane = info.context.plane
        return [Rollout.of(one, plane.clock()) for one in await rollouts.of_application(plane, self.listed)]

    @strawberry.field(description="Of its project, those that concern it; null: the runtime does not answer.")
    async def sync_windows(self, info: Info) -> list[SyncWindow] | None:
        if self.listed.id.is_set:
            return None
        answer = await reading.sync_windows(info.context.plane, self.listed)
        return [SyncWindow.of(window) for window in answer.windows]

    @strawberry.field
    async def resource(self, info: Info, ref: ResourceRef) -> Resource | None:
        if self.listed.id.is_set:
            return None
        answer = await reading.resource(info.context.plane, self.listed, ref.value())
        return Resource.of(answer) if answer else None

    @strawberry.field
    def history(self) -> list[HistoryEntry]:
        newest_first = sorted(self._summary.history, key=lambda entry: entry.id, reverse=True)
        return [HistoryEntry.of(entry, self._summary) for entry in newest_first]

    @strawberry.field
    async def errors(self, info: Info) -> list[Error]:
        problems = problems_of(self.listed)
        if not info.context.plane.connected.available(self.listed.runtime):
            runtime = await info.context.loaders.runtime.load(self.listed.runtime)
            seen = runtime.seen if runtime is not None and runtime.seen is not None else self._summary.updated_at
            problems.append(inactive_runtime(self.listed.runtime, seen))
        return problems


def shown(starred: Container[str], seen_by: Visibility | None = None) -> Callable[[ListedApplication], Application]:
    """Makes applications that know whether they are among the starred ones (row ids)."""

    def make(application: ListedApplication) -> Application:
        return Application.of(application, favorite=str(application.id) in starred, seen_by=seen_by)

    return make


async def shown_page(info: Info, found: Found[ListedApplication]) -> Slice[Application]:
    """A page of what the viewer sees, with the stars."""
    return slice_of(found.page, shown(await info.context.stars()), found.count)


def _auto_sync(application: ListedApplication) -> AutoSync | None:
    automated = application.summary.automated
    if automated is None or automated.enabled is False:
        return None
    return AutoSync(prune=automated.prune, self_heal=automated.self_heal, allow_empty=automated.allow_empty)


def _permission(found: PermissionValue) -> Permission:
    return Permission(allowed=found.allowed, reason=found.reason or None)
