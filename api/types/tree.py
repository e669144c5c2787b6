"""Live resources of an application."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any, cast
from weakref import WeakKeyDictionary

import strawberry
from strawberry.scalars import JSON

from api.live.trees import TreeNews
from api.types.enums import HealthStatus, LiveEventType, SyncStatus
from api.types.links import safe_url
from api.types.meta import StringPair, pairs
from model.link import ActionInfo, HostSummary, TreeAnswer, TreeNode
from model.link_deep_link import DeepLink as Linked
from model.report import HealthState


@strawberry.type
class Link:
    title: str
    url: str


@strawberry.type(description="A link to another system, as argocd-cm configures it or a manifest names it.")
class DeepLink:
    title: str
    url: str
    description: str | None
    icon_class: str | None


@strawberry.type
class DeepLinks:
    links: list[DeepLink]
    problems: list[str] = strawberry.field(description="Entries of argocd-cm that cannot be shown here, and why.")

    @staticmethod
    def of(links: Iterable[Linked], problems: Iterable[str]) -> "DeepLinks":
        return DeepLinks(
            links=[
                DeepLink(
                    title=link.title, url=link.url, description=link.description or None, icon_class=link.icon or None
                )
                for link in links
                if safe_url(link.url)
            ],
            problems=list(problems),
        )


@strawberry.type(description="What can be done with a resource, beyond deleting it.")
class ResourceAction:
    name: str
    display_name: str
    disabled: bool
    reason: str | None
    parameters: JSON | None

    @staticmethod
    def of(action: ActionInfo) -> "ResourceAction":
        return ResourceAction(
            name=action.name,
            display_name=action.display_name,
            disabled=action.disabled,
            reason=action.reason or None,
            parameters=cast(JSON, action.parameters),
        )


@strawberry.type
class HostInfo:
    name: str
    pod_count: int
    capacity: list[StringPair]

    @staticmethod
    def of(host: HostSummary) -> "HostInfo":
        return HostInfo(name=host.name, pod_count=host.pod_count, capacity=pairs(host.capacity))


@strawberry.type
class ResourceNode:
    id: strawberry.ID
    group: str
    version: str
    kind: str
    namespace: str | None
    name: str
    uid: str | None
    resource_version: str | None = strawberry.field(
        description="Of the live object: it changes with everything about it, also with what no other field here shows."
    )
    parent_ids: list[strawberry.ID] = strawberry.field(
        description="Ids of the nodes that own it; empty: owned by the application."
    )
    managed: bool
    sync_status: SyncStatus | None
    health_status: HealthStatus | None
    health_message: str | None
    hook: bool
    requires_pruning: bool
    orphaned: bool = strawberry.field(description="It lives in the application's namespace and belongs to nobody.")
    extraneous: bool = strawberry.field(
        description="Whatever its state is, the application's sync state does not follow it (IgnoreExtraneous)."
    )
    sync_wave: int | None
    images: list[str]
    info: list[StringPair]
    host: str | None = strawberry.field(description="The cluster's node that runs it; of pods.")
    labels: list[StringPair] = strawberry.field(description="Of the live object; at most 64 of them.")
    selector: list[StringPair] = strawberry.field(description="Labels of the pods that it leads to; of Services.")
    services: list[str] = strawberry.field(
        description="Names of the Services in its namespace that it leads to; of an Ingress and of routes."
    )
    created: datetime | None
    links: list[Link]
    actions: list[ResourceAction]

    @staticmethod
    def of(node: TreeNode) -> "ResourceNode":
        ref = node.ref
        links = [Link(title=title, url=url) for title, url in node.links if safe_url(url)]
        return ResourceNode(
            id=strawberry.ID(node.id),
            group=ref.group,
            version=ref.version,
            kind=ref.kind,
            namespace=ref.namespace or None,
            name=ref.name,
            uid=node.uid or None,
            resource_version=node.resource_version or None,
            parent_ids=[strawberry.ID(parent) for parent in node.parent_ids],
            managed=node.managed,
            sync_status=node.sync,
            health_status=HealthState[node.health.name] if node.health else None,
            health_message=node.health_message or None,
            hook=node.hook,
            requires_pruning=node.requires_pruning,
            orphaned=node.orphaned,
            extraneous=node.extraneous,
            sync_wave=node.sync_wave,
            images=list(node.images),
            info=pairs(node.info),
            host=node.host or None,
            labels=pairs(node.labels),
            selector=pairs(node.selector),
            services=list(node.services),
            created=node.created,
            links=links,
            actions=[ResourceAction.of(action) for action in node.actions],
        )


@strawberry.type
class ResourceTree:
    nodes: list[ResourceNode]
    hosts: list[HostInfo]
    cursor: str = strawberry.field(description="Pass as `after` to the subscription to go on from here.")

    @staticmethod
    def of(answer: TreeAnswer, cursor: str) -> "ResourceTree":
        return ResourceTree(
            nodes=[ResourceNode.of(node) for node in answer.nodes],
            hosts=[HostInfo.of(host) for host in answer.hosts],
            cursor=cursor,
        )


@strawberry.type
class ResourceTreeEvent:
    type: LiveEventType
    upserted: list[ResourceNode]
    removed: list[strawberry.ID]
    cursor: str
    answers: strawberry.Private[dict[Any, Any]]

    @staticmethod
    def of(news: TreeNews) -> "ResourceTreeEvent":
        """Made once for all who see the same news."""
        event = _events.get(news)
        if event is None:
            event = _events[news] = ResourceTreeEvent(
                type=news.kind,
                upserted=[ResourceNode.of(node) for node in news.upserted],
                removed=[strawberry.ID(node_id) for node_id in news.removed],
                cursor=news.cursor,
                answers={},
            )
        return event


_events: WeakKeyDictionary[TreeNews, Any] = WeakKeyDictionary()
