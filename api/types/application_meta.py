"""Parts that an application and a Git Source, which is one, have in common."""

from datetime import datetime
from typing import cast

import strawberry

from api.types.enums import SourceType, member
from api.types.meta import ObjectMeta, pairs
from model.identity import ApplicationId, encode_node_id
from model.kinds.application import APPLICATION_SET, GROUP, KIND, VERSION
from model.kinds.application import ApplicationSource as SourceValue
from model.kinds.application import Destination as DestinationValue
from model.listing import ListedApplication


def application_node_id(application_id: ApplicationId) -> strawberry.ID:
    kind = APPLICATION_SET if application_id.is_set else KIND
    return strawberry.ID(encode_node_id(kind, application_id.runtime, application_id.namespace, application_id.name))


def application_meta(application: ListedApplication, *, favorite: bool) -> ObjectMeta:
    summary = application.summary
    return ObjectMeta(
        group=GROUP,
        version=VERSION,
        kind=APPLICATION_SET if application.id.is_set else KIND,
        name=summary.key.name,
        namespace=summary.key.namespace,
        runtime=application.runtime,
        cluster=summary.cluster or None,
        uid=summary.uid or None,
        labels=pairs(summary.labels),
        annotations=pairs(summary.annotations),
        created=summary.created,
        last_updated=summary.updated_at,
        favorite=favorite,
    )


@strawberry.type
class ApplicationSource:
    repo_url: str = strawberry.field(name="repoURL")
    path: str | None
    target_revision: str | None
    chart: str | None
    ref: str | None
    name: str | None
    type: SourceType | None

    @staticmethod
    def of(source: SourceValue, source_type: str) -> "ApplicationSource":
        return ApplicationSource(
            repo_url=source.repo_url,
            path=source.path or None,
            target_revision=source.target_revision or None,
            chart=source.chart or None,
            ref=source.ref or None,
            name=source.name or None,
            type=cast(SourceType, member(SourceType, source_type, SourceType.Directory)) if source_type else None,
        )


@strawberry.type
class Destination:
    name: str | None
    server: str | None
    namespace: str | None

    @staticmethod
    def of(destination: DestinationValue) -> "Destination":
        return Destination(
            name=destination.name or None, server=destination.server or None, namespace=destination.namespace or None
        )


@strawberry.type
class AutoSync:
    prune: bool
    self_heal: bool
    allow_empty: bool


@strawberry.type
class Permission:
    allowed: bool
    reason: str | None


@strawberry.type
class ApplicationPermissions:
    view: Permission
    edit: Permission
    sync: Permission
    delete: Permission


@strawberry.type(description="What the viewer's Git permission on the repository allows.")
class GitPermissions:
    read: bool
    write: bool
    checked_at: datetime | None
    reason: str | None
