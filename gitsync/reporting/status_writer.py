"""Writes statuses of Applications: late enough to write once, never two at a time, never without a reason.

Changes of one application within a short quiet time become one patch, and so does a sync that ends within about a
second. Under load writes wait for one another, and each still says the newest state. A write that removes the
`operation` or the refresh annotation names the resource version that it was decided from: what somebody wrote
meanwhile is never removed with it.
"""

import asyncio
from collections.abc import Callable
from datetime import datetime

import structlog

from gitsync.application.record import Record, Records, read_application
from gitsync.application.refresh import RefreshRequest
from gitsync.application.status import StatusView, assemble, status_patch
from gitsync.kube.client import Cluster
from gitsync.kube.errors import ClusterError, Conflict, NotFound
from gitsync.manifest.object import JsonObject
from gitsync.settings import LoopSettings
from gitsync.supervisor import Supervisor
from model.health import Health
from model.identity import ApplicationKey, ResourceKey
from model.kinds.application import GROUP, KIND, REFRESH_ANNOTATION, REFRESH_TIME_ANNOTATION, VERSION

log = structlog.get_logger("gitsync.status")

_REQUEST = (REFRESH_ANNOTATION, REFRESH_TIME_ANNOTATION)
_CONCURRENT_WRITES = 8
_CROWD = 40  # each so many statuses that wait make all of them wait longer, so that fewer are written twice ...
_MAX_STRETCH = 5.0  # ... up to this factor
_RETRY_SECONDS = 2.0
_RETRY_MAX_SECONDS = 60.0


class StatusWriter:
    """`refreshed` is called when the annotations of a request for a refresh are gone; `now` is the wall clock: it is
    written into statuses."""

    def __init__(
        self,
        cluster: Cluster,
        records: Records,
        *,
        control_namespace: str,
        settings: LoopSettings,
        supervisor: Supervisor,
        refreshed: Callable[[Record, RefreshRequest], None],
        now: Callable[[], datetime],
    ) -> None:
        self._cluster = cluster
        self._records = records
        self._control_namespace = control_namespace
        self._settings = settings
        self._supervisor = supervisor
        self._refreshed = refreshed
        self._now = now
        self._first_change: dict[ApplicationKey, float] = {}
        self._timers: dict[ApplicationKey, asyncio.TimerHandle] = {}
        self._writing: dict[ApplicationKey, asyncio.Task[None]] = {}
        self._failures: dict[ApplicationKey, int] = {}
        self._unwritten: set[ApplicationKey] = set()  # somebody waits for these to be written
        self._slots = asyncio.Semaphore(_CONCURRENT_WRITES)
        self.paused = False
        self.writes = 0
        self.conflicts = 0

    def changed(self, record: Record) -> None:
        """Something that the status says may have changed."""
        now = asyncio.get_running_loop().time()
        first = self._first_change.setdefault(record.key, now)
        if record.key not in self._writing:
            self._schedule(record.key, max(0.0, self._due_at(record, first, now) - now))

    def began_anew(self, record: Record) -> None:
        """A sync begins or has ended: what follows belongs together, however long the change before has waited."""
        if record.key in self._first_change:
            self._first_change[record.key] = asyncio.get_running_loop().time()
        self.changed(record)

    def _due_at(self, record: Record, first: float, now: float) -> float:
        settings = self._settings
        if record.sync_begins:
            return first + settings.status_before_sync_seconds
        crowd = min(_MAX_STRETCH, 1.0 + len(self._first_change) / _CROWD)
        latest = first + settings.status_max_wait_seconds * crowd
        passing = record.state.health is Health.PROGRESSING and record.raw.get("operation") is None
        return latest if record.operating or passing else min(latest, now + settings.status_quiet_seconds)

    def forget(self, key: ApplicationKey) -> None:
        self._first_change.pop(key, None)
        self._failures.pop(key, None)
        self._unwritten.discard(key)
        if timer := self._timers.pop(key, None):
            timer.cancel()

    def close(self) -> None:
        """Nothing is written any more; what was due is written by the next process, which sees the same."""
        self.paused = True
        for timer in self._timers.values():
            timer.cancel()
        self._timers.clear()

    @property
    def pending(self) -> int:
        return len(self._first_change)

    def _schedule(self, key: ApplicationKey, delay_seconds: float) -> None:
        if timer := self._timers.pop(key, None):
            timer.cancel()
        self._timers[key] = asyncio.get_running_loop().call_later(delay_seconds, self._due, key)

    def _due(self, key: ApplicationKey) -> None:
        self._timers.pop(key, None)
        if self._records.get(key) is None:
            self.forget(key)
            return
        if key not in self._writing:
            self._writing[key] = self._supervisor.spawn(f"status of {key}", self._write(key))

    async def write_now(self, record: Record) -> bool:
        """Have the present state written before anything else happens. False: it could not be."""
        key = record.key
        if timer := self._timers.pop(key, None):
            timer.cancel()
        while (under_way := self._writing.get(key)) is not None:
            await asyncio.wait([under_way])
        self._unwritten.add(key)
        self._due(key)
        while (under_way := self._writing.get(key)) is not None:
            await asyncio.wait([under_way])
        return key not in self._unwritten

    async def _write(self, key: ApplicationKey) -> None:
        try:
            async with self._slots:
                self._first_change.pop(key, None)
                record = self._records.get(key)
                if record is not None and not self.paused:
                    await self._write_record(record)
        finally:
            self._writing.pop(key, None)
        record = self._records.get(key)
        if record is not None and key in self._first_change and key not in self._timers:
            self.changed(record)

    async def _write_record(self, record: Record) -> None:
        patch = self.patch(record)
        if patch is None:
            self._unwritten.discard(record.key)
            return
        address = ResourceKey(GROUP, KIND, record.key.namespace, record.key.name)
        removes = "operation" in patch or "annotations" in patch.get("metadata", {})
        removed_operation, served = record.operation_to_remove, record.refresh_served
        try:
            self.writes += 1
            body = await self._cluster.patch(address, VERSION, patch)
        except NotFound:
            return
        except Conflict:
            self.conflicts += 1
            self._again(record, removes=removes)
        except ClusterError as failure:
            log.warning("status not written", application=str(record.key), reason=failure.message)
            self._again(record, removes=removes)
        else:
            self._failures.pop(record.key, None)
            self._unwritten.discard(record.key)
            if removed_operation and "operation" in patch:
                record.operation_to_remove, record.handled_operation = False, None
            self._written(record, body)
            if served is not None and "annotations" in patch.get("metadata", {}):
                record.refresh_asked = record.refresh_served = None
                self._refreshed(record, served)

    def _written(self, record: Record, body: JsonObject) -> None:
        """The answer is the newest state, unless the watch was faster, or somebody else wrote meanwhile.

        What somebody else wrote is for the watch to bring, which tells the loop what is new in it.
        """
        if _newer(body, record.raw) and _words(body) == _words(record.raw):
            record.raw = body
            record.application = read_application(body)

    def _again(self, record: Record, *, removes: bool) -> None:
        """After a conflict the watch brings the newer object; try then, or after a while."""
        failures = self._failures[record.key] = self._failures.get(record.key, 0) + 1
        self._first_change.setdefault(record.key, asyncio.get_running_loop().time())
        quick = 0.1 if removes and failures < 3 else _RETRY_SECONDS
        self._schedule(record.key, min(quick * 2.0 ** (failures - 1), _RETRY_MAX_SECONDS))

    def patch(self, record: Record) -> JsonObject | None:
        """The merge patch that is due; None when there is nothing to say."""
        previous = record.raw.get("status") or {}
        wanted = assemble(view_of(record, self._control_namespace, previous), previous, now=self._now())
        status = status_patch(previous, wanted)
        patch: JsonObject = {}
        metadata: JsonObject = {}
        if record.refresh_served is not None:
            metadata["annotations"] = dict.fromkeys(_REQUEST)
        if record.operation_to_remove and record.raw.get("operation") is not None:
            patch["operation"] = None
        if metadata or patch:
            metadata["resourceVersion"] = record.resource_version
            patch["metadata"] = metadata
            status = status or status_patch(previous, wanted) or {"reconciledAt": wanted["reconciledAt"]}
        if status:
            patch["status"] = status
        return patch or None


