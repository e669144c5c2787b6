"""Are two pod templates the same? A live one carries what the API server filled in and what a controller injected."""

from collections.abc import Mapping
from typing import Any

from gitsync.diff.quantity import same_quantity
from gitsync.manifest.object import JsonObject
from model.kinds.rollout import HASH_LABEL

_SPEC_DEFAULTS: JsonObject = {
    "restartPolicy": "Always",
    "terminationGracePeriodSeconds": 30,
    "dnsPolicy": "ClusterFirst",
    "schedulerName": "default-scheduler",
    "enableServiceLinks": True,
}
_CONTAINER_DEFAULTS: JsonObject = {
    "terminationMessagePath": "/dev/termination-log",
    "terminationMessagePolicy": "File",
}
_PROBE_DEFAULTS: JsonObject = {"timeoutSeconds": 1, "periodSeconds": 10, "successThreshold": 1, "failureThreshold": 3}
_FILE_MODE = 0o644
# Field -> what the API server fills into the objects that it holds.
_DEFAULTS: Mapping[str, JsonObject] = {
    "spec": _SPEC_DEFAULTS,
    "containers": _CONTAINER_DEFAULTS,
    "initContainers": _CONTAINER_DEFAULTS,
    "ephemeralContainers": _CONTAINER_DEFAULTS,
    "livenessProbe": _PROBE_DEFAULTS,
    "readinessProbe": _PROBE_DEFAULTS,
    "startupProbe": _PROBE_DEFAULTS,
    "httpGet": {"path": "/", "scheme": "HTTP"},
    "ports": {"protocol": "TCP"},
    "fieldRef": {"apiVersion": "v1"},
    "secret": {"defaultMode": _FILE_MODE},
    "configMap": {"defaultMode": _FILE_MODE},
    "projected": {"defaultMode": _FILE_MODE},
    "downwardAPI": {"defaultMode": _FILE_MODE},
    "serviceAccountToken": {"expirationSeconds": 3600},
    "hostPath": {"type": ""},
    "iscsi": {"iscsiInterface": "default"},
    "grpc": {"service": ""},
}
_QUANTITIES = frozenset({"limits", "requests", "overhead"})
_CONTAINERS = ("containers", "initContainers", "ephemeralContainers")


def same_template(live: JsonObject, desired: JsonObject) -> bool:
    """By meaning: defaults, empty fields and the hash label make no difference."""
    return _same(_plain(live, "template"), _plain(desired, "template"))


def _same(left: Any, right: Any, field: str = "") -> bool:
    if isinstance(left, dict) and isinstance(right, dict):
        return left.keys() == right.keys() and all(
            _same(left[name], right[name], field if field in _QUANTITIES else name) for name in left
        )
    if isinstance(left, list) and isinstance(right, list):
        return len(left) == len(right) and all(_same(one, other, field) for one, other in zip(left, right, strict=True))
    return bool(left == right) or (field in _QUANTITIES and same_quantity(left, right))


def _plain(value: Any, field: str) -> Any:
    """The value without what is there by default; None where nothing is left."""
    if isinstance(value, list):
        return [_plain(one, field) or {} if isinstance(one, dict) else one for one in value] or None
    if not isinstance(value, dict):
        return value
    defaults = _DEFAULTS.get(field, {})
    result = {}
    for name, inner in value.items():
        if name in defaults and inner == defaults[name]:
            continue
        plain = _plain(inner, name)
        if plain in (None, "", {}) and name != "emptyDir":
            continue
        result[name] = {} if plain is None else plain
    if field == "metadata":
        result.pop("creationTimestamp", None)
        labels = {key: text for key, text in (result.get("labels") or {}).items() if key != HASH_LABEL}
        result = {**result, "labels": labels} if labels else {k: v for k, v in result.items() if k != "labels"}
    if field == "spec" and "serviceAccountName" in result:
        result.pop("serviceAccount", None)
    if field in _CONTAINERS and result.get("imagePullPolicy") == _pull_policy(str(result.get("image") or "")):
        del result["imagePullPolicy"]
    return result


def _pull_policy(image: str) -> str:
    name = image.rsplit("/", 1)[-1]
    if "@" in name:
        return "IfNotPresent"
    return "Always" if name.partition(":")[2] in ("", "latest") else "IfNotPresent"
