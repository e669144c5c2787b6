"""What a declared rule asks of an object, compiled to closures: conditions, fields, and how they are put together.

A test looks at a `Scope` and answers with the condition it found (so that its message can be shown), True, or something
false. Compilation reads YAML nodes rather than values, since only they know their line.
"""

import operator
import re
from collections.abc import Callable
from typing import Any

import yaml

from gitsync.health.fields import items, section
from gitsync.health.rule_node import fail, mapping, only_keys, pattern, scalar, scalars, sequence
from gitsync.manifest.object import JsonObject

Match = JsonObject | bool


class Scope:
    """The object, and the part of it whose `conditions` are asked: its status, or one entry of a list in it."""

    __slots__ = ("_by_type", "body", "here")

    def __init__(self, body: JsonObject, here: JsonObject) -> None:
        self.body = body
        self.here = here
        self._by_type: dict[Any, JsonObject] | None = None

    @property
    def by_type(self) -> dict[Any, JsonObject]:
        if self._by_type is None:
            self._by_type = {entry.get("type"): entry for entry in items(self.here, "conditions")}
        return self._by_type


Test = Callable[[Scope], Match]
Read = Callable[[Scope], Any]

_STEP = re.compile(r"[^.\[\]]+|\[[^\]]+\]")
_ABSENT = "Absent"


def read_field(path: str) -> Read:
    """`status.phase`, `metadata.annotations[example.org/paused]`; a leading dot starts at the entry of a list."""
    keys = tuple(step[1:-1] if step.startswith("[") else step for step in _STEP.findall(path))
    relative = path.startswith(".")

    def read(scope: Scope) -> Any:
        value: Any = scope.here if relative else scope.body
        for key in keys:
            if not isinstance(value, dict):
                return None
            value = value.get(key)
        return value

    return read


def status_scope(body: JsonObject) -> Scope:
    return Scope(body, section(body, "status"))


def compile_test(node: yaml.Node) -> Test:
    """A mapping is one test, a list is any of its tests."""
    if isinstance(node, yaml.SequenceNode):
        return _any([compile_test(entry) for entry in node.value])
    entries = mapping(node, "a test")
    for name, compile_one in _COMPILERS.items():
        if name in entries:
            return compile_one(entries, node)
    raise fail(node, f"a test needs one of {', '.join(_COMPILERS)}")


def _condition(entries: dict[str, yaml.Node], node: yaml.Node) -> Test:
    only_keys(entries, node, "condition", "is", "reason", "reason-like", "severity", "observed", "stale")
    types = scalars(entries["condition"])
    states = frozenset(scalars(entries["is"])) if "is" in entries else frozenset({"True"})
    if wrong := states - {"True", "False", "Unknown", "Degraded", _ABSENT}:
        raise fail(
            entries["is"], f"a condition is True, False, Unknown, Degraded or Absent, not {', '.join(sorted(wrong))}"
        )
    holds = _entry_test(entries, states)
    absent = _ABSENT in states

    def test(scope: Scope) -> Match:
        by_type = scope.by_type
        for kind in types:
            entry = by_type.get(kind)
            if entry is None:
                if absent:
                    return True
            elif holds(entry, scope):
                return entry
        return False

    return test


def _entry_test(entries: dict[str, yaml.Node], states: frozenset[str]) -> Callable[[JsonObject, Scope], bool]:
    reasons = frozenset(scalars(entries["reason"])) if "reason" in entries else None
    like = pattern(entries["reason-like"]) if "reason-like" in entries else None
    severities = frozenset(scalars(entries["severity"])) if "severity" in entries else None
    wants_stale = "stale" in entries
    asks_age = wants_stale or "observed" in entries

    def holds(entry: JsonObject, scope: Scope) -> bool:
        if entry.get("status") not in states or (reasons is not None and entry.get("reason") not in reasons):
            return False
        if like is not None and not like.search(str(entry.get("reason") or "")):
            return False
        if severities is not None and entry.get("severity") not in severities:
            return False
        if not asks_age:
            return True
        return is_stale(entry.get("observedGeneration"), _generation(scope.body)) is wants_stale

    return holds


_ORDERS: dict[str, Callable[[Any, Any], bool]] = {
    "below": operator.lt,
    "above": operator.gt,
    "equals": operator.eq,
    "differs-from": operator.ne,
}


