"""Waiting for a new kind: a CustomResourceDefinition is usable only once the cluster has established it."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass

import msgspec

from gitsync.execute.live import LiveView, Watched
from gitsync.kube import definition
from gitsync.kube.backoff import Backoff, Pace
from gitsync.kube.client import Cluster
from gitsync.kube.discovery import ApiResource
from gitsync.kube.errors import ClusterError
from gitsync.plan.values import Task

_ASKING = Pace(first_seconds=0.1, most_seconds=2.0)  # where definitions may not be watched, the cluster is asked


@dataclass(frozen=True, slots=True)
class EstablishLimits:
    """`served_seconds` is how long an API server may still answer "no such kind" after it has established it."""

    established_seconds: float = 60.0
    served_seconds: float = 10.0


class NotEstablished(ClusterError):
    """The cluster has not accepted a definition in time."""


def is_definition(task: Task) -> bool:
    return (task.key.group, task.key.kind) == (definition.GROUP, definition.KIND)


def defined_kinds(task: Task) -> tuple[ApiResource, ...]:
    """The kinds that the definition in `task` brings."""
    if not is_definition(task) or task.desired is None:
        return ()
    try:
        return definition.read_definition(msgspec.json.encode(task.desired.body)).resources
    except msgspec.ValidationError:
        return ()  # the API server will refuse it, with better words


async def wait_established(cluster: Cluster, live: LiveView, task: Task, limits: EstablishLimits) -> None:
    """Returns when the kinds of the definition that `task` applied can be used; at once for any other object."""
    wanted = defined_kinds(task)

    def known() -> bool:
        return all(cluster.discovery.resource(resource.gvk) is not None for resource in wanted)

    if known():
        return
    if live.blind_to(definition.GROUP, definition.KIND):
        established = await _ask_until(cluster, known, limits.established_seconds)
    else:
        with Watched(live, {task.key}) as watched:
            established = await watched.until(known, seconds=limits.established_seconds)
    if not established:
        raise NotEstablished(
            f"the cluster has not established {task.key.name} within {limits.established_seconds:g} s",
            suggestion="Look at the conditions of the CustomResourceDefinition.",
        )


async def _ask_until(cluster: Cluster, known: Callable[[], bool], seconds: float) -> bool:
    backoff = Backoff(_ASKING, cluster.jitter)
    try:
        async with asyncio.timeout(seconds):
            while not known():
                await cluster.discovery.refresh()
                if not known():
                    await asyncio.sleep(backoff.failed())
    except TimeoutError:
        return False
    return True
