"""Releases: the timeline of an application."""

import enum
from collections.abc import Iterator
from datetime import datetime
from typing import TYPE_CHECKING, Annotated

import strawberry

from api.actions import releases, rollouts
from api.context import Info
from api.types.commit import Commit, Signature
from api.types.enums import HealthStatus, SortingOrder
from api.types.image_build import ImageBuild
from api.types.inputs import label_pairs
from api.types.meta import ObjectMeta, ResourceId
from api.types.node import Node
from api.types.operation import OperationState
from api.types.resource import ReleasedResource
from api.types.rollout import Rollout
from model.identity import ApplicationId, encode_node_id
from model.kinds.application import GROUP, KIND, VERSION
from model.references import issues, pull_requests
from model.release import Release, ReleaseFilter
from model.report import CommitInfo, HealthState, WorkloadState

if TYPE_CHECKING:
    from api.types.application import Application


def release_node_id(release: Release) -> strawberry.ID:
    one = release.application
    return strawberry.ID(
        encode_node_id("GitopsRelease", one.runtime, one.namespace, one.name, release.uid, str(release.number))
    )


@strawberry.type
class ImageChange:
    name: str
    from_tag: str | None
    to_tag: str | None
    workload: ResourceId


@strawberry.type
class ServiceChange:
    workload: ResourceId
    from_replicas: int | None
    to_replicas: int | None
    from_images: list[str]
    to_images: list[str]


@strawberry.type
class ApplicationChange:
    name: str
    namespace: str
    from_revision: str | None
    to_revision: str | None


@strawberry.type(description="Named by the message of a commit that the release brought.")
class PullRequest:
    key: str
    title: str | None
    url: str | None
    author: Signature | None
    committers: list[Signature]


@strawberry.type(description="Named by the message of a commit that the release brought.")
class Issue:
    key: str
    title: str | None
    url: str | None
    status: str | None
    assignee: Signature | None


@strawberry.type
class ReleaseChanges:
    against: int | None = strawberry.field(
        description="`historyId` of the release before; null: none is known, so all that this one deployed is added."
    )
    resources: list[ReleasedResource]


@strawberry.type(description="A sync that changed what is deployed, or one that failed to.")
class GitopsRelease(Node):
    history_id: int = strawberry.field(description="Counts the releases of the application from 1.")
    argo_history_id: int | None = strawberry.field(description="The entry in the Application's own history, if any.")
    health_status: HealthStatus
    sync_operation_revision: str
    commit: Commit | None
    commits: list[Commit] = strawberry.field(
        description="Commits to what the application reads, since the release before."
    )
    operation_state: OperationState | None
    images: list[ImageChange]
    services: list[ServiceChange]
    child_apps: list[ApplicationChange]
    pull_requests: list[PullRequest]
    issues: list[Issue]
    committers: list[Signature]
    started_at: datetime
    finished_at: datetime | None
    is_rollback: bool
    application_metadata: ObjectMeta
    release: strawberry.Private[Release]

    @strawberry.field(description="It is the newest release of the application.")
    async def current(self, info: Info) -> bool:
        newest = await info.context.loaders.newest_release.load(self.release.application)
        return newest == (self.release.uid, self.release.number)

    @strawberry.field(description="Builds of the images that it brought, as CI reported them; one for each image.")
    async def builds(self, info: Info) -> list[ImageBuild]:
        return [ImageBuild.of(one) for one in await info.context.loaders.builds.load(self.release)]

    @strawberry.field(
        description="The application's Rollouts, which tell of their newest update only: earlier releases have none."
    )
    async def rollouts(self, info: Info) -> list[Rollout]:
        if not await self.current(info):
            return []
        found = await info.context.loaders.application.load(self.release.application)
        if found is None or found.summary.uid != self.release.uid:
            return []
        plane = info.context.plane
        return [Rollout.of(one, plane.clock()) for one in await rollouts.of_application(plane, found)]

    @strawberry.field(
        description="Every resource that it created, changed or removed, against the release before. Both are rendered "
        "from Git when this is asked for, with the tools and settings of now."
    )
    async def changed_resources(self, info: Info) -> "ReleaseChanges":
        found = await info.context.loaders.application.load(self.release.application)
        before, answer = await releases.changes(info.context.plane, self.release, found)
        return ReleaseChanges(
            against=before.number if before else None,
            resources=[ReleasedResource.of(one) for one in answer.resources],
        )

    @strawberry.field(description="Null when it does not exist any more.")
    async def application(
        self, info: Info
    ) -> Annotated["Application", strawberry.lazy("api.types.application")] | None:
        from api.types.application import shown

        found = await info.context.loaders.application.load(self.release.application)
        if found is None or found.summary.uid != self.release.uid:
            return None
        return shown(await info.context.stars())(found)

    @staticmethod
    def of(release: Release) -> "GitopsRelease":
        return GitopsRelease(
            id=release_node_id(release),
            history_id=release.number,
            argo_history_id=release.argo_id,
            health_status=release.health,
            sync_operation_revision=release.revision,
            commit=Commit.of(release.commit) if release.commit else None,
            commits=[Commit.of(commit) for commit in release.commits],
            operation_state=OperationState.of(release.operation) if release.operation else None,
            images=list(_images(release)),
            services=list(_services(release)),
            child_apps=list(_children(release)),
            pull_requests=_pull_requests(release),
            issues=[
                Issue(key=key, title=None, url=None, status=None, assignee=None) for key in issues(release.brought)
            ],
            committers=_signatures(release.brought),
            started_at=release.started,
            finished_at=release.finished,
            is_rollback=release.rollback,
            application_metadata=_metadata(release),
            release=release,
        )