def _field(entries: dict[str, yaml.Node], node: yaml.Node) -> Test:
    only_keys(entries, node, "field", "is", "like", "exists", *_ORDERS)
    read = read_field(scalar(entries["field"]))
    if "is" in entries:
        return _equal(read, scalars(entries["is"]))
    if "like" in entries:
        like = pattern(entries["like"])
        return lambda scope: bool(like.search(_word(read(scope))))
    if "exists" in entries:
        wanted = scalar(entries["exists"]).lower() == "true"
        return lambda scope: (read(scope) not in (None, "", [], {})) is wanted
    for name, compare in _ORDERS.items():
        if name in entries:
            return _compared(read, compare, _operand(entries[name]))
    return lambda scope: bool(read(scope))


def _equal(read: Read, wanted: tuple[str, ...]) -> Test:
    words = frozenset(wanted)
    absent = _ABSENT in words
    return lambda scope: ((value := read(scope)) is None and absent) or _word(value) in words


def _operand(node: yaml.Node) -> Read:
    """A number stands for itself; anything else is the path of another field."""
    text = scalar(node)
    if re.fullmatch(r"-?\d+", text):
        number = int(text)
        return lambda _: number
    return read_field(text)


def _compared(read: Read, compare: Callable[[Any, Any], bool], other: Read) -> Test:
    """Numbers are compared as such, an absent one counts as 0; else both sides have to be of one type."""

    def test(scope: Scope) -> Match:
        left, right = read(scope), other(scope)
        if left is None and isinstance(right, int):
            left = 0
        if right is None and isinstance(left, int):
            right = 0
        return type(left) is type(right) and left is not None and compare(left, right)

    return test


def _word(value: Any) -> str:
    """A value as the YAML of a rule spells it."""
    if isinstance(value, bool):
        return "True" if value else "False"
    return "" if value is None else str(value)


def _each(entries: dict[str, yaml.Node], node: yaml.Node) -> Test:
    """`some`: an entry of the list passes the test, `every`: all do, and there is one.

    `has` is the test of entries that are objects, `is` the words of those that are plain values.
    """
    name = "some" if "some" in entries else "every"
    only_keys(entries, node, name, "has", "is")
    if ("has" in entries) is ("is" in entries):
        raise fail(node, f"{name} needs either `has`: the test of an entry, or `is`: its values")
    read = read_field(scalar(entries[name]))
    quantify = _first if name == "some" else _first_of_all
    if "is" in entries:
        words = frozenset(scalars(entries["is"]))
        return lambda scope: quantify([_word(value) in words for value in _listed(read(scope))])
    test = compile_test(entries["has"])

    return lambda scope: quantify(
        [test(Scope(scope.body, entry)) for entry in _listed(read(scope)) if isinstance(entry, dict)]
    )


def _listed(value: Any) -> list[Any]:
    """The entries of a list, or the values of a map."""
    if isinstance(value, dict):
        return list(value.values())
    return value if isinstance(value, list) else []


def _first(matches: list[Match]) -> Match:
    return next((match for match in matches if match), False)


def _first_of_all(matches: list[Match]) -> Match:
    return matches[0] if matches and all(matches) else False


def _any(tests: list[Test]) -> Test:
    def any_of(scope: Scope) -> Match:
        for test in tests:
            if match := test(scope):
                return match
        return False

    return any_of


def _all(tests: list[Test]) -> Test:
    """The first condition that a part found speaks for the whole."""

    def all_of(scope: Scope) -> Match:
        spoken: Match = True
        for test in tests:
            match = test(scope)
            if not match:
                return False
            spoken = match if spoken is True else spoken
        return spoken

    return all_of


def _all_of(entries: dict[str, yaml.Node], node: yaml.Node) -> Test:
    only_keys(entries, node, "all")
    return _all([compile_test(entry) for entry in sequence(entries["all"], "tests")])


def _not(entries: dict[str, yaml.Node], node: yaml.Node) -> Test:
    only_keys(entries, node, "not")
    test = compile_test(entries["not"])
    return lambda scope: not test(scope)


_COMPILERS: dict[str, Callable[[dict[str, yaml.Node], yaml.Node], Test]] = {
    "condition": _condition,
    "field": _field,
    "some": _each,
    "every": _each,
    "all": _all_of,
    "not": _not,
}


def is_stale(observed: Any, generation: Any) -> bool:
    """Some controllers write the number as a string, and some something else entirely, which says nothing."""
    if isinstance(observed, str) and observed.isdecimal():
        observed = int(observed)
    return type(observed) is int and type(generation) is int and observed < generation


def _generation(body: JsonObject) -> Any:
    return section(body, "metadata").get("generation")
