"""Git Sources: applications that sync manifests into their runtime's namespace."""

import strawberry

from api.actions import reading
from api.context import Info
from api.types.application_meta import GitPermissions, application_meta
from api.types.commit import Commit
from api.types.enums import HealthStatus, SyncStatus
from api.types.meta import ObjectMeta
from api.types.node import Node
from model.identity import encode_node_id
from model.listing import ListedApplication


@strawberry.type(description="Where applications of a restricted Git Source may deploy to; patterns as in AppProjects.")
class AllowedDestination:
    server: str | None
    name: str | None
    namespace: str | None


@strawberry.type(description="What applications of a restricted Git Source may do.")
class GitSourceRestriction:
    allowed_repositories: list[str]
    allowed_destinations: list[AllowedDestination]


@strawberry.type(
    description="An application that syncs a repository of manifests into the runtime's namespace; where manifests "
    "made in the console are committed."
)
class GitSource(Node):
    metadata: ObjectMeta
    repo_url: str = strawberry.field(name="repoURL")
    path: str | None
    revision: str | None
    include: str | None = strawberry.field(description="Only files that this glob fits are read.")
    exclude: str | None = strawberry.field(description="Files that this glob fits are left out.")
    sync_status: SyncStatus
    health_status: HealthStatus | None
    last_commit: Commit | None
    resources_count: int
    project: str = strawberry.field(description="`default`; a restricted Git Source has one of its own name.")
    restricted: bool = strawberry.field(description="It brings applications of the project <name>-restricted only.")
    listed: strawberry.Private[ListedApplication]

    @staticmethod
    def of(application: ListedApplication, *, favorite: bool = False) -> "GitSource":
        summary = application.summary
        source = summary.sources[0] if summary.sources else None
        directory = source.directory if source else None
        key = summary.key
        return GitSource(
            id=strawberry.ID(encode_node_id("GitSource", application.runtime, key.namespace, key.name)),
            metadata=application_meta(application, favorite=favorite),
            repo_url=source.repo_url if source else "",
            path=(source.path or None) if source else None,
            revision=(source.target_revision or None) if source else None,
            include=directory.include or None if directory else None,
            exclude=directory.exclude or None if directory else None,
            sync_status=summary.sync,
            health_status=summary.health,
            last_commit=Commit.of(summary.commit) if summary.commit else None,
            resources_count=summary.resources_total,
            project=summary.project,
            restricted=summary.project == key.name,
            listed=application,
        )

    @strawberry.field(description="What the viewer's Git permission on the repository allows.")
    async def permissions(self, info: Info) -> GitPermissions:
        found = await reading.git_permissions(info.context.plane, info.context.signed_in(), self.listed, self.repo_url)
        return GitPermissions(
            read=found.read, write=found.write, checked_at=found.checked_at, reason=found.reason or None
        )

    @strawberry.field(description="What it allows, as the cluster has it now; null when it is not restricted.")
    async def restriction(self, info: Info) -> GitSourceRestriction | None:
        if not self.restricted:
            return None
        found = await reading.restriction(info.context.plane, self.listed)
        if not found.restricted:
            return None
        places = [
            AllowedDestination(server=one.server or None, name=one.name or None, namespace=one.namespace or None)
            for one in found.destinations
        ]
        return GitSourceRestriction(allowed_repositories=list(found.repositories), allowed_destinations=places)
