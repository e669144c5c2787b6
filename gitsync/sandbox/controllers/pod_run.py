"""The life of one pod on its node: pull, start, become ready, end, start again, stop. Every step is a timer.

Started -> init containers one after the other -> containers -> ready. A container that ends is started again as the
pod's restartPolicy says, later and later; a pod that is deleted stops within its grace period.
"""

from collections.abc import Callable
from dataclasses import dataclass

from gitsync.manifest.object import JsonObject
from gitsync.sandbox.controllers.behaviour import StartFailure, behaviour_of
from gitsync.sandbox.controllers.body import is_deleting, key_of, owner_kinds, parse_time, status_of, timestamp, uid_of
from gitsync.sandbox.controllers.cluster import Cluster
from gitsync.sandbox.controllers.container import Container
from gitsync.sandbox.controllers.pod_status import PodState, phase_of, pod_status
from gitsync.sandbox.errors import ApiError, NotFoundError
from gitsync.sandbox.objects import KUBELET

START_SECONDS = 0.3
_INIT_SECONDS = 0.1
_STOP_SECONDS = 0.1
_FIRST_RESTART_SECONDS = 1.0
_PULL_AGAIN_SECONDS = 20.0
_PULL_AGAIN_LIMIT_SECONDS = 300.0
_PROBE_SECONDS = 10.0


@dataclass(frozen=True, slots=True)
class Place:
    """Where a pod runs. `pulled`: images that the node has already."""

    node: str
    host_ip: str
    pod_ip: str
    pulled: set[str]


