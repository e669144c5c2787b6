"""Creates what the home cluster lacks: definitions of our kinds, the home namespace and the project `default`.

Changes nothing that is there.
"""

import asyncio

import structlog

from gitsync.kube.client import Cluster
from gitsync.kube.errors import AlreadyExists, Forbidden, NotFound, UnknownKind
from gitsync.manifest.object import JsonObject
from model.identity import GroupVersionKind
from model.kinds.definitions import custom_resource_definitions, default_project, rollout_definitions

log = structlog.get_logger("gitsync.install")

_MANAGER = "argosy"
_NAMESPACE = GroupVersionKind("", "v1", "Namespace")
_SERVED_SECONDS = 10.0
_LOOK_SECONDS = 0.2


async def install_definitions(cluster: Cluster, namespace: str) -> None:
    """Raises ClusterError when the cluster cannot be asked; what it forbids is left to its administrators."""
    await _install(cluster, custom_resource_definitions())
    await _require_namespace(cluster, namespace)
    project = default_project(namespace)
    gvk = GroupVersionKind.parse(project["apiVersion"], project["kind"])
    try:
        if await cluster.get(gvk, namespace, project["metadata"]["name"]) is not None:
            return  # not even a refused write: a restart with nothing to do asks for nothing
        await cluster.create(project, manager=_MANAGER)
        log.info("project created", name="default")
    except (AlreadyExists, Forbidden):
        return
    except (NotFound, UnknownKind) as failure:
        log.warning("project default not created", reason=failure.message)


async def _require_namespace(cluster: Cluster, name: str) -> None:
    try:
        if await cluster.get(_NAMESPACE, "", name) is None:
            await cluster.create(
                {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}}, manager=_MANAGER
            )
            log.info("namespace created", name=name)
    except (AlreadyExists, Forbidden):
        return  # there, or somebody else's to make


async def install_rollout_definitions(cluster: Cluster) -> None:
    """What is there stays as it is, whoever brought it. Raises ClusterError when the cluster cannot be asked."""
    await _install(cluster, rollout_definitions())


async def _install(cluster: Cluster, definitions: tuple[JsonObject, ...]) -> None:
    missing = [one for one in definitions if cluster.discovery.resource(_served(one)) is None]
    for definition in missing:
        await _create(cluster, definition)
    if missing:
        await _until_served(cluster, [_served(definition) for definition in missing])


async def _create(cluster: Cluster, definition: JsonObject) -> None:
    name = definition["metadata"]["name"]
    try:
        await cluster.create(definition, manager=_MANAGER)
        log.info("definition created", name=name)
    except AlreadyExists:
        return
    except Forbidden as failure:
        log.warning("definition missing and may not be created", name=name, reason=failure.message)


async def _until_served(cluster: Cluster, kinds: list[GroupVersionKind]) -> None:
    """An API server takes a moment until it serves a new kind; whoever watches before that backs off for long."""
    try:
        async with asyncio.timeout(_SERVED_SECONDS):
            while any(cluster.discovery.resource(kind) is None for kind in kinds):
                await asyncio.sleep(_LOOK_SECONDS)
                await cluster.discovery.refresh()
    except TimeoutError:
        log.warning("new kinds are not served yet", kinds=", ".join(map(str, kinds)))


def _served(definition: JsonObject) -> GroupVersionKind:
    spec = definition["spec"]
    return GroupVersionKind(spec["group"], spec["versions"][0]["name"], spec["names"]["kind"])
