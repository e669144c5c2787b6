"""Destination clusters."""

from datetime import datetime
from typing import cast

import strawberry

from api.types.enums import ClusterConnectionStatus, member
from api.types.meta import ObjectMeta, pairs
from api.types.node import Node
from model.identity import encode_node_id
from model.listing import ListedCluster


@strawberry.type
class ConnectionState:
    status: ClusterConnectionStatus
    message: str | None
    attempted_at: datetime | None


@strawberry.type
class ClusterCacheInfo:
    resources_count: int
    apis_count: int
    last_cache_sync_time: datetime | None


@strawberry.type
class ClusterInfo:
    connection_state: ConnectionState
    server_version: str | None
    cache_info: ClusterCacheInfo
    applications_count: int
    rollouts: bool | None = strawberry.field(description="Whether it knows Rollouts; null: it was not asked yet.")


@strawberry.type
class Cluster(Node):
    metadata: ObjectMeta
    server: str
    info: ClusterInfo

    @staticmethod
    def of(cluster: ListedCluster) -> "Cluster":
        summary = cluster.summary
        status = member(ClusterConnectionStatus, summary.connection, ClusterConnectionStatus.Unknown)
        return Cluster(
            id=strawberry.ID(encode_node_id("Cluster", cluster.runtime, summary.server)),
            metadata=_meta(cluster),
            server=summary.server,
            info=ClusterInfo(
                connection_state=ConnectionState(
                    status=cast(ClusterConnectionStatus, status),
                    message=summary.message or None,
                    attempted_at=summary.attempted_at,
                ),
                server_version=summary.server_version or None,
                cache_info=ClusterCacheInfo(
                    resources_count=summary.resources_count,
                    apis_count=summary.apis_count,
                    last_cache_sync_time=summary.cache_synced_at,
                ),
                applications_count=summary.applications_count,
                rollouts=summary.rollouts,
            ),
        )


def _meta(cluster: ListedCluster) -> ObjectMeta:
    return ObjectMeta(
        group="",
        version="v1",
        kind="Cluster",
        name=cluster.summary.name,
        namespace=None,
        runtime=cluster.runtime,
        cluster=cluster.summary.name,
        uid=None,
        labels=pairs(cluster.summary.labels),
        annotations=[],
        created=None,
        last_updated=cluster.summary.cache_synced_at,
    )