class PodRun:
    """Owns the timers of one pod; `end` cancels them."""

    def __init__(self, cluster: Cluster, pod: JsonObject, place: Place) -> None:
        self._cluster = cluster
        self._key = key_of(pod)
        self._uid = uid_of(pod)
        self._place = place
        self._timers: set[Callable[[], None]] = set()
        self._stopping = False
        self._policy = pod["spec"].get("restartPolicy", "Always")
        in_job = "Job" in owner_kinds(pod)
        inits = pod["spec"].get("initContainers") or []
        self._state = PodState(
            init=[Container(spec, behaviour_of(spec, is_init=True), self._uid) for spec in inits],
            main=[Container(spec, behaviour_of(spec, in_job=in_job), self._uid) for spec in pod["spec"]["containers"]],
            start_time=status_of(pod).get("startTime") or timestamp(cluster.now),
            host_ip=place.host_ip,
            pod_ip=status_of(pod).get("podIP", ""),
            sidecars=frozenset(spec["name"] for spec in inits if spec.get("restartPolicy") == "Always"),
        )

    def start(self, pod: JsonObject) -> None:
        """Takes the pod in; one that ran before this process did goes on as it is."""
        if self._state.init:
            for container in (*self._state.init, *self._state.main):
                container.wait("PodInitializing")
        deadline_seconds = pod["spec"].get("activeDeadlineSeconds")
        if deadline_seconds is not None:
            since = parse_time(self._state.start_time)
            self._after(deadline_seconds - (self._cluster.now - since).total_seconds(), self._exceed_deadline)
        if self._take_over(pod):
            return
        if not status_of(pod).get("containerStatuses"):
            self._write()
        self._after(_INIT_SECONDS if self._state.init else START_SECONDS, lambda: self._initialize(0))

    def _take_over(self, pod: JsonObject) -> bool:
        """True if every container ran when this process was not there yet; else the pod has to be started over."""
        status = status_of(pod)
        mains = {each["name"]: each for each in status.get("containerStatuses") or ()}
        inits = {each["name"]: each for each in status.get("initContainerStatuses") or ()}
        if any("running" not in mains.get(container.name, {}).get("state", {}) for container in self._state.main):
            return False
        for container in self._state.init:
            container.take_over(inits.get(container.name, {}))
        for container in self._state.main:
            container.take_over(mains[container.name])
            self._attend(container)
        return True

    def look_again(self, pod: JsonObject) -> None:
        """The pod has changed: it may have to stop, run another image, or be ready by a gate's condition."""
        if is_deleting(pod):
            self._stop(pod)
            return
        for container, spec in zip(self._state.main, pod["spec"]["containers"], strict=False):
            if container.image != spec.get("image", ""):
                self._replace(container, spec)
        if pod["spec"].get("readinessGates"):
            self._write()

    def end(self) -> None:
        for cancel in self._timers:
            cancel()
        self._timers.clear()

    def _initialize(self, index: int) -> None:
        """Starts the init container of this number; after the last one the containers."""
        if index == len(self._state.init):
            self._state.pod_ip = self._place.pod_ip
            for container in self._state.main:
                self._start(container)
            self._write()
            return
        container = self._state.init[index]
        if container.behaviour.start_failure is StartFailure.IMAGE:
            self._fail_pull(container, lambda: self._initialize(index))
            return
        self._state.pod_ip = self._place.pod_ip
        self._announce_start(container)
        container.run(self._cluster.now)
        if container.name in self._state.sidecars:
            container.ready = True
            self._after(_INIT_SECONDS, lambda: self._initialize(index + 1))
        else:
            self._after(container.behaviour.run_seconds or _INIT_SECONDS, lambda: self._initialized(index))
        self._write()

    def _initialized(self, index: int) -> None:
        container = self._state.init[index]
        code = container.behaviour.exit_code
        container.end(self._cluster.now, code)
        if code == 0:
            last = index + 1 == len(self._state.init)
            self._after(START_SECONDS if last else _INIT_SECONDS, lambda: self._initialize(index + 1))
        elif self._policy != "Never":
            self._after(container.back_off(self._pod), lambda: self._initialize(index))
            self._backing_off(container)
        self._write()

    def _start(self, container: Container) -> None:
        """Starts a container, or says why not. The caller writes the status."""
        behaviour = container.behaviour
        if behaviour.start_failure is StartFailure.IMAGE:
            self._fail_pull(container, lambda: self._restart(container))
            return
        self._announce_start(container)
        container.run(self._cluster.now)
        if behaviour.start_failure is StartFailure.COMMAND:
            self._fail_start(container)
        else:
            self._attend(container)

    def _attend(self, container: Container) -> None:
        """Sets the alarms of a running container: when it is ready, and when it ends."""
        behaviour, run = container.behaviour, container.restart_count
        ran_seconds = (self._cluster.now - container.started_at).total_seconds() if container.started_at else 0.0
        if behaviour.ready_seconds is None:
            self._after(_PROBE_SECONDS, lambda: self._probe_failed(container))
        elif (wait_seconds := max(behaviour.ready_seconds, behaviour.start_seconds) - ran_seconds) > 0:
            self._after(wait_seconds, lambda: self._become_ready(container, run))
        else:
            container.ready = True
        if behaviour.run_seconds is not None:
            self._after(behaviour.run_seconds - ran_seconds, lambda: self._exit(container, run))

    def _become_ready(self, container: Container, run: int) -> None:
        if container.is_running and container.restart_count == run:
            container.ready = True
            self._write()

    def _exit(self, container: Container, run: int) -> None:
        if not container.is_running or container.restart_count != run:
            return
        code = container.behaviour.exit_code
        container.end(self._cluster.now, code)
        if self._policy == "Always" or (self._policy == "OnFailure" and code):
            if container.restart_count == 0 and not container.last_state:
                self._after(_FIRST_RESTART_SECONDS, lambda: self._restart(container))
            else:
                self._after(container.back_off(self._pod), lambda: self._restart(container))
                self._backing_off(container)
        self._write()

    def _restart(self, container: Container) -> None:
        self._start(container)
        self._write()

    def _replace(self, container: Container, spec: JsonObject) -> None:
        """Another image for a running pod: the container starts over with it."""
        container.spec, container.behaviour = spec, behaviour_of(spec)
        if self._state.pod_ip:
            if container.is_running:
                container.end(self._cluster.now, 0)
            self._after(_FIRST_RESTART_SECONDS, lambda: self._restart(container))
            self._write()

    def _fail_start(self, container: Container) -> None:
        path = (container.spec.get("command") or [""])[0]
        message = (
            "failed to create containerd task: failed to create shim task: OCI runtime create failed: runc create "
            f'failed: unable to start container process: exec: "{path}": stat {path}: no such file or directory'
        )
        container.end(self._cluster.now, 128, reason="StartError", message=message)
        self._warn("Failed", f"Error: {message}", container)
        if self._policy != "Never":
            self._after(container.back_off(self._pod), lambda: self._restart(container))
            self._backing_off(container)

    def _fail_pull(self, container: Container, again: Callable[[], None]) -> None:
        """First ErrImagePull, from then on ImagePullBackOff; every further try says so once more."""
        if container.state.get("waiting", {}).get("reason") not in ("ErrImagePull", "ImagePullBackOff"):
            message = (
                f'failed to pull and unpack image "{container.image}": failed to resolve reference '
                f'"{container.image}": {container.image}: not found'
            )
            self._say("Pulling", f'Pulling image "{container.image}"', container)
            self._warn("Failed", f'Failed to pull image "{container.image}": {message}', container)
            self._warn("Failed", "Error: ErrImagePull", container)
            container.wait("ErrImagePull", message)
            self._after(_FIRST_RESTART_SECONDS, again)
        else:
            container.wait("ImagePullBackOff", f'Back-off pulling image "{container.image}": ErrImagePull: not found')
            self._say("BackOff", f'Back-off pulling image "{container.image}"', container)
            self._warn("Failed", "Error: ImagePullBackOff", container)
            wait_seconds = min(max(container.backoff_seconds * 2, _PULL_AGAIN_SECONDS), _PULL_AGAIN_LIMIT_SECONDS)
            container.backoff_seconds = wait_seconds
            self._after(wait_seconds, again)
        self._write()

    def _announce_start(self, container: Container) -> None:
        if container.image in self._place.pulled:
            self._say(
                "Pulled",
                f'Container image "{container.image}" already present on machine',
                container,
            )
        else:
            self._place.pulled.add(container.image)
            self._say("Pulling", f'Pulling image "{container.image}"', container)
            self._say("Pulled", f'Successfully pulled image "{container.image}" in 243ms', container)
        self._say("Created", f"Created container: {container.name}", container)
        if container.behaviour.start_failure is StartFailure.NONE:
            self._say("Started", f"Started container {container.name}", container)

    def _backing_off(self, container: Container) -> None:
        pod = f"{self._key.name}_{self._key.namespace}({self._uid})"
        self._warn("BackOff", f"Back-off restarting failed container {container.name} in pod {pod}", container)

    def _probe_failed(self, container: Container) -> None:
        if container.is_running:
            self._warn("Unhealthy", "Readiness probe failed: ", container)
            self._after(_PROBE_SECONDS, lambda: self._probe_failed(container))

    def _exceed_deadline(self) -> None:
        message = "Pod was active on the node longer than the specified deadline"
        if phase_of(self._state, self._policy) in ("Succeeded", "Failed"):
            return
        self.end()
        for container in self._state.main:
            if container.is_running:
                container.end(self._cluster.now, 137)
        self._state.failure = ("DeadlineExceeded", message)
        self._cluster.events.normal(self._pod, "DeadlineExceeded", message, by=KUBELET, host=self._place.node)
        self._write()

    def _stop(self, pod: JsonObject) -> None:
        if self._stopping:
            return
        self._stopping = True
        self.end()
        running = [container for container in self._state.main if container.is_running]
        for container in running:
            self._say("Killing", f"Stopping container {container.name}", container)
        grace_seconds = pod["metadata"].get("deletionGracePeriodSeconds") or 0
        stop_seconds = max((container.behaviour.stop_seconds for container in running), default=0.0) or _STOP_SECONDS
        self._after(min(stop_seconds, grace_seconds), self._gone)

    def _gone(self) -> None:
        try:
            self._cluster.objects.delete(self._key, uid=self._uid, grace_seconds=0)
        except ApiError:
            return  # Somebody was faster.

    @property
    def _pod(self) -> JsonObject:
        pod = self._cluster.objects.get(self._key)
        if pod is None or uid_of(pod) != self._uid:
            raise NotFoundError(f"{self._key} is gone")
        return pod

    def _write(self) -> None:
        pod = self._pod
        self._cluster.write_status(pod, pod_status(pod, self._state, self._cluster.now), manager=KUBELET)

    def _say(self, reason: str, message: str, container: Container) -> None:
        field = f"spec.containers{{{container.name}}}"
        self._cluster.events.normal(self._pod, reason, message, by=KUBELET, host=self._place.node, field=field)

    def _warn(self, reason: str, message: str, container: Container) -> None:
        field = f"spec.containers{{{container.name}}}"
        self._cluster.events.warning(self._pod, reason, message, by=KUBELET, host=self._place.node, field=field)

    def _after(self, seconds: float, step: Callable[[], None]) -> None:
        def fire() -> None:
            self._timers.discard(cancel)
            try:
                step()
            except NotFoundError:
                self.end()

        cancel = self._cluster.clock.call_later(max(0.0, seconds), fire)
        self._timers.add(cancel)
