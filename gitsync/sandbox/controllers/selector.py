"""Label selectors and node selector terms."""

from collections.abc import Mapping
from typing import Any

from gitsync.manifest.object import JsonObject


def matches(selector: JsonObject | None, labels: Mapping[str, str]) -> bool:
    """A label selector as workloads carry it. None selects nothing, the empty one everything."""
    if selector is None:
        return False
    wanted = selector.get("matchLabels") or {}
    return matches_labels(wanted, labels) and all(
        matches_requirement(requirement, labels) for requirement in selector.get("matchExpressions") or ()
    )


def matches_labels(wanted: Mapping[str, str], labels: Mapping[str, str]) -> bool:
    return all(labels.get(label) == value for label, value in wanted.items())


def matches_requirement(requirement: Mapping[str, Any], labels: Mapping[str, str]) -> bool:
    value: str | None = labels.get(requirement["key"])
    values: list[str] = requirement.get("values") or []
    match requirement["operator"]:
        case "In":
            return value is not None and value in values
        case "NotIn":
            return value not in values
        case "Exists":
            return value is not None
        case "DoesNotExist":
            return value is None
        case "Gt":
            return value is not None and int(value) > int(values[0])
        case "Lt":
            return value is not None and int(value) < int(values[0])
        case _:
            return False
