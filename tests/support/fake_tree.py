"""The live tree of an application behind a fake runtime."""

from datetime import UTC, datetime

import msgspec

from model.health import Health
from model.link import ActionInfo, ObjectRef, TreeNode
from model.report import SyncState

CREATED = datetime(2026, 1, 5, 9, 0, tzinfo=UTC)


def tree(name: str, *, ready: int = 2) -> tuple[TreeNode, ...]:
    """Deployment, ReplicaSet, three Pods, Service and ConfigMap; `ready` Pods are."""
    fine = ready == 3
    actions = (ActionInfo("restart", "Restart"), ActionInfo("scale", "Scale", parameters={"replicas": "integer"}))
    deployment = _node("apps", "Deployment", name, health=Health.HEALTHY if fine else Health.PROGRESSING, managed=True)
    deployment = msgspec.structs.replace(
        deployment,
        info=(("Rev", "7"), ("Ready", f"{ready}/3")),
        actions=actions,
        sync=SyncState.SYNCED,
        labels={"app": name},
    )
    replicas = _node("apps", "ReplicaSet", f"{name}-6d9f", owner=deployment, health=deployment.health)
    pods = [
        msgspec.structs.replace(
            _node(
                "", "Pod", f"{name}-6d9f-x{n}", owner=replicas, health=Health.HEALTHY if n < ready else Health.DEGRADED
            ),
            info=(("Status", "Running" if n < ready else "ImagePullBackOff"), ("Ready", f"{int(n < ready)}/1")),
            images=(f"registry.example.test/{name}:1.9.1",),
            host=f"node-{n % 2 + 1}",
            labels={"app": name},
        )
        for n in range(3)
    ]
    service = msgspec.structs.replace(
        _node("", "Service", name, health=Health.HEALTHY, managed=True),
        selector=(("app", name),),
        labels={"tier": "front"},
    )
    ingress = msgspec.structs.replace(
        _node("networking.k8s.io", "Ingress", name, health=Health.HEALTHY, managed=True),
        services=(name,),
        links=((f"{name}.example.test", f"https://{name}.example.test"),),
    )
    config = _node("", "ConfigMap", f"{name}-config", managed=True, sync=SyncState.OUT_OF_SYNC)
    config = msgspec.structs.replace(config, requires_pruning=True)
    return (deployment, replicas, *pods, service, ingress, config)


def _node(
    group: str,
    kind: str,
    name: str,
    *,
    owner: TreeNode | None = None,
    health: Health | None = None,
    managed: bool = False,
    sync: SyncState | None = None,
) -> TreeNode:
    return TreeNode(
        id=f"{group}/{kind}/shop/{name}",
        ref=ObjectRef(group, "v1", kind, "shop", name),
        uid=f"{kind}-{name}",
        parent_ids=(owner.id,) if owner else (),
        managed=managed,
        sync=sync or (SyncState.SYNCED if managed else None),
        health=health,
        created=CREATED,
    )