@strawberry.enum
class GitopsReleaseSortingField(enum.Enum):
    historyId = "historyId"
    startedAt = "startedAt"
    healthStatus = "healthStatus"


@strawberry.input
class GitopsReleaseSortArg:
    field: GitopsReleaseSortingField
    order: SortingOrder = SortingOrder.desc


@strawberry.input
class GitopsReleaseFilterArgs:
    runtime: str | None = None
    namespace: str | None = None
    name: str | None = None
    runtimes: list[str] | None = None
    clusters: list[str] | None = None
    applications: list[str] | None = None
    labels: list[str] | None = None
    groups: list[str] | None = None
    products: list[str] | None = None
    environments: list[str] | None = None
    favorite: bool | None = None
    start_date: datetime | None = None
    end_date: datetime | None = None
    committers: list[str] | None = None
    pr_keys: list[str] | None = None
    issue_keys: list[str] | None = None
    health_statuses: list[HealthStatus] | None = None

    def value(self, starred: frozenset[str]) -> ReleaseFilter:
        """An absent or empty list holds for everything. `starred`: row ids of applications that the viewer starred."""
        return ReleaseFilter(
            runtimes=frozenset(self.runtimes or ([self.runtime] if self.runtime else ())),
            clusters=frozenset(self.clusters or ()),
            applications=starred if self.favorite else None,
            namespace=self.namespace or "",
            names=frozenset({self.name} if self.name else self.applications or ()),
            labels=label_pairs(self.labels or []),
            groups=frozenset(self.groups or ()),
            products=frozenset(self.products or ()),
            environments=frozenset(self.environments or ()),
            since=self.start_date,
            until=self.end_date,
            committers=frozenset(self.committers or ()),
            pull_requests=frozenset(self.pr_keys or ()),
            issues=frozenset(self.issue_keys or ()),
            healths=frozenset(HealthState(one) for one in self.health_statuses or ()),
        )


def _metadata(release: Release) -> ObjectMeta:
    one: ApplicationId = release.application
    return ObjectMeta(
        group=GROUP,
        version=VERSION,
        kind=KIND,
        name=one.name,
        namespace=one.namespace,
        runtime=one.runtime,
        cluster=release.cluster or None,
        uid=release.uid or None,
        labels=[],
        annotations=[],
        created=None,
        last_updated=release.finished,
    )


def _changed_workloads(release: Release) -> Iterator[tuple[WorkloadState | None, WorkloadState | None]]:
    if not release.workloads:
        return  # nobody saw what it brought
    before = {one.key: one for one in release.workloads_before}
    after = {one.key: one for one in release.workloads}
    for key in sorted(before.keys() | after.keys(), key=str):
        if before.get(key) != after.get(key):
            yield before.get(key), after.get(key)


def _id_of(old: WorkloadState | None, new: WorkloadState | None) -> ResourceId:
    one = new or old
    assert one is not None
    return ResourceId.of(one.key, one.version)


def _services(release: Release) -> Iterator[ServiceChange]:
    for old, new in _changed_workloads(release):
        yield ServiceChange(
            workload=_id_of(old, new),
            from_replicas=old.replicas if old else None,
            to_replicas=new.replicas if new else None,
            from_images=list(old.images) if old else [],
            to_images=list(new.images) if new else [],
        )


def _images(release: Release) -> Iterator[ImageChange]:
    for old, new in _changed_workloads(release):
        before = dict(_name_and_tag(image) for image in old.images) if old else {}
        after = dict(_name_and_tag(image) for image in new.images) if new else {}
        for name in sorted(before.keys() | after.keys()):
            if before.get(name) != after.get(name):
                yield ImageChange(
                    name=name, from_tag=before.get(name), to_tag=after.get(name), workload=_id_of(old, new)
                )


def _name_and_tag(image: str) -> tuple[str, str]:
    """A digest is as good as a tag; a colon before the last slash belongs to a port."""
    name, at, digest = image.partition("@")
    if at:
        return name.rsplit(":", 1)[0] if ":" in name.rsplit("/", 1)[-1] else name, digest
    if ":" in image.rsplit("/", 1)[-1]:
        name, _, tag = image.rpartition(":")
        return name, tag
    return image, "latest"


def _children(release: Release) -> Iterator[ApplicationChange]:
    before = {one.key: one.revision for one in release.children_before}
    after = {one.key: one.revision for one in release.children}
    for key in sorted(before.keys() | after.keys()) if release.children else ():
        if before.get(key) != after.get(key):
            yield ApplicationChange(
                name=key.name, namespace=key.namespace, from_revision=before.get(key), to_revision=after.get(key)
            )


def _signatures(commits: tuple[CommitInfo, ...]) -> list[Signature]:
    people = dict.fromkeys((commit.author_name, commit.author_email) for commit in commits)
    return [Signature(name=name, email=email) for name, email in people]


def _pull_requests(release: Release) -> list[PullRequest]:
    return [
        PullRequest(
            key=one.key,
            title=one.title or None,
            url=None,
            author=Signature(name=one.commit.author_name, email=one.commit.author_email),
            committers=_signatures(release.brought),
        )
        for one in pull_requests(release.brought)
    ]
