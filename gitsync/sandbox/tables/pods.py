"""Cells of pods: the famous STATUS column and its neighbours."""

from gitsync.manifest.object import JsonObject
from gitsync.sandbox.tables.text import NONE, age, spec_of, status_of


def pod_status(body: JsonObject, _now: str = "") -> str:
    """One word for the state of a pod, as people know it from `kubectl get pods`."""
    status = status_of(body)
    reason: str = status.get("reason") or status.get("phase") or ""
    initializing, reason = _init_status(body, reason)
    if not initializing:
        reason = _main_status(status, reason)
    if body["metadata"].get("deletionTimestamp"):
        return "Unknown" if status.get("reason") == "NodeLost" else "Terminating"
    return reason


def _init_status(body: JsonObject, reason: str) -> tuple[bool, str]:
    containers = spec_of(body).get("initContainers") or []
    sidecars = {item["name"] for item in containers if item.get("restartPolicy") == "Always"}
    for at, item in enumerate(status_of(body).get("initContainerStatuses") or ()):
        state = item.get("state") or {}
        ended, waiting = state.get("terminated"), state.get("waiting")
        if ended and ended.get("exitCode") == 0:
            continue
        if item["name"] in sidecars and item.get("started"):
            continue
        if ended:
            why = ended.get("reason") or f"ExitCode:{ended.get('exitCode')}"
            return True, f"Init:{why}"
        if waiting and waiting.get("reason") not in (None, "", "PodInitializing"):
            return True, f"Init:{waiting['reason']}"
        return True, f"Init:{at}/{len(containers)}"
    return False, reason


def _main_status(status: JsonObject, reason: str) -> str:
    running = False
    for item in reversed(status.get("containerStatuses") or []):
        state = item.get("state") or {}
        waiting, ended = state.get("waiting") or {}, state.get("terminated") or {}
        if waiting.get("reason"):
            reason = waiting["reason"]
        elif ended:
            signal = f"Signal:{ended.get('signal')}" if ended.get("signal") else f"ExitCode:{ended.get('exitCode', 0)}"
            reason = ended.get("reason") or signal
        elif item.get("ready") and "running" in state:
            running = True
    if reason == "Completed" and running:
        ready = any(c.get("type") == "Ready" and c.get("status") == "True" for c in status.get("conditions") or ())
        return "Running" if ready else "NotReady"
    return reason


def pod_ready(body: JsonObject, _now: str) -> str:
    statuses = status_of(body).get("containerStatuses") or []
    ready = sum(bool(item.get("ready")) and "running" in (item.get("state") or {}) for item in statuses)
    sidecars = [item for item in spec_of(body).get("initContainers") or () if item.get("restartPolicy") == "Always"]
    names = {item["name"] for item in sidecars}
    started = status_of(body).get("initContainerStatuses") or []
    ready += sum(bool(item.get("ready")) for item in started if item["name"] in names)
    return f"{ready}/{len(spec_of(body).get('containers') or ()) + len(sidecars)}"


def pod_restarts(body: JsonObject, now: str) -> str:
    statuses = status_of(body).get("containerStatuses") or []
    restarts = sum(item.get("restartCount", 0) for item in statuses)
    ends = [((item.get("lastState") or {}).get("terminated") or {}).get("finishedAt") for item in statuses]
    last = max((end for end in ends if end), default=None)
    return f"{restarts} ({age(last, now)} ago)" if restarts and last else str(restarts)


def readiness_gates(body: JsonObject, _now: str) -> str:
    gates = [gate["conditionType"] for gate in spec_of(body).get("readinessGates") or ()]
    if not gates:
        return NONE
    conditions = {item["type"]: item["status"] for item in status_of(body).get("conditions") or ()}
    return f"{sum(conditions.get(gate) == 'True' for gate in gates)}/{len(gates)}"
