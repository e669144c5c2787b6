"""Metadata and other small shapes that many types carry."""

from collections.abc import Iterable, Mapping
from datetime import datetime

import strawberry

from model.identity import ApplicationId, ResourceKey
from model.kinds.application import APPLICATION_SET, KIND
from model.link import ObjectRef


@strawberry.type
class StringPair:
    key: str
    value: str


def pairs(values: Mapping[str, str] | Iterable[tuple[str, str]]) -> list[StringPair]:
    items = values.items() if isinstance(values, Mapping) else values
    return [StringPair(key=key, value=value) for key, value in items]


@strawberry.type
class ObjectMeta:
    group: str
    version: str
    kind: str
    name: str
    namespace: str | None
    runtime: str
    cluster: str | None
    uid: str | None
    labels: list[StringPair]
    annotations: list[StringPair]
    created: datetime | None
    last_updated: datetime | None
    favorite: bool | None = None


@strawberry.type(description="Address of one Kubernetes object inside its cluster.")
class ResourceId:
    group: str
    version: str
    kind: str
    namespace: str | None
    name: str

    @staticmethod
    def of(key: ResourceKey | ObjectRef, version: str = "") -> "ResourceId":
        return ResourceId(
            group=key.group,
            version=key.version if isinstance(key, ObjectRef) else version,
            kind=key.kind,
            namespace=key.namespace or None,
            name=key.name,
        )


@strawberry.type(description="Where something stands in an application's runtime.")
class ApplicationLink:
    runtime: str
    namespace: str
    name: str
    kind: str = strawberry.field(description="Application, or ApplicationSet.")

    @staticmethod
    def of(application: ApplicationId) -> "ApplicationLink":
        return ApplicationLink(
            runtime=application.runtime,
            namespace=application.namespace,
            name=application.name,
            kind=APPLICATION_SET if application.is_set else KIND,
        )