def view_of(record: Record, control_namespace: str, previous: JsonObject) -> StatusView:
    """What the status is to say. Before the first comparison of this process, objects are what was written last."""
    verdicts = record.state.sorted()
    known_health = record.health
    if not record.compared and "health" in previous and known_health is not Health.UNKNOWN:
        known_health = _health(previous)
    return StatusView(
        spec=record.raw.get("spec") or {},
        sync=record.sync,
        revision=record.revision,
        health=known_health,
        health_message=record.state.health_message(),
        verdicts=verdicts,
        conditions=record.all_conditions(),
        source_type=record.desired.source_type if record.desired else _source_type(previous),
        revisions=record.revisions,
        source_types=record.desired.source_types if record.desired else tuple(previous.get("sourceTypes") or ()),
        control_namespace=control_namespace,
        history=record.history,
        operation_state=record.operation_state_raw,
        kept=None if record.compared else previous,
    )


def _health(previous: JsonObject) -> Health:
    status = str((previous.get("health") or {}).get("status"))
    return Health(status) if status in list(Health) else Health.UNKNOWN


def _source_type(previous: JsonObject) -> str:
    return previous.get("sourceType") or next(iter(previous.get("sourceTypes") or ()), "")


def _words(raw: JsonObject) -> tuple[object, ...]:
    """What people say in an Application, apart from what our own writes remove."""
    metadata = raw["metadata"]
    annotations = {key: value for key, value in (metadata.get("annotations") or {}).items() if key not in _REQUEST}
    return raw.get("spec"), metadata.get("labels"), annotations, metadata.get("deletionTimestamp")


def _newer(body: JsonObject, than: JsonObject) -> bool:
    try:
        return int(body["metadata"]["resourceVersion"]) >= int(than["metadata"]["resourceVersion"])
    except ValueError:
        return True
