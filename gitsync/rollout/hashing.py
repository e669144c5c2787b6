"""Hashes that name ReplicaSets and recognise changed steps."""

import json
from functools import lru_cache
from typing import Any

from gitsync.manifest.object import JsonObject
from gitsync.rollout.pod_order import ordered_template

_OFFSET, _PRIME, _MASK = 0x811C9DC5, 0x01000193, 0xFFFFFFFF
_ALPHABET = "bcdfghjklmnpqrstvwxz2456789"
_STEP_ORDER = {
    field: tuple(order.split())
    for field, order in {
        "step": "setWeight pause experiment analysis setCanaryScale setHeaderRoute setMirrorRoute plugin",
        "analysis": "templates args dryRun measurementRetention analysisRunMetadata",
        "experiment": "templates duration analyses dryRun analysisRunMetadata scaleDownDelaySeconds",
        "templates": "templateName clusterScope name specRef replicas metadata selector weight service",
        "metadata": "labels annotations",
        "analysisRunMetadata": "labels annotations",
        "args": "name value valueFrom",
        "analyses": "name templateName clusterScope args requiredForCompletion",
        "setCanaryScale": "weight replicas matchTrafficWeight",
        "setHeaderRoute": "name match",
        "setMirrorRoute": "name match percentage",
        "match": "headerName headerValue method path headers",
        "headerValue": "exact prefix regex",
        "plugin": "name config",
    }.items()
}


@lru_cache(maxsize=4_096)
def fnv1a(data: bytes) -> int:
    """FNV-1a, 32 bits. Most passes ask about bytes that an earlier one asked about."""
    value = _OFFSET
    for byte in data:
        value = ((value ^ byte) * _PRIME) & _MASK
    return value


def safe_text(number: int) -> str:
    """Decimal digits in an alphabet that spells no words."""
    return "".join(_ALPHABET[ord(digit) % len(_ALPHABET)] for digit in str(number))


def template_hash(template: JsonObject, collision_count: int | None = None, *, null_timestamp: bool = True) -> str:
    """Of a pod template; the count of collisions makes a new name where the old one is taken."""
    data = _go_json(ordered_template(template, null_timestamp=null_timestamp))
    if collision_count is not None:
        data += collision_count.to_bytes(8, "little")
    return safe_text(fnv1a(data))


def steps_hash(steps: list[JsonObject], recorded: str = "") -> str:
    """Of the canary steps; any change of them starts the update again. Releases up to v1.8 write one field of an
    analysis more: what such a controller has `recorded` stays, or taking over from it would start updates again.
    """
    if not steps:
        return safe_text(fnv1a(b"null"))
    newest = _hash_of_steps(steps, ("experiment",))
    if recorded in ("", newest):
        return newest
    return recorded if recorded == _hash_of_steps(steps, ("experiment", "analysis")) else newest


def _hash_of_steps(steps: list[JsonObject], always: tuple[str, ...]) -> str:
    return safe_text(fnv1a(_go_json([_ordered(step, "step", always) for step in steps])))


def _ordered(value: Any, field: str, always: tuple[str, ...]) -> Any:
    """Keys in the order that typed clients write, so that a step keeps its hash whoever wrote it last."""
    if isinstance(value, list):
        return [_ordered(one, field, always) for one in value]
    if not isinstance(value, dict):
        return value
    order = _STEP_ORDER.get(field, ())
    if "specRef" in value:  # of an experiment; what is no pointer is written even when it is empty
        value = {"metadata": {}, **value}
    names = [name for name in order if name in value] + sorted(name for name in value if name not in order)
    result = {name: _ordered(value[name], name, always) for name in names}
    if field in always:
        result.setdefault("analysisRunMetadata", {})
    return result


def _go_json(value: Any) -> bytes:
    """Go escapes the characters that could end a script element."""
    text = json.dumps(value, separators=(",", ":"), ensure_ascii=False)
    for character in "<>&\u2028\u2029":
        text = text.replace(character, f"\\u{ord(character):04x}")
    return text.encode()
