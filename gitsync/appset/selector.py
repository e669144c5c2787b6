"""Kubernetes label selectors over labels and over parameters."""

from collections.abc import Mapping
from typing import Any

from gitsync.appset.errors import GeneratorInvalid
from gitsync.appset.gotemplate.printing import plain
from gitsync.manifest.object import JsonObject


def selects(selector: JsonObject | None, labels: Mapping[str, str]) -> bool:
    """An empty selector selects everything. Raises GeneratorInvalid for an unknown operator."""
    if not selector:
        return True
    wanted = selector.get("matchLabels") or {}
    return all(labels.get(key) == value for key, value in wanted.items()) and all(
        _holds(one, labels) for one in selector.get("matchExpressions") or ()
    )


def _holds(expression: JsonObject, labels: Mapping[str, str]) -> bool:
    key, operator, values = expression.get("key", ""), expression.get("operator"), expression.get("values") or ()
    match operator:
        case "In":
            return labels.get(key) in values
        case "NotIn":
            return key not in labels or labels[key] not in values
        case "Exists":
            return key in labels
        case "DoesNotExist":
            return key not in labels
    raise GeneratorInvalid(
        f"the selector operator {operator!r} is unknown", suggestion="Use In, NotIn, Exists or DoesNotExist."
    )


def flat_texts(parameters: Mapping[str, Any], prefix: str = "") -> dict[str, str]:
    """Nested parameters as `a.b` and `a.0`, each a text."""
    flat: dict[str, str] = {}
    for key, value in parameters.items():
        name = f"{prefix}.{key}" if prefix else key
        if isinstance(value, list):
            value = {str(position): item for position, item in enumerate(value)}
        if isinstance(value, dict) and value:
            flat.update(flat_texts(value, name))
        else:
            flat[name] = as_text(value)
    return flat


def as_text(value: Any) -> str:
    """As Go's `%v` writes it."""
    return value if isinstance(value, str) else plain(value)
