"""An object as comparisons see it: without what the server keeps for itself, and in the spelling that it stores.

Idempotent, and of desired and live alike. What depends on the other side (a default, a quantity) is not decided here,
but where the two values meet.
"""

import base64
import binascii
from dataclasses import dataclass
from typing import Any

from gitsync.diff.facts import group_and_kind
from gitsync.diff.known_types import KnownField, respelled
from gitsync.manifest.object import JsonObject

LAST_APPLIED = "kubectl.kubernetes.io/last-applied-configuration"

_SERVER_METADATA = frozenset(
    {
        "creationTimestamp",
        "deletionGracePeriodSeconds",
        "deletionTimestamp",
        "generation",
        "managedFields",
        "resourceVersion",
        "selfLink",
        "uid",
    }
)
_TEXT_MAPS = ("labels", "annotations")
_ROLES = frozenset({"Role", "ClusterRole"})


@dataclass(frozen=True, slots=True)
class DiffSettings:
    """What an installation compares. Defaults are Argo CD's.

    `ignore_aggregated_roles`: rules that a controller collects into a ClusterRole are left alone. `ignore_status`: of
    "all" kinds, of "crd" (CustomResourceDefinitions) only, or of "none". `secret_annotations` are masked in Secrets.
    `known_fields` of custom resources hold types of Kubernetes.
    """

    ignore_aggregated_roles: bool = False
    ignore_status: str = "all"
    secret_annotations: tuple[str, ...] = ()
    known_fields: tuple[KnownField, ...] = ()


DEFAULT_SETTINGS = DiffSettings()


def normalize(body: JsonObject, settings: DiffSettings = DEFAULT_SETTINGS) -> JsonObject:
    """A new object that shares all unchanged parts with `body`."""
    result = dict(body)
    if _ignores_status(body, settings):
        result.pop("status", None)
    if isinstance(metadata := body.get("metadata"), dict):
        result["metadata"] = _metadata(metadata)
    group, kind = group_and_kind(body)
    if (group, kind) == ("", "Secret"):
        _store_string_data(result)
    elif (group, kind) == ("", "Endpoints"):
        _sort_subsets(result)
    elif (group, kind) == ("", "LimitRange"):
        _fill_limits(result)
    elif group == "rbac.authorization.k8s.io" and kind in _ROLES:
        _drop_rules(result, aggregated=settings.ignore_aggregated_roles)
    if settings.known_fields:
        known = [field for field in settings.known_fields if (field.group, field.kind) == (group, kind)]
        result = respelled(result, known)
    return result


def _ignores_status(body: JsonObject, settings: DiffSettings) -> bool:
    if settings.ignore_status == "crd":
        return group_and_kind(body) == ("apiextensions.k8s.io", "CustomResourceDefinition")
    return settings.ignore_status == "all"


def _metadata(metadata: JsonObject) -> JsonObject:
    """Without what the server keeps and what kubectl noted down, where that is all also without the annotations."""
    kept = {name: value for name, value in metadata.items() if name not in _SERVER_METADATA}
    annotations = kept.get("annotations")
    if isinstance(annotations, dict) and LAST_APPLIED in annotations:
        kept["annotations"] = {name: value for name, value in annotations.items() if name != LAST_APPLIED}
        if not kept["annotations"]:
            del kept["annotations"]
    return kept


def as_stored(body: JsonObject) -> JsonObject:
    """What to apply: a Secret with its stringData where the server puts it, and nothing marked with null.

    Applied as stringData, a value that leaves Git later would stay: the server has no such field to take it from. What
    is no text is left for the server to refuse.
    """
    body = without_null_marks(body)
    if group_and_kind(body) != ("", "Secret") or not isinstance(plain := body.get("stringData"), dict):
        return body
    if not all(isinstance(value, str) for value in plain.values()) or not isinstance(body.get("data"), dict | None):
        return body
    secret = dict(body)
    _store_string_data(secret)
    return secret


def without_null_marks(body: JsonObject) -> JsonObject:
    """Without labels and annotations that are null: the server would make an empty text of each and give it to us."""
    metadata = body.get("metadata")
    if not isinstance(metadata, dict):
        return body
    cleaned = {
        field: {name: text for name, text in marks.items() if text is not None}
        for field in _TEXT_MAPS
        if isinstance(marks := metadata.get(field), dict) and None in marks.values()
    }
    return {**body, "metadata": {**metadata, **cleaned}} if cleaned else body


def _store_string_data(secret: JsonObject) -> None:
    """stringData as the server stores it, base64 without line breaks, and null as the empty string."""
    plain = secret.pop("stringData", None)
    data = secret.get("data")
    if not isinstance(data, dict | None) or not isinstance(plain, dict | None):
        return
    stored = {name: _one_line(value) for name, value in (data or {}).items()}
    for name, value in (plain or {}).items():
        stored[name] = base64.b64encode(str("" if value is None else value).encode()).decode()
    if stored or data is not None:
        secret["data"] = stored


def _one_line(value: Any) -> Any:
    if value is None:
        return ""
    if not isinstance(value, str) or "\n" not in value:
        return value
    try:
        return base64.b64encode(base64.b64decode("".join(value.split()), validate=True)).decode()
    except (binascii.Error, ValueError):
        return value


def _drop_rules(role: JsonObject, *, aggregated: bool) -> None:
    """No rules and an empty list of rules are the same; those of an aggregated role are written by its controller."""
    if not role.get("rules") or (aggregated and role.get("aggregationRule")):
        role.pop("rules", None)


def _sort_subsets(endpoints: JsonObject) -> None:
    """The order of addresses and ports means nothing, and the controller's differs from anybody's."""
    subsets = endpoints.get("subsets")
    if isinstance(subsets, list):
        endpoints["subsets"] = [_sorted_subset(subset) for subset in subsets]


def _sorted_subset(subset: Any) -> Any:
    if not isinstance(subset, dict):
        return subset
    return {name: sorted(value, key=_place) if isinstance(value, list) else value for name, value in subset.items()}


def _place(item: Any) -> list[str]:
    """Without what a default may add, so that both sides sort alike."""
    return [str(item.get(name, "")) for name in ("ip", "name", "port")] if isinstance(item, dict) else [str(item)]


def _fill_limits(limit_range: JsonObject) -> None:
    """Limits of containers that are not written out follow from those that are, as the server has it."""
    spec = limit_range.get("spec")
    if isinstance(spec, dict) and isinstance(spec.get("limits"), list):
        limit_range["spec"] = {**spec, "limits": [_filled(item) for item in spec["limits"]]}


def _filled(item: Any) -> Any:
    if not isinstance(item, dict) or item.get("type") != "Container":
        return item
    amounts = {name: item.get(name) or {} for name in ("max", "min", "default", "defaultRequest")}
    if not all(isinstance(amount, dict) for amount in amounts.values()):
        return item
    default = {**amounts["max"], **amounts["default"]}
    request = {**amounts["min"], **default, **amounts["defaultRequest"]}
    filled = {"default": default, "defaultRequest": request}
    return {**item, **{name: amount for name, amount in filled.items() if amount}}
