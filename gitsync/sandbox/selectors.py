"""Label and field selectors of lists and watches."""

import re
from collections.abc import Callable, Mapping
from typing import Any, Final

from gitsync.manifest.object import JsonObject
from gitsync.sandbox.errors import BadRequestError

Predicate = Callable[[JsonObject], bool]

_REQUIREMENT = re.compile(
    r"\s*(?:(!)\s*([^\s=!<>,()]+)|([^\s=!<>,()]+)\s*(?:(==|=|!=|>|<)\s*([^\s,()]*)|(in|notin)\s*\(([^)]*)\))?)\s*"
)

_EVENT_TARGET = ("kind", "namespace", "name", "uid", "apiVersion", "resourceVersion", "fieldPath")
_EVENT_FIELDS = (
    *(f"involvedObject.{name}" for name in _EVENT_TARGET),
    "reason",
    "reportingComponent",
    "source",
    "type",
)
_POD_FIELDS = (
    "spec.nodeName",
    "spec.restartPolicy",
    "spec.schedulerName",
    "spec.serviceAccountName",
    "spec.hostNetwork",
    "status.phase",
    "status.podIP",
    "status.nominatedNodeName",
)
FIELDS: Final[Mapping[tuple[str, str], tuple[str, ...]]] = {
    ("", "Pod"): _POD_FIELDS,
    ("", "Event"): _EVENT_FIELDS,
    ("", "Secret"): ("type",),
    ("", "Namespace"): ("status.phase",),
    ("", "Node"): ("spec.unschedulable",),
    ("", "ReplicationController"): ("status.replicas",),
    ("", "Service"): ("spec.clusterIP", "spec.type"),
    ("apps", "ReplicaSet"): ("status.replicas",),
    ("batch", "Job"): ("status.successful",),
}


def label_selector(text: str) -> Callable[[Mapping[str, str]], bool]:
    """Test of labels for `a=b,c!=d,e in (f,g),h,!i`. Raises BadRequestError for anything else."""
    tests: list[Callable[[Mapping[str, str]], bool]] = []
    at = 0
    while at < len(text):
        match = _REQUIREMENT.match(text, at)
        if not match or match.end() == at or (match.end() < len(text) and text[match.end()] != ","):
            raise BadRequestError(f"unable to parse requirement: found '{text[at:]}'")
        tests.append(_label_test(match))
        at = match.end() + 1
    return lambda labels: all(test(labels) for test in tests)


def _label_test(match: re.Match[str]) -> Callable[[Mapping[str, str]], bool]:
    negation, absent, key, sign, value, membership, values = match.groups()
    if negation:
        return lambda labels: absent not in labels
    if membership:
        wanted = frozenset(item.strip() for item in values.split(","))
        if membership == "in":
            return lambda labels: key in labels and labels[key] in wanted
        return lambda labels: labels.get(key) not in wanted
    if sign in ("=", "=="):
        return lambda labels: labels.get(key) == value
    if sign == "!=":
        return lambda labels: labels.get(key) != value
    if sign in (">", "<"):
        factor = 1 if sign == ">" else -1
        return lambda labels: labels.get(key, "").isdigit() and factor * (int(labels[key]) - int(value)) > 0
    return lambda labels: key in labels


def from_label_selector(selector: JsonObject | None) -> Callable[[Mapping[str, str]], bool]:
    """Test of labels for a `LabelSelector` object. Nothing selects nothing, `{}` selects all."""
    if selector is None:
        return lambda _labels: False
    exact: Mapping[str, str] = selector.get("matchLabels") or {}
    expressions = [
        (item["key"], item["operator"], item.get("values") or []) for item in selector.get("matchExpressions") or []
    ]
    return lambda labels: exact.items() <= labels.items() and all(_expression(labels, *item) for item in expressions)


def _expression(labels: Mapping[str, str], key: str, operator: str, values: list[str]) -> bool:
    match operator:
        case "In":
            return key in labels and labels[key] in values
        case "NotIn":
            return labels.get(key) not in values
        case "Exists":
            return key in labels
        case _:
            return key not in labels


def selector_text(selector: JsonObject | None) -> str:
    """A `LabelSelector` object the way a query string and `kubectl get` write it."""
    selector = selector or {}
    parts = [f"{key}={value}" for key, value in sorted((selector.get("matchLabels") or {}).items())]
    for item in selector.get("matchExpressions") or []:
        values = ",".join(sorted(item.get("values") or []))
        forms = {"Exists": item["key"], "DoesNotExist": f"!{item['key']}"}
        forms |= {"In": f"{item['key']} in ({values})", "NotIn": f"{item['key']} notin ({values})"}
        parts.append(forms[item["operator"]])
    return ",".join(parts)


def field_selector(text: str, group: str, kind: str, extra: tuple[str, ...] = ()) -> Predicate:
    """Test of objects for `a=b,c!=d` over the fields that the kind lets select by."""
    own = (*FIELDS.get((group, kind), ()), *extra)
    tests = [_field_test(part, own) for part in text.split(",") if part]
    return lambda body: all(test(body) for test in tests)


def _field_test(part: str, own: tuple[str, ...]) -> Predicate:
    match = re.fullmatch(r"([^=!]+)(==|=|!=)(.*)", part)
    if not match:
        raise BadRequestError(f"invalid selector: '{part}'; can't understand '{part}'")
    path, sign, value = match.groups()
    if path not in ("metadata.name", "metadata.namespace", *own):
        if not own:
            known = '"metadata.name", "metadata.namespace"'
            raise BadRequestError(f'"{path}" is not a known field selector: only {known}')
        raise BadRequestError(f"field label not supported: {path}")
    keys = path.split(".")
    return lambda body: (_text_at(body, keys) == value) is (sign != "!=")


def _text_at(body: JsonObject, keys: list[str]) -> str:
    value: Any = body
    for key in keys:
        value = value.get(key) if isinstance(value, dict) else None
    if keys == ["source"] and isinstance(value, dict):
        value = value.get("component")
    if value is None:
        return {"spec.unschedulable": "false", "spec.hostNetwork": "false", "status.successful": "0"}.get(
            ".".join(keys), ""
        )
    return str(value).lower() if isinstance(value, bool) else str(value)
