"""Kubernetes label selectors: as the text of a query, and against labels."""

from collections.abc import Mapping

from gitsync.manifest.object import JsonObject
from gitsync.rollout.values import RoutingFailed

_SETS = {"In": "in", "NotIn": "notin"}


def selector_text(selector: JsonObject) -> str:
    """As the `labelSelector` of a list request. Raises RoutingFailed for an unknown operator."""
    parts = [f"{key}={value}" for key, value in (selector.get("matchLabels") or {}).items()]
    parts += [_text(one) for one in selector.get("matchExpressions") or ()]
    return ",".join(parts)


def _text(expression: JsonObject) -> str:
    key, operator = expression.get("key", ""), expression.get("operator")
    match operator:
        case "In" | "NotIn":
            return f"{key} {_SETS[operator]} ({','.join(expression.get('values') or ())})"
        case "Exists":
            return str(key)
        case "DoesNotExist":
            return f"!{key}"
    raise RoutingFailed(
        f"the selector operator {operator!r} is unknown", suggestion="use In, NotIn, Exists or DoesNotExist"
    )


def selects(selector: JsonObject, labels: Mapping[str, str]) -> bool:
    wanted = selector.get("matchLabels") or {}
    return all(labels.get(key) == value for key, value in wanted.items()) and all(
        _holds(one, labels) for one in selector.get("matchExpressions") or ()
    )


def _holds(expression: JsonObject, labels: Mapping[str, str]) -> bool:
    key, values = expression.get("key", ""), expression.get("values") or ()
    match expression.get("operator"):
        case "In":
            return labels.get(key) in values
        case "NotIn":
            return labels.get(key) not in values
        case "Exists":
            return key in labels
        case _:
            return key not in labels
