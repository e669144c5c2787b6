"""Masks: the values of Secrets replaced by runs of `+`.

Values that are equal get runs of equal length, on both sides and in the last-applied annotation, and values that differ
get runs of different length; so a comparison of masked objects finds just the differences that there are, and whoever
sees it learns nothing but that. The length says nothing about the length of the value.
"""

from collections.abc import Iterable, Sequence
from typing import Any

import msgspec

from gitsync.diff.facts import group_and_kind
from gitsync.diff.normalize import LAST_APPLIED
from gitsync.manifest.object import JsonObject

_SHORTEST = 8
_SECTIONS = ("data", "stringData")
_UNREADABLE = "+" * _SHORTEST


def is_secret(body: JsonObject) -> bool:
    return group_and_kind(body) == ("", "Secret")


def mask_secrets(
    desired: JsonObject | None, live: JsonObject | None, *, annotations: Iterable[str] = ()
) -> tuple[JsonObject | None, JsonObject | None]:
    """Both sides with their secrets masked; objects of other kinds as they are.

    `annotations` names more annotations of Secrets whose values are secret. Normalise first if stringData on one side
    should be found equal to data on the other.
    """
    masked_desired, masked_live = mask_together([desired, live], annotations=annotations)
    return masked_desired, masked_live


def mask_together(bodies: Sequence[JsonObject | None], *, annotations: Iterable[str] = ()) -> list[JsonObject | None]:
    """Any number of views of one object, masked alike."""
    if not any(body is not None and is_secret(body) for body in bodies):
        return list(bodies)
    masks, hidden = _Masks(), frozenset(annotations)
    return [body if body is None else _mask(body, masks, hidden) for body in bodies]


class _Masks:
    """The run of each value met so far, per key: the longest run tells how many values the key has had."""

    def __init__(self) -> None:
        self._runs: dict[str, dict[str, str]] = {}

    def of(self, key: str, value: Any) -> str:
        runs = self._runs.setdefault(key, {})
        identity = msgspec.json.encode(value).decode()
        return runs.setdefault(identity, "+" * (_SHORTEST + len(runs)))


def _mask(body: JsonObject, masks: _Masks, hidden: frozenset[str]) -> JsonObject:
    masked = dict(body)
    for section in _SECTIONS:
        values = body.get(section)
        if isinstance(values, dict):
            masked[section] = {key: masks.of(f"{section}/{key}", value) for key, value in values.items()}
        elif values is not None:
            masked[section] = _UNREADABLE
    metadata = body.get("metadata")
    if isinstance(metadata, dict) and isinstance(metadata.get("annotations"), dict):
        annotations = _mask_annotations(metadata["annotations"], masks, hidden)
        masked["metadata"] = {**metadata, "annotations": annotations}
    return masked


def _mask_annotations(annotations: JsonObject, masks: _Masks, hidden: frozenset[str]) -> JsonObject:
    masked = {}
    for name, value in annotations.items():
        if name == LAST_APPLIED:
            value = _mask_last_applied(value, masks, hidden)
        elif name in hidden:
            value = masks.of(f"annotations/{name}", value)
        masked[name] = value
    return masked


def _mask_last_applied(value: Any, masks: _Masks, hidden: frozenset[str]) -> str:
    """The annotation holds the whole object as JSON; what cannot be read is masked as a whole."""
    try:
        applied = msgspec.json.decode(value, type=JsonObject)
    except (msgspec.DecodeError, TypeError):
        return _UNREADABLE
    return msgspec.json.encode(_mask(applied, masks, hidden)).decode()
