"""What `kubectl get pods` prints in its columns READY, STATUS and RESTARTS, since that is what people search for."""

from dataclasses import dataclass

from gitsync.health.fields import condition, count, flag, items, section, text
from gitsync.manifest.object import JsonObject


@dataclass(frozen=True, slots=True)
class PodStatus:
    ready: int
    total: int
    reason: str
    restarts: int


def pod_status(body: JsonObject) -> PodStatus:
    """Raises MalformedField for a pod that is none."""
    spec, status = section(body, "spec"), section(body, "status")
    containers, inits = items(status, "containerStatuses"), items(status, "initContainerStatuses")
    ready = sum(1 for container in containers if flag(container, "ready"))
    restarts = sum(count(container, "restartCount") for container in containers)
    reason = text(status, "reason") or text(status, "phase")
    initialising = _initialising(inits, spec)
    if initialising:
        reason, restarts = initialising, sum(count(container, "restartCount") for container in inits)
    else:
        reason = _container_reason(containers, status) or reason
    if section(body, "metadata").get("deletionTimestamp") is not None:
        reason = "Unknown" if text(status, "reason") == "NodeLost" else "Terminating"
    return PodStatus(ready, len(items(spec, "containers")), reason, restarts)


def _initialising(inits: list[JsonObject], spec: JsonObject) -> str:
    """The state of the first init container that is not through; "" when all are."""
    sidecars = {text(c, "name") for c in items(spec, "initContainers") if text(c, "restartPolicy") == "Always"}
    for position, container in enumerate(inits):
        state = section(container, "state")
        ended = state.get("terminated")
        if isinstance(ended, dict):
            if count(ended, "exitCode") == 0:
                continue
            return f"Init:{text(ended, 'reason') or _exit(ended)}"
        if text(container, "name") in sidecars and flag(container, "started"):
            continue
        waiting = text(section(state, "waiting"), "reason")
        if waiting and waiting != "PodInitializing":
            return f"Init:{waiting}"
        return f"Init:{position}/{len(items(spec, 'initContainers'))}"
    return ""


def _container_reason(containers: list[JsonObject], status: JsonObject) -> str:
    """The first container's reason wins, as in kubectl. Completed with others still running is Running."""
    reason, running = "", False
    for container in reversed(containers):
        state = section(container, "state")
        if waiting := text(section(state, "waiting"), "reason"):
            reason = waiting
        elif isinstance(ended := state.get("terminated"), dict):
            reason = text(ended, "reason") or _exit(ended)
        elif flag(container, "ready") and state.get("running") is not None:
            running = True
    if reason == "Completed" and running:
        ready = condition(status, "Ready")
        return "Running" if ready is not None and ready.get("status") == "True" else "NotReady"
    return reason


def _exit(ended: JsonObject) -> str:
    signal = count(ended, "signal")
    return f"Signal:{signal}" if signal else f"ExitCode:{count(ended, 'exitCode')}"
