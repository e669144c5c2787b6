"""What a sync applies where ignored differences are respected (`RespectIgnoreDifferences=true`): live values. Pure.

Only fields that the manifest has are touched: one that it leaves out is not ours, and apply leaves it alone anyway.
"""

from typing import Any

from gitsync.manifest.object import JsonObject

_NAMES = ("name", "key", "containerPort", "port", "mountPath", "ip")  # what items of lists are told apart by
_ABSENT = object()


def keep_live(desired: JsonObject, stripped: JsonObject, live: JsonObject) -> JsonObject:
    """`desired` with live's values in the fields that `stripped`, the same object without what is ignored, lacks."""
    kept = _keep(desired, stripped, live)
    assert isinstance(kept, dict), "an object stays one"
    return kept


def _keep(desired: Any, stripped: Any, live: Any) -> Any:
    if desired == stripped:
        return desired
    if stripped is _ABSENT:
        return live
    if isinstance(desired, dict) and isinstance(stripped, dict):
        others = live if isinstance(live, dict) else {}
        kept = {
            name: _keep(value, stripped.get(name, _ABSENT), others.get(name, _ABSENT))
            for name, value in desired.items()
        }
        return {name: value for name, value in kept.items() if value is not _ABSENT}
    if isinstance(desired, list) and isinstance(stripped, list):
        return _keep_items(desired, stripped, live if isinstance(live, list) else [])
    return desired if live is _ABSENT else live


def _keep_items(desired: list[Any], stripped: list[Any], live: list[Any]) -> list[Any]:
    """Item by item; where whole items are ignored, live has the list."""
    if len(desired) != len(stripped):
        return live or desired
    items = []
    for position, (item, bare) in enumerate(zip(desired, stripped, strict=True)):
        kept = _keep(item, bare, _namesake(item, position, live))
        if kept is not _ABSENT:
            items.append(kept)
    return items


def _namesake(item: Any, position: int, live: list[Any]) -> Any:
    if isinstance(item, dict) and (name := next((one for one in _NAMES if one in item), "")):
        return next((one for one in live if isinstance(one, dict) and one.get(name) == item[name]), _ABSENT)
    return live[position] if position < len(live) else _ABSENT
