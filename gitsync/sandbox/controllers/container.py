"""One container of a simulated pod: its state, and how the API shows it."""

import hashlib
from dataclasses import dataclass, field
from datetime import datetime

from gitsync.manifest.object import JsonObject
from gitsync.sandbox.controllers.behaviour import Behaviour
from gitsync.sandbox.controllers.body import parse_time, timestamp

CRASH_LOOP = "CrashLoopBackOff"
_FIRST_BACKOFF_SECONDS = 10.0
_LAST_BACKOFF_SECONDS = 300.0
# A container that has run so long is forgiven its earlier crashes.
_FORGIVEN_AFTER_SECONDS = 600.0


@dataclass(slots=True)
class Container:
    """`state` and `last_state` are as in a containerStatus."""

    spec: JsonObject
    behaviour: Behaviour
    pod_uid: str
    state: JsonObject = field(default_factory=lambda: {"waiting": {"reason": "ContainerCreating"}})
    last_state: JsonObject = field(default_factory=dict)
    restart_count: int = 0
    ready: bool = False
    backoff_seconds: float = 0.0
    started_at: datetime | None = None

    @property
    def name(self) -> str:
        return str(self.spec["name"])

    @property
    def image(self) -> str:
        return str(self.spec.get("image", ""))

    @property
    def is_running(self) -> bool:
        return "running" in self.state

    @property
    def exit_code(self) -> int | None:
        terminated = self.state.get("terminated")
        return None if terminated is None else int(terminated["exitCode"])

    @property
    def container_id(self) -> str:
        identity = f"{self.pod_uid}/{self.name}/{self.restart_count}".encode()
        return f"containerd://{hashlib.sha256(identity).hexdigest()}"

    def take_over(self, status: JsonObject) -> None:
        """Goes on from what the API last showed of it."""
        self.state, self.last_state = status.get("state") or {}, status.get("lastState") or {}
        self.restart_count, self.ready = status.get("restartCount", 0), status.get("ready", False)
        if "running" in self.state:
            self.started_at = parse_time(self.state["running"]["startedAt"])

    def wait(self, reason: str, message: str = "") -> None:
        self.ready = False
        self.state = {"waiting": {"reason": reason, **({"message": message} if message else {})}}

    def run(self, now: datetime) -> None:
        if "terminated" in self.state:
            self.last_state = self.state
        if self.last_state:
            self.restart_count += 1
        self.started_at = now
        self.state = {"running": {"startedAt": timestamp(now)}}

    def end(self, now: datetime, code: int, *, reason: str = "", message: str = "") -> None:
        self.ready = False
        terminated = {
            "containerID": self.container_id,
            "exitCode": code,
            "finishedAt": timestamp(now),
            "reason": reason or ("Error" if code else "Completed"),
            "startedAt": timestamp(self.started_at or now),
        }
        if message:
            terminated["message"] = message
        self.state = {"terminated": terminated}
        if self.started_at and (now - self.started_at).total_seconds() >= _FORGIVEN_AFTER_SECONDS:
            self.backoff_seconds = 0.0

    def back_off(self, pod: JsonObject) -> float:
        """Turns to CrashLoopBackOff; returns how long it waits before the next start."""
        self.backoff_seconds = min(max(self.backoff_seconds * 2, _FIRST_BACKOFF_SECONDS), _LAST_BACKOFF_SECONDS)
        metadata = pod["metadata"]
        self.last_state = self.state
        self.wait(
            CRASH_LOOP,
            f"back-off {_duration(self.backoff_seconds)} restarting failed container={self.name} "
            f"pod={metadata['name']}_{metadata['namespace']}({self.pod_uid})",
        )
        return self.backoff_seconds

    def to_status(self) -> JsonObject:
        status: JsonObject = {
            "image": self.image,
            "imageID": "",
            "lastState": self.last_state,
            "name": self.name,
            "ready": self.ready,
            "restartCount": self.restart_count,
            "started": self.is_running,
            "state": self.state,
        }
        if "waiting" not in self.state or self.last_state:
            status["containerID"] = self.container_id
            status["imageID"] = image_id(self.image)
        return status


def image_id(image: str) -> str:
    """A digest that follows from the image's name, as there is no image."""
    name, at, digest = image.partition("@")
    if at:
        return image if "/" in name else f"docker.io/library/{name}@{digest}"
    repository = name.rpartition(":")[0] if ":" in name.rpartition("/")[2] else name
    full = repository if "/" in repository else f"docker.io/library/{repository}"
    return f"{full}@sha256:{hashlib.sha256(image.encode()).hexdigest()}"


def _duration(seconds: float) -> str:
    minutes, rest = divmod(int(seconds), 60)
    return f"{minutes}m{rest}s" if minutes else f"{rest}s"
