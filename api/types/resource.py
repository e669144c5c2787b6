"""One resource: desired and live manifest, what differs, and what happened to it."""

from datetime import datetime
from enum import Enum
from typing import cast

import strawberry
from strawberry.scalars import JSON

from api.types.commit import GitContext
from api.types.meta import ResourceId
from api.types.tree import DeepLinks, ResourceNode
from model.link import (
    ApplicationDiffAnswer,
    DiffAnswer,
    EventInfo,
    FieldDifference,
    ManagedResourceAnswer,
    ResourceAnswer,
)
from model.link import ReleasedResource as ReleasedAnswer
from model.link import ResourceChange as ChangeAnswer


@strawberry.type(description="One field that differs, and who changed it last as the cluster recorded it.")
class FieldChange:
    path: str
    live: JSON | None
    desired: JSON | None
    manager: str | None
    changed_at: datetime | None
    reason: str | None

    @staticmethod
    def of(change: FieldDifference) -> "FieldChange":
        return FieldChange(
            path=change.path,
            live=cast(JSON, change.live),
            desired=cast(JSON, change.desired),
            manager=change.manager,
            changed_at=change.changed_at,
            reason=change.reason,
        )


@strawberry.type
class ResourceDiff:
    modified: bool
    normalized_live: JSON | None = strawberry.field(description="Live as it is, without what is ignored.")
    predicted_live: JSON | None = strawberry.field(description="Live as it would be after a sync.")
    changes: list[FieldChange]

    @staticmethod
    def of(diff: DiffAnswer) -> "ResourceDiff":
        return ResourceDiff(
            modified=diff.modified,
            normalized_live=cast(JSON, diff.normalized_live),
            predicted_live=cast(JSON, diff.predicted_live),
            changes=[FieldChange.of(change) for change in diff.changes],
        )


@strawberry.type
class ResourceEvent:
    type: str
    reason: str
    message: str
    count: int
    first_timestamp: datetime | None
    last_timestamp: datetime | None
    object: ResourceId

    @staticmethod
    def of(event: EventInfo) -> "ResourceEvent":
        return ResourceEvent(
            type=event.type,
            reason=event.reason,
            message=event.message,
            count=event.count,
            first_timestamp=event.first_timestamp,
            last_timestamp=event.last_timestamp,
            object=ResourceId.of(event.object),
        )


@strawberry.type
class Resource:
    node: ResourceNode
    desired_manifest: JSON | None = strawberry.field(
        description="Desired state as rendered from Git; null when the resource is not managed."
    )
    live_manifest: JSON | None = strawberry.field(
        description="State in the cluster, secrets masked; null when it does not exist."
    )
    diff: ResourceDiff | None
    events: list[ResourceEvent] | None
    manifest_location: GitContext | None
    deep_links: DeepLinks = strawberry.field(description="What resource.links of argocd-cm makes of this resource.")

    @staticmethod
    def of(answer: ResourceAnswer) -> "Resource":
        return Resource(
            node=ResourceNode.of(answer.node),
            desired_manifest=cast(JSON, answer.desired),
            live_manifest=cast(JSON, answer.live),
            diff=ResourceDiff.of(answer.diff) if answer.diff else None,
            events=[ResourceEvent.of(event) for event in answer.events],
            manifest_location=GitContext.of(answer.location) if answer.location else None,
            deep_links=DeepLinks.of(answer.links, answer.link_problems),
        )


@strawberry.type
class ManagedResource:
    node: ResourceNode
    diff: ResourceDiff | None

    @staticmethod
    def of(answer: ManagedResourceAnswer) -> "ManagedResource":
        return ManagedResource(
            node=ResourceNode.of(answer.node), diff=ResourceDiff.of(answer.diff) if answer.diff else None
        )


@strawberry.type
class LogEntry:
    pod_name: str
    container: str | None
    timestamp: datetime | None
    content: str
    last: bool
    error: str | None = None


@strawberry.enum(description="What a sync would do to an object. UNKNOWN: it cannot be told.")
class ChangeKind(Enum):
    ADD = "ADD"
    CHANGE = "CHANGE"
    PRUNE = "PRUNE"
    UNKNOWN = "NONE"


@strawberry.type(description="What a sync would do to one object.")
class ResourceChange:
    resource: ResourceId
    change: ChangeKind
    diff: ResourceDiff | None = strawberry.field(description="Null where the object may not be shown, see `note`.")
    note: str | None

    @staticmethod
    def of(answer: ChangeAnswer) -> "ResourceChange":
        return ResourceChange(
            resource=ResourceId.of(answer.ref),
            change=ChangeKind(answer.change),
            diff=ResourceDiff.of(answer.diff) if answer.diff else None,
            note=answer.note or None,
        )


@strawberry.type(description="What a sync to other revisions, or of other manifests, would change; nothing is synced.")
class ApplicationDiff:
    revisions: list[str] = strawberry.field(description="Commits that were compared; none for manifests.")
    changes: list[ResourceChange]
    warnings: list[str] = strawberry.field(description="What the manifests have that is not permitted, or doubtful.")

    @staticmethod
    def of(answer: ApplicationDiffAnswer) -> "ApplicationDiff":
        return ApplicationDiff(
            revisions=list(answer.revisions),
            changes=[ResourceChange.of(change) for change in answer.changes],
            warnings=list(answer.warnings),
        )


@strawberry.enum(description="What a release did to a resource.")
class ReleasedChange(Enum):
    ADDED = "ADD"
    CHANGED = "CHANGE"
    REMOVED = "PRUNE"


@strawberry.type(description="One resource that a release created, changed or removed; Secrets are masked.")
class ReleasedResource:
    resource: ResourceId
    change: ReleasedChange
    before: JSON | None = strawberry.field(description="As the release before wanted it; null: it was not there.")
    after: JSON | None = strawberry.field(description="As this release wanted it; null: it is there no more.")
    cut: bool = strawberry.field(description="There is more than can be shown, so it is only named.")

    @staticmethod
    def of(answer: ReleasedAnswer) -> "ReleasedResource":
        return ReleasedResource(
            resource=ResourceId.of(answer.ref),
            change=ReleasedChange(answer.change),
            before=cast(JSON, answer.before),
            after=cast(JSON, answer.after),
            cut=answer.cut,
        )
