"""core/v1 Pod. A pod that is meant to end (restart policy Never or OnFailure) is never called healthy while it runs.

Its containers are asked why only when the pod is meant to run for ever: a failing container of a Job's pod is the Job's
concern, which may try again.
"""

from gitsync.health.fields import condition, items, section, text
from gitsync.health.report import degraded, healthy, progressing, unknown
from gitsync.manifest.object import JsonObject
from model.health import HealthReport

_HOOK_ANNOTATIONS = ("argocd.argoproj.io/hook", "helm.sh/hook")
_IGNORE_RESTART_POLICY = "argocd.argoproj.io/ignore-restart-policy"


def assess(body: JsonObject) -> HealthReport:
    status = section(body, "status")
    policy = _restart_policy(body)
    if policy == "Always" and (stuck := _stuck_containers(status)):
        return degraded(", ".join(stuck))
    phase, message = text(status, "phase"), text(status, "message")
    if phase == "Pending":
        return progressing(message or _pending_reason(status))
    if phase == "Succeeded":
        return healthy(message)
    if phase == "Failed":
        return degraded(message or _failure(status) or text(status, "reason"))
    if phase == "Running" and policy == "Always":
        return _running(status, message)
    if phase == "Running" and policy in ("Never", "OnFailure"):
        return progressing(message)
    return unknown(message)


def _restart_policy(body: JsonObject) -> str:
    annotations = section(section(body, "metadata"), "annotations")
    if annotations.get(_IGNORE_RESTART_POLICY) == "true" and not any(mark in annotations for mark in _HOOK_ANNOTATIONS):
        return "Always"
    return text(section(body, "spec"), "restartPolicy")


def _stuck_containers(status: JsonObject) -> list[str]:
    """Why containers wait in a state that does not pass by itself."""
    stuck = []
    for container in items(status, "containerStatuses"):
        waiting = section(section(container, "state"), "waiting")
        reason = text(waiting, "reason")
        if reason.startswith("Err") or reason.endswith(("Error", "BackOff")):
            stuck.append(text(waiting, "message") or f"container {text(container, 'name')!r} waits: {reason}")
    return stuck


def _pending_reason(status: JsonObject) -> str:
    """What the scheduler or an init container is held up by."""
    scheduled = condition(status, "PodScheduled")
    if scheduled is not None and scheduled.get("status") == "False":
        return text(scheduled, "message")
    for container in items(status, "initContainerStatuses"):
        waiting = section(section(container, "state"), "waiting")
        if (reason := text(waiting, "reason")) and reason != "PodInitializing":
            return f"init container {text(container, 'name')!r}: {text(waiting, 'message') or reason}"
    return ""


def _failure(status: JsonObject) -> str:
    for container in [*items(status, "initContainerStatuses"), *items(status, "containerStatuses")]:
        ended = section(section(container, "state"), "terminated")
        if message := text(ended, "message"):
            return message
        if text(ended, "reason") == "OOMKilled":
            return f"container {text(container, 'name')!r} ran out of memory (OOMKilled)"
        if code := ended.get("exitCode"):
            return f"container {text(container, 'name')!r} failed with exit code {code}"
    return ""


def _running(status: JsonObject, message: str) -> HealthReport:
    ready = condition(status, "Ready")
    if ready is not None and ready.get("status") == "True":
        return healthy(message)
    for container in items(status, "containerStatuses"):
        if ended := section(section(container, "lastState"), "terminated"):
            return degraded(message or _restarted(container, ended))
    return progressing(message or (text(ready, "message") if ready is not None else ""))


def _restarted(container: JsonObject, ended: JsonObject) -> str:
    cause = text(ended, "reason") or f"exit code {ended.get('exitCode', 0)}"
    return f"container {text(container, 'name')!r} was restarted {container.get('restartCount', 0)} times: {cause}"
