"""core/v1 Events. The same event about the same object again raises a counter, as every Kubernetes client does it."""

import time
from collections import OrderedDict
from collections.abc import Callable
from datetime import UTC, datetime

import structlog

from gitsync.kube.client import Cluster
from gitsync.kube.errors import ClusterError, NotFound
from gitsync.manifest.object import JsonObject
from gitsync.rollout.values import Event
from model.identity import GroupVersionKind, ResourceKey

log = structlog.get_logger("gitsync.delivery")

_EVENT = GroupVersionKind("", "v1", "Event")
_KEPT = 4_096
_LONGEST = 1_024  # characters of a message that the API server takes


class EventWriter:
    """`manager` is the field manager of what is written."""

    def __init__(self, cluster: Cluster, *, manager: str, now: Callable[[], datetime]) -> None:
        self._cluster = cluster
        self._manager = manager
        self._now = now
        self._written: OrderedDict[tuple[str, ...], tuple[str, int]] = OrderedDict()
        self._last = 0
        self.total = 0

    async def write(self, body: JsonObject, event: Event, *, component: str) -> None:
        """An event that cannot be written is lost; it never holds up what it tells of."""
        try:
            await self._write(body, event, component)
            self.total += 1
        except ClusterError as failure:
            log.warning("event not written", reason=event.reason, about=body["metadata"]["name"], error=failure.message)

    async def _write(self, body: JsonObject, event: Event, component: str) -> None:
        metadata = body["metadata"]
        about = (body["kind"], metadata.get("namespace") or "", metadata["name"], str(metadata.get("uid") or ""))
        same = (component, *about, event.type, event.reason, event.message)
        known = self._written.get(same)
        moment = self._now().astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        if known is not None:
            name, count = known
            key = ResourceKey("", "Event", about[1] or "default", name)
            try:
                await self._cluster.patch(
                    key, "v1", {"count": count + 1, "lastTimestamp": moment}, manager=self._manager
                )
            except NotFound:
                del self._written[same]  # it has expired; a new one begins
            else:
                self._remember(same, name, count + 1)
                return
        name = f"{metadata['name']}.{self._serial():x}"
        await self._cluster.create(_body(body, event, component, name, moment), manager=self._manager)
        self._remember(same, name, 1)

    def _remember(self, same: tuple[str, ...], name: str, count: int) -> None:
        self._written[same] = (name, count)
        self._written.move_to_end(same)
        if len(self._written) > _KEPT:
            self._written.popitem(last=False)

    def _serial(self) -> int:
        """Names sort in the order of writing."""
        self._last = max(self._last + 1, time.time_ns())
        return self._last


def _body(about: JsonObject, event: Event, component: str, name: str, moment: str) -> JsonObject:
    metadata = about["metadata"]
    return {
        "apiVersion": "v1",
        "kind": "Event",
        "metadata": {"name": name, "namespace": metadata.get("namespace") or "default"},
        "involvedObject": {
            "apiVersion": about["apiVersion"],
            "kind": about["kind"],
            "name": metadata["name"],
            "namespace": metadata.get("namespace") or "",
            "uid": metadata.get("uid") or "",
            "resourceVersion": metadata.get("resourceVersion") or "",
        },
        "reason": event.reason,
        "message": event.message[:_LONGEST],
        "type": event.type,
        "source": {"component": component},
        "reportingComponent": component,
        "firstTimestamp": moment,
        "lastTimestamp": moment,
        "count": 1,
    }
