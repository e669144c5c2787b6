"""What simulated containers write: believable, the same for the same pod, and growing with time.

Nothing is stored. Which lines there are follows from the pod's status: when the container started, and when it ended.
"""

import hashlib
import json
import re
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime, timedelta

from gitsync.manifest.object import JsonObject
from gitsync.sandbox.controllers.body import key_of, owner_kinds, parse_time, status_of, uid_of
from gitsync.sandbox.controllers.work import Clock
from gitsync.sandbox.objects import LogLine, Objects, Unsubscribe

KEPT_LINES = 5000
_PERIOD_SECONDS = 2.0
_ECHO = re.compile(r"""echo +(?:"([^"]*)"|'([^']*)'|([^;&|\n]+))""")
_PATHS = ("/", "/healthz", "/api/items", "/api/items/42", "/cart", "/checkout", "/metrics", "/api/users/7", "/login")
_METHODS = ("GET", "GET", "GET", "GET", "POST", "PUT")
_STATUSES = (200, 200, 200, 200, 200, 201, 204, 304, 404, 500)


class PodLogs:
    """The LogSource of the sandbox."""

    def __init__(self, objects: Objects, clock: Clock) -> None:
        self._objects = objects
        self._clock = clock
        self._timers: set[Callable[[], None]] = set()

    def lines(self, pod: JsonObject, container: str, *, previous: bool = False) -> Sequence[LogLine] | None:
        span = _span(pod, container, previous=previous)
        if span is None:
            return None
        started, ended = span
        script = _Script(pod, container, started, ended)
        return list(script.until(ended or self._clock.now()))

    def follow(self, pod: JsonObject, container: str, callback: Callable[[LogLine | None], None]) -> Unsubscribe:
        """One timer at a time, for the next line. The end is seen when that line is due."""
        span = _span(pod, container, previous=False)
        if span is None or span[1] is not None:
            callback(None)
            return lambda: None
        follower = _Follower(self._objects, self._clock, pod, container, callback)
        follower.wait()
        self._timers.add(follower.cancel)

        def unsubscribe() -> None:
            follower.cancel()
            self._timers.discard(follower.cancel)

        return unsubscribe

    def stop(self) -> None:
        for cancel in self._timers:
            cancel()
        self._timers.clear()


class _Follower:
    """Waits for the next line of one container."""

    def __init__(
        self,
        objects: Objects,
        clock: Clock,
        pod: JsonObject,
        container: str,
        callback: Callable[[LogLine | None], None],
    ) -> None:
        self._objects = objects
        self._clock = clock
        self._key = key_of(pod)
        self._uid = uid_of(pod)
        self._container = container
        self._callback = callback
        self._told = clock.now()
        span = _span(pod, container, previous=False)
        assert span is not None
        self._script = _Script(pod, container, span[0], None)
        self._cancel: Callable[[], None] = lambda: None

    def wait(self) -> None:
        due = self._script.next_after(self._told)
        seconds = (due - self._clock.now()).total_seconds()
        self._cancel = self._clock.call_later(max(0.0, seconds), self._look)

    def cancel(self) -> None:
        self._cancel()

    def _look(self) -> None:
        now = self._clock.now()
        pod = self._objects.get(self._key)
        span = _span(pod, self._container, previous=False) if pod and uid_of(pod) == self._uid else None
        ended = now if span is None or span[0] != self._script.started else span[1]
        for line in self._script.between(self._told, ended or now):
            self._callback(line)
        self._told = now
        if ended is not None:
            self._callback(None)
        else:
            self.wait()


