"""Creates what the home cluster lacks: definitions of our kinds and the project `default`.

Changes nothing that is there.
"""

import structlog

from gitsync.kube.client import Cluster
from gitsync.kube.errors import AlreadyExists, Forbidden, NotFound, UnknownKind
from gitsync.manifest.object import JsonObject
from model.identity import GroupVersionKind
from model.kinds.definitions import custom_resource_definitions, default_project

log = structlog.get_logger("gitsync.install")

_MANAGER = "argosy"


async def install_definitions(cluster: Cluster, namespace: str) -> None:
    """Raises ClusterError when the cluster cannot be asked; what it forbids is left to its administrators."""
    for definition in custom_resource_definitions():
        gvk = _served(definition)
        if cluster.discovery.resource(gvk) is None:
            await _create(cluster, definition)
    try:
        await cluster.create(default_project(namespace), manager=_MANAGER)
    except (AlreadyExists, Forbidden):
        return
    except (NotFound, UnknownKind) as failure:
        # A definition needs a moment until its kind is served, and the namespace may come with the installation.
        log.info("default project not created yet", reason=failure.message)


async def _create(cluster: Cluster, definition: JsonObject) -> None:
    name = definition["metadata"]["name"]
    try:
        await cluster.create(definition, manager=_MANAGER)
        log.info("definition created", name=name)
    except AlreadyExists:
        return
    except Forbidden as failure:
        log.warning("definition missing and may not be created", name=name, reason=failure.message)


def _served(definition: JsonObject) -> GroupVersionKind:
    spec = definition["spec"]
    return GroupVersionKind(spec["group"], spec["versions"][0]["name"], spec["names"]["kind"])
