"""ignoreDifferences: which fields of which objects are nobody's business.

Rules match by group and kind (globs) and exact name and namespace. Pointers remove a field, jq expressions the fields
that they name; managers claim the fields that they own in managedFields, which are then taken from live. An expression
that does not fit one object (a list that it does not have) removes nothing there, as in Argo CD.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Any

import msgspec

from gitsync.diff.jq.errors import ExpressionError, ExpressionFailed
from gitsync.diff.jq.places import resolved
from gitsync.diff.jq.removal import named, remove
from gitsync.diff.ownership import FieldSet, describes
from gitsync.errors import Failed
from gitsync.manifest.object import JsonObject
from model.identity import ResourceKey
from model.kinds.application import IgnoreDifference

_LONGEST_SHOWN = 200


@dataclass(frozen=True, slots=True)
class IgnoreRules:
    """What is ignored in one object. Hashable, so that memos can be keyed by it."""

    json_pointers: tuple[str, ...] = ()
    managers: tuple[str, ...] = ()
    jq_path_expressions: tuple[str, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.json_pointers or self.managers or self.jq_path_expressions)


NO_RULES = IgnoreRules()


def rules_for(key: ResourceKey, rules: Iterable[IgnoreDifference]) -> IgnoreRules:
    """The rules that concern one object, put together."""
    matching = [rule for rule in rules if _matches(rule, key)]
    if not matching:
        return NO_RULES
    return IgnoreRules(
        tuple(dict.fromkeys(pointer for rule in matching for pointer in rule.json_pointers)),
        tuple(dict.fromkeys(manager for rule in matching for manager in rule.managed_fields_managers)),
        tuple(dict.fromkeys(expression for rule in matching for expression in rule.jq_path_expressions)),
    )


def _matches(rule: IgnoreDifference, key: ResourceKey) -> bool:
    return (
        fnmatchcase(key.group, rule.group)
        and fnmatchcase(key.kind, rule.kind)
        and rule.name in ("", key.name)
        and rule.namespace in ("", key.namespace)
    )


class RuleUnusable(Failed):
    """A jq expression that nobody can read, or that takes too long. `expression` is the text of it."""

    def __init__(self, expression: str, error: ExpressionError) -> None:
        shown = expression if len(expression) <= _LONGEST_SHOWN else f"{expression[:_LONGEST_SHOWN]}..."
        super().__init__(
            f"jq expression {shown!r} of ignoreDifferences cannot be used: {error.message}",
            suggestion=error.suggestion or "Correct the expression.",
        )
        self.expression = expression


def without_expressions(body: JsonObject, expressions: Iterable[str]) -> JsonObject:
    """The object without the fields that jq expressions name. Raises RuleUnusable."""
    for expression in expressions:
        try:
            body = remove(body, expression)
        except ExpressionFailed:
            continue
        except ExpressionError as error:
            raise RuleUnusable(expression, error) from error
    return body


def places_of(body: JsonObject, rules: IgnoreRules) -> list[tuple[str | int, ...]]:
    """Where in this object stands what pointers and expressions name, items of lists by number. Raises RuleUnusable."""
    found: list[tuple[str | int, ...]] = [
        tuple(place) for pointer in rules.json_pointers if (place := _place(body, _steps(pointer)))
    ]
    for expression in rules.jq_path_expressions:
        try:
            found += [place for one in named(body, expression) for place in resolved(body, one)]
        except ExpressionFailed:
            continue
        except ExpressionError as error:
            raise RuleUnusable(expression, error) from error
    return found


def _place(body: Any, steps: list[str]) -> list[str | int]:
    """The pointer as steps into this object; [] when it points to nothing."""
    place: list[str | int] = []
    for step in steps:
        if isinstance(body, dict) and step in body:
            place.append(step)
            body = body[step]
        elif isinstance(body, list) and step.isdecimal() and int(step) < len(body):
            place.append(int(step))
            body = body[int(step)]
        else:
            return []
    return place


def _steps(pointer: str) -> list[str]:
    return [step.replace("~1", "/").replace("~0", "~") for step in pointer.split("/")[1:]]


def without_pointers(body: JsonObject, pointers: Iterable[str]) -> JsonObject:
    """The object without the fields that RFC 6901 pointers name; pointers to nothing do nothing."""
    for pointer in pointers:
        if steps := _steps(pointer):
            body = _without(body, steps)
    return body


def _without(value: Any, steps: list[str]) -> Any:
    """A copy along the path only; everything beside it is shared."""
    step, rest = steps[0], steps[1:]
    if isinstance(value, dict) and step in value:
        if not rest:
            return {name: child for name, child in value.items() if name != step}
        child = _without(value[step], rest)
        return value if child is value[step] else {**value, step: child}
    if isinstance(value, list) and step.isdecimal() and int(step) < len(value):
        position = int(step)
        if not rest:
            return value[:position] + value[position + 1 :]
        child = _without(value[position], rest)
        return value if child is value[position] else [*value[:position], child, *value[position + 1 :]]
    return value


def without_fields(value: Any, fields: FieldSet) -> Any:
    """The value without what a field set owns; items of lists stay with their keys, so that they still match."""
    if isinstance(value, dict):
        return _without_map_fields(value, fields)
    if isinstance(value, list):
        return _without_items(value, fields)
    return value


def _without_map_fields(value: JsonObject, fields: FieldSet) -> JsonObject:
    result = {}
    for name, child in value.items():
        node = fields.get("f:" + name)
        if node is None:
            result[name] = child
        elif any(step != "." for step in node):
            result[name] = without_fields(child, node)
    return result


def _without_items(value: list[Any], fields: FieldSet) -> list[Any]:
    result = []
    for item in value:
        step = next((step for step in fields if describes(step, item)), None)
        if step is None:
            result.append(item)
        elif step[0] == "k":
            keys: JsonObject = msgspec.json.decode(step[2:])
            result.append({**without_fields(item, fields[step]), **keys})
    return result