class _Script:
    """The lines of one run of one container, by number."""

    def __init__(self, pod: JsonObject, container: str, started: datetime, ended: datetime | None) -> None:
        self.started = started
        self._ended = ended
        self._pod_name = pod["metadata"]["name"]
        self._seed = f"{uid_of(pod)}/{container}/{started.isoformat()}"
        spec = _container_spec(pod, container)
        words = [*(spec.get("command") or ()), *(spec.get("args") or ())]
        echoes = ["".join(found) for found in _ECHO.findall(" ".join(words))]
        self._is_server = not words or not (echoes or "Job" in owner_kinds(pod))
        self._opening = (
            _server_opening(container, spec) if self._is_server else echoes or [f"{container}: started", "working"]
        )
        self._code = _exit_code(pod, container)

    def until(self, end: datetime) -> Iterator[LogLine]:
        """All lines up to `end`, the newest KEPT_LINES of them."""
        count = self._count(end)
        for number in range(max(0, count - KEPT_LINES), count):
            yield self._line(number)
        if self._ended is not None and self._code and self._is_server:
            yield LogLine(self._ended, f"fatal: exiting with code {self._code}")

    def between(self, start: datetime, end: datetime) -> Iterator[LogLine]:
        for number in range(self._count(start), self._count(end)):
            yield self._line(number)

    def next_after(self, at: datetime) -> datetime:
        """When the next line is due. A container that only echoes still gets looked at now and then."""
        number = self._count(at)
        if not self._is_server and number >= len(self._opening):
            return at + timedelta(seconds=_PERIOD_SECONDS)
        return self._time(number)

    def _count(self, at: datetime) -> int:
        elapsed = (at - self.started).total_seconds()
        if elapsed < 0:
            return 0
        number = min(len(self._opening), int(elapsed / 0.01) + 1)
        if not self._is_server or number < len(self._opening):
            return number
        number += max(0, int(elapsed / _PERIOD_SECONDS) - 1)
        while self._time(number) <= at:
            number += 1
        return number

    def _time(self, number: int) -> datetime:
        """Strictly growing: jitter is less than a period."""
        if number < len(self._opening):
            return self.started + timedelta(seconds=0.01 * number)
        step = number - len(self._opening) + 1
        jitter = self._chance(number)[0] / 256 * 0.9
        return self.started + timedelta(seconds=(step + jitter) * _PERIOD_SECONDS)

    def _line(self, number: int) -> LogLine:
        if number < len(self._opening):
            return LogLine(self._time(number), self._opening[number])
        return LogLine(self._time(number), self._request(number))

    def _request(self, number: int) -> str:
        chance = self._chance(number)
        status = _STATUSES[chance[1] % len(_STATUSES)]
        fields = {
            "level": "error" if status == 500 else "info",
            "msg": "request failed" if status == 500 else "request served",
            "method": _METHODS[chance[2] % len(_METHODS)],
            "path": _PATHS[chance[3] % len(_PATHS)],
            "status": status,
            "duration_ms": round(1 + chance[4] * chance[5] / 700, 1),
            "request_id": chance[6:12].hex(),
            "pod": self._pod_name,
        }
        return json.dumps(fields, separators=(",", ":"))

    def _chance(self, number: int) -> bytes:
        return hashlib.blake2b(f"{self._seed}/{number}".encode(), digest_size=12).digest()


def _server_opening(container: str, spec: JsonObject) -> list[str]:
    ports = [port.get("containerPort") for port in spec.get("ports") or ()] or [8080]
    return [
        json.dumps({"level": "info", "msg": message}, separators=(",", ":"))
        for message in (
            f"starting {container}",
            f"image {spec.get('image', '')}",
            "configuration loaded",
            f"listening on :{ports[0]}",
        )
    ]


def _span(pod: JsonObject, container: str, *, previous: bool) -> tuple[datetime, datetime | None] | None:
    """From when to when the container ran; None for the end while it runs."""
    status = _container_status(pod, container)
    state = status.get("state") or {}
    if previous or ("waiting" in state and status.get("lastState")):
        state = status.get("lastState") or {}
    if "running" in state:
        return parse_time(state["running"]["startedAt"]), None
    if "terminated" in state:
        return parse_time(state["terminated"]["startedAt"]), parse_time(state["terminated"]["finishedAt"])
    return None


def _exit_code(pod: JsonObject, container: str) -> int:
    status = _container_status(pod, container)
    for state in (status.get("state") or {}, status.get("lastState") or {}):
        if "terminated" in state:
            return int(state["terminated"]["exitCode"])
    return 0


def _container_status(pod: JsonObject, container: str) -> JsonObject:
    status = status_of(pod)
    for each in (*(status.get("containerStatuses") or ()), *(status.get("initContainerStatuses") or ())):
        if each["name"] == container:
            return dict(each)
    return {}


def _container_spec(pod: JsonObject, container: str) -> JsonObject:
    spec = pod["spec"]
    for each in (*spec["containers"], *(spec.get("initContainers") or ())):
        if each["name"] == container:
            return dict(each)
    return {}
