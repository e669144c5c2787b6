"""What built-in actions are made of: changes as patches, and the reasons why one is not possible now."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

from gitsync.actions.values import ActionImpossible, Impact, Parameters, patched, timestamp
from gitsync.manifest.object import JsonObject

Run = Callable[[JsonObject, Parameters, datetime], tuple[Impact, ...]]
Disabled = Callable[[JsonObject], str]

MAX_REPLICAS = 10_000
RESTARTED_AT = "kubectl.kubernetes.io/restartedAt"

REPLICAS: JsonObject = {
    "type": "object",
    "required": ["replicas"],
    "properties": {"replicas": {"type": "integer", "minimum": 0, "maximum": MAX_REPLICAS}},
}


def field(body: JsonObject, path: str) -> Any:
    """The value at a dotted path; None where there is none, or something on the way is no object."""
    value: Any = body
    for name in path.split("."):
        value = value.get(name) if isinstance(value, dict) else None
    return value


def entries(body: JsonObject, path: str) -> list[JsonObject]:
    """The objects of the list at a dotted path."""
    value = field(body, path)
    return [entry for entry in value if isinstance(entry, dict)] if isinstance(value, list) else []


def mapping(body: JsonObject, path: str) -> JsonObject:
    """The object at a dotted path; {} where there is none."""
    value = field(body, path)
    return value if isinstance(value, dict) else {}


def annotation(body: JsonObject, name: str) -> str:
    return str(mapping(body, "metadata.annotations").get(name) or "")


def put(path: str, value: Any) -> Run:
    """Sets the field; None removes it."""
    return lambda body, _parameters, _now: patched(body, nested(path, value))


def put_time(path: str) -> Run:
    return lambda body, _parameters, now: patched(body, nested(path, timestamp(now)))


def annotate(name: str, value: str | None) -> Run:
    """Sets the annotation; None removes it."""
    return lambda body, _parameters, _now: patched(body, {"metadata": {"annotations": {name: value}}})


def annotate_time(name: str) -> Run:
    return lambda body, _parameters, now: patched(body, {"metadata": {"annotations": {name: timestamp(now)}}})


def annotate_epoch(name: str) -> Run:
    """Seconds since 1970, for controllers that only compare the annotation with what they saw last."""
    return lambda body, _parameters, now: patched(
        body, {"metadata": {"annotations": {name: str(int(now.timestamp()))}}}
    )


def scale(body: JsonObject, parameters: Parameters, _: datetime) -> tuple[Impact, ...]:
    return patched(body, {"spec": {"replicas": replicas_of(parameters)}})


def replicas_of(parameters: Parameters) -> int:
    replicas = parameters.get("replicas")
    if isinstance(replicas, str) and replicas.isascii() and replicas.isdigit():
        replicas = int(replicas[:9])
    if not isinstance(replicas, int) or isinstance(replicas, bool) or not 0 <= replicas <= MAX_REPLICAS:
        raise ActionImpossible(f"replicas must be a whole number from 0 to {MAX_REPLICAS}, not {replicas!r}"[:200])
    return replicas


def restart_pods(body: JsonObject, _: Parameters, now: datetime) -> tuple[Impact, ...]:
    return patched(body, nested("spec.template.metadata", {"annotations": {RESTARTED_AT: timestamp(now)}}))


def nested(path: str, value: Any) -> JsonObject:
    for name in reversed(path.split(".")):
        value = {name: value}
    return dict(value)


def if_set(path: str, reason: str) -> Disabled:
    return lambda body: reason if field(body, path) else ""


def unless_set(path: str, reason: str) -> Disabled:
    return lambda body: "" if field(body, path) else reason


def if_annotated(name: str, value: str, reason: str) -> Disabled:
    return lambda body: reason if annotation(body, name) == value else ""


def unless_annotated(name: str, value: str, reason: str) -> Disabled:
    return lambda body: "" if annotation(body, name) == value else reason


def if_condition(kinds: tuple[str, ...], reason: str) -> Disabled:
    """Not possible once one of these conditions is True."""

    def disabled(body: JsonObject) -> str:
        conditions = entries(body, "status.conditions")
        return reason if any(c.get("type") in kinds and c.get("status") == "True" for c in conditions) else ""

    return disabled


def if_word(path: str, words: tuple[str, ...], reason: str) -> Disabled:
    return lambda body: reason if field(body, path) in words else ""


def unless_word(path: str, words: tuple[str, ...], reason: str) -> Disabled:
    return lambda body: "" if field(body, path) in words else reason


def first_of(*reasons: Disabled) -> Disabled:
    return lambda body: next((reason for disabled in reasons if (reason := disabled(body))), "")


def if_controlled(body: JsonObject) -> str:
    for owner in entries(body, "metadata.ownerReferences"):
        if owner.get("controller"):
            return f"{owner.get('kind')} {owner.get('name')} decides its number of replicas; scale that"
    return ""
