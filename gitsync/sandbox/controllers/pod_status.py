"""The status that a kubelet writes for a pod, from the state of its containers. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

from gitsync.manifest.object import JsonObject
from gitsync.sandbox.controllers.body import status_of
from gitsync.sandbox.controllers.condition import is_true, with_condition
from gitsync.sandbox.controllers.container import Container

_ENDED = ("Succeeded", "Failed")


@dataclass(slots=True)
class PodState:
    """What the kubelet knows of a pod beyond its containers. `failure`: (reason, message) of a pod that was ended."""

    init: list[Container]
    main: list[Container]
    start_time: str
    host_ip: str
    pod_ip: str = ""
    failure: tuple[str, str] | None = None
    sidecars: frozenset[str] = field(default_factory=frozenset)

    @property
    def is_initialized(self) -> bool:
        return all(
            container.is_running if container.name in self.sidecars else container.exit_code == 0
            for container in self.init
        )


def phase_of(state: PodState, restart_policy: str) -> str:
    """Pending until every container has been started once; ended when none will run again."""
    if state.failure is not None:
        return "Failed"
    failed_init = any(container.exit_code for container in state.init if container.name not in state.sidecars)
    if failed_init and restart_policy == "Never":
        return "Failed"
    if not state.is_initialized or any(_never_started(container) for container in state.main):
        return "Pending"
    codes = [container.exit_code for container in state.main]
    if restart_policy == "Always" or any(code is None for code in codes):
        return "Running"
    if all(code == 0 for code in codes):
        return "Succeeded"
    return "Failed" if restart_policy == "Never" else "Running"


def pod_status(pod: JsonObject, state: PodState, now: datetime) -> JsonObject:
    """The whole status; conditions that others have set stay."""
    phase = phase_of(state, pod["spec"].get("restartPolicy", "Always"))
    old = status_of(pod)
    status: JsonObject = {
        **{key: value for key, value in old.items() if key not in ("reason", "message")},
        "phase": phase,
        "conditions": _conditions(pod, state, phase, now),
        "containerStatuses": [container.to_status() for container in state.main],
        "hostIP": state.host_ip,
        "hostIPs": [{"ip": state.host_ip}],
        "qosClass": old.get("qosClass") or qos_class(pod["spec"]),
        "startTime": state.start_time,
    }
    if state.init:
        status["initContainerStatuses"] = [_init_status(state, container) for container in state.init]
    if state.pod_ip:
        status.update(podIP=state.pod_ip, podIPs=[{"ip": state.pod_ip}])
    if state.failure is not None:
        status["reason"], status["message"] = state.failure
    return status


def qos_class(spec: JsonObject) -> str:
    """Guaranteed: every container has limits for cpu and memory, and requests equal to them."""
    resources = [container.get("resources") or {} for container in spec["containers"]]
    if not any(part.get("requests") or part.get("limits") for part in resources):
        return "BestEffort"
    for part in resources:
        limits = part.get("limits") or {}
        requests = {**limits, **(part.get("requests") or {})}
        if any(name not in limits or requests[name] != limits[name] for name in ("cpu", "memory")):
            return "Burstable"
    return "Guaranteed"


def _conditions(pod: JsonObject, state: PodState, phase: str, now: datetime) -> list[JsonObject]:
    conditions: Sequence[JsonObject] = status_of(pod).get("conditions") or []
    sandboxed = "True" if state.pod_ip and phase not in _ENDED else "False"
    conditions = with_condition(conditions, "PodReadyToStartContainers", sandboxed, now=now)
    waiting = [container.name for container in state.init if container.exit_code != 0 and not container.is_running]
    if phase == "Succeeded":
        conditions = with_condition(conditions, "Initialized", "True", now=now, reason="PodCompleted")
    elif state.is_initialized:
        conditions = with_condition(conditions, "Initialized", "True", now=now)
    else:
        names = waiting or [container.name for container in state.init if container.exit_code != 0]
        message = f"containers with incomplete status: [{' '.join(names)}]"
        conditions = with_condition(
            conditions, "Initialized", "False", now=now, reason="ContainersNotInitialized", message=message
        )
    for type_, (reason, message) in _unreadiness(pod, state, phase).items():
        value = "False" if reason else "True"
        conditions = with_condition(conditions, type_, value, now=now, reason=reason, message=message)
    return list(with_condition(conditions, "PodScheduled", "True", now=now))


def _unreadiness(pod: JsonObject, state: PodState, phase: str) -> dict[str, tuple[str, str]]:
    """Reason and message of Ready and ContainersReady; no reason means ready."""
    if phase in _ENDED:
        reason = "PodCompleted" if phase == "Succeeded" else "PodFailed"
        return {"Ready": (reason, ""), "ContainersReady": (reason, "")}
    unready = [container.name for container in state.main if not container.ready]
    if unready:
        why = ("ContainersNotReady", f"containers with unready status: [{' '.join(unready)}]")
        return {"Ready": why, "ContainersReady": why}
    return {"Ready": _closed_gates(pod), "ContainersReady": ("", "")}


def _closed_gates(pod: JsonObject) -> tuple[str, str]:
    conditions = status_of(pod).get("conditions") or []
    types = {condition["type"] for condition in conditions}
    said = []
    for gate in pod["spec"].get("readinessGates") or ():
        type_ = gate["conditionType"]
        if type_ not in types:
            said.append(f'corresponding condition of pod readiness gate "{type_}" does not exist.')
        elif not is_true(conditions, type_):
            said.append(f'the status of pod readiness gate "{type_}" is not "True", but False')
    return ("ReadinessGatesNotReady", ", ".join(said)) if said else ("", "")


def _never_started(container: Container) -> bool:
    return "waiting" in container.state and not container.last_state


def _init_status(state: PodState, container: Container) -> JsonObject:
    """An init container is ready when it has done its work."""
    status = container.to_status()
    if container.name not in state.sidecars:
        status["ready"], status["started"] = container.exit_code == 0, False
    return status
