"""Events about objects: repeated ones are counted, old ones are dropped."""

from collections import OrderedDict
from collections.abc import Callable
from datetime import datetime, timedelta

from gitsync.manifest.object import JsonObject
from gitsync.sandbox.controllers.body import parse_time, timestamp
from gitsync.sandbox.controllers.work import Clock
from gitsync.sandbox.errors import ApiError, NotFoundError
from gitsync.sandbox.objects import Objects
from model.identity import ResourceKey

KEEP = timedelta(hours=1)
_SWEEP_SECONDS = 60.0

# What makes two events the same: whom it is about, who says it, what is said.
_Sameness = tuple[str, str, str, str]


class EventRecorder:
    """Writes Event objects, as kubectl describe and the console show them."""

    def __init__(self, objects: Objects, clock: Clock) -> None:
        self._objects = objects
        self._clock = clock
        self._known: OrderedDict[_Sameness, tuple[ResourceKey, datetime]] = OrderedDict()
        self._serial = int(clock.now().timestamp() * 1_000_000)
        self._cancel_sweep: Callable[[], None] | None = None
        for event in sorted(objects.list("", "Event"), key=lambda event: str(event.get("lastTimestamp"))):
            self._remember_stored(event)

    def normal(self, about: JsonObject, reason: str, message: str, *, by: str, host: str = "", field: str = "") -> None:
        self._record(about, "Normal", reason, message, by=by, host=host, field=field)

    def warning(
        self, about: JsonObject, reason: str, message: str, *, by: str, host: str = "", field: str = ""
    ) -> None:
        self._record(about, "Warning", reason, message, by=by, host=host, field=field)

    def stop(self) -> None:
        if self._cancel_sweep is not None:
            self._cancel_sweep()
            self._cancel_sweep = None

    def _record(
        self, about: JsonObject, type_: str, reason: str, message: str, *, by: str, host: str, field: str
    ) -> None:
        now = self._clock.now()
        sameness = (about["metadata"].get("uid", ""), by, reason, message)
        known = self._known.get(sameness)
        event = self._objects.get(known[0]) if known else None
        try:
            if event is not None:
                counted = {**event, "count": event.get("count", 1) + 1, "lastTimestamp": timestamp(now)}
                event = self._objects.update(counted, manager=by)
            else:
                event = self._objects.create(
                    self._event(about, type_, reason, message, by, host, field, now), manager=by
                )
        except ApiError:
            return  # The namespace is going away, or somebody was faster: an event is never worth a retry.
        metadata = event["metadata"]
        self._known[sameness] = (ResourceKey("", "Event", metadata["namespace"], metadata["name"]), now)
        self._known.move_to_end(sameness)
        self._sweep_later()

    def _event(
        self,
        about: JsonObject,
        type_: str,
        reason: str,
        message: str,
        by: str,
        host: str,
        field: str,
        now: datetime,
    ) -> JsonObject:
        metadata = about["metadata"]
        self._serial += 1
        involved = {
            "apiVersion": about["apiVersion"],
            "kind": about["kind"],
            "name": metadata["name"],
            "uid": metadata.get("uid", ""),
            "resourceVersion": metadata.get("resourceVersion", ""),
        }
        if "namespace" in metadata:
            involved["namespace"] = metadata["namespace"]
        if field:
            involved["fieldPath"] = field
        return {
            "apiVersion": "v1",
            "kind": "Event",
            "metadata": {
                "name": f"{metadata['name']}.{self._serial:016x}",
                "namespace": metadata.get("namespace", "default"),
            },
            "involvedObject": involved,
            "reason": reason,
            "message": message,
            "type": type_,
            "source": {"component": by, "host": host} if host else {"component": by},
            "firstTimestamp": timestamp(now),
            "lastTimestamp": timestamp(now),
            "count": 1,
            "eventTime": None,
            "reportingComponent": by,
            "reportingInstance": host,
        }

    def _remember_stored(self, event: JsonObject) -> None:
        """Events of an earlier life of the store: counted on and dropped in time like new ones."""
        if not event.get("lastTimestamp"):
            return
        source = (event.get("source") or {}).get("component", "")
        sameness = (event["involvedObject"].get("uid", ""), source, event.get("reason", ""), event.get("message", ""))
        metadata = event["metadata"]
        key = ResourceKey("", "Event", metadata["namespace"], metadata["name"])
        self._known[sameness] = (key, parse_time(event["lastTimestamp"]))
        self._sweep_later()

    def _sweep_later(self) -> None:
        if self._cancel_sweep is None and self._known:
            _, last = next(iter(self._known.values()))
            wait_seconds = (last + KEEP - self._clock.now()).total_seconds()
            self._cancel_sweep = self._clock.call_later(max(wait_seconds, _SWEEP_SECONDS), self._sweep)

    def _sweep(self) -> None:
        self._cancel_sweep = None
        limit = self._clock.now() - KEEP
        while self._known:
            sameness, (key, last) = next(iter(self._known.items()))
            if last > limit:
                break
            del self._known[sameness]
            try:
                self._objects.delete(key)
            except NotFoundError:
                continue
        self._sweep_later()
