"""What a script returned, as JSON."""

from collections.abc import Callable
from typing import Any

from lupa import lua52

from gitsync.lua.errors import ScriptError
from gitsync.lua.limits import DEFAULT_LIMITS, Limits


def from_lua(value: Any, *, limits: Limits = DEFAULT_LIMITS, is_list: Callable[[Any], bool] = lambda _: False) -> Any:
    """Raises ScriptError for what is no JSON (functions, cycles, other keys than text) or too much. `is_list` is asked
    of empty tables."""
    return _Reader(limits, is_list).read(value, 0)


def restored(value: Any, given: Any) -> Any:
    """`value` with what Lua lost of `given`, from which a script made it.

    Lua has one kind of table and one kind of number, so an empty list comes back as an empty table and a large whole
    number rounded. Where a value stands in the place of one that was given, that tells what it was.
    """
    if isinstance(value, dict):
        if not value and isinstance(given, list):
            return []
        known = given if isinstance(given, dict) else {}
        return {key: restored(entry, known.get(key)) for key, entry in value.items()}
    if isinstance(value, list):
        known_entries = given if isinstance(given, list) else []
        pairs = [*known_entries[: len(value)], *[None] * (len(value) - len(known_entries))]
        return [restored(entry, known_entry) for entry, known_entry in zip(value, pairs, strict=True)]
    if _is_number(value) and _is_number(given) and float(value) == float(given):
        return given
    return value


class _Reader:
    def __init__(self, limits: Limits, is_list: Callable[[Any], bool]) -> None:
        self._limits = limits
        self._is_list = is_list
        self._nodes = 0
        self._text = 0

    def read(self, value: Any, depth: int) -> Any:
        self._nodes += 1
        if self._nodes > self._limits.result_nodes or depth > self._limits.result_depth:
            raise _refused("it is too large or contains itself")
        if value is None or isinstance(value, bool):
            return value
        if isinstance(value, int | float):
            if value != value or value in (float("inf"), float("-inf")):
                raise _refused("it contains a number that is not finite")
            return value
        if isinstance(value, str):
            self._count(value)
            return value
        if lua52.lua_type(value) == "table":
            return self._table(value, depth + 1)
        raise _refused(f"it contains a {lua52.lua_type(value) or type(value).__name__}")

    def _table(self, table: Any, depth: int) -> Any:
        entries = dict(table.items())
        if not entries and self._is_list(table):
            return []
        if any(isinstance(key, bool) or not isinstance(key, str | int) for key in entries):
            raise _refused("it has a key that is no text")
        if entries and set(entries) == set(range(1, len(entries) + 1)):
            return [self.read(entries[position], depth) for position in range(1, len(entries) + 1)]
        named = sorted(((str(key), value) for key, value in entries.items()), key=lambda entry: entry[0])
        return {self._count(key): self.read(value, depth) for key, value in named}

    def _count(self, text: str) -> str:
        self._text += len(text)
        if self._text > self._limits.result_text:
            raise _refused("it is too large")
        return text


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _refused(reason: str) -> ScriptError:
    return ScriptError(f"what the script returns is no JSON: {reason}", suggestion="Correct the script in argocd-cm.")
