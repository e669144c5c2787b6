"""What a script returned, as JSON.

Lua has one kind of table and one kind of number. So where the returned value stands in the place of a value that the
script was given, that tells whether an empty table is a list, and keeps large whole numbers exact.
"""

from typing import Any

from lupa import lua52

from gitsync.lua.errors import ScriptError
from gitsync.lua.limits import DEFAULT_LIMITS, Limits


def from_lua(value: Any, *, like: Any = None, limits: Limits = DEFAULT_LIMITS) -> Any:
    """Raises ScriptError for what is no JSON (functions, cycles, other keys than text) or too much."""
    return _Reader(limits).read(value, like, 0)


class _Reader:
    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._nodes = 0
        self._text = 0

    def read(self, value: Any, like: Any, depth: int) -> Any:
        self._nodes += 1
        if self._nodes > self._limits.result_nodes or depth > self._limits.result_depth:
            raise _refused("it is too large or contains itself")
        if value is None or isinstance(value, bool):
            return value
        if isinstance(value, int | float):
            return _number(value, like)
        if isinstance(value, str):
            self._count(value)
            return value
        if lua52.lua_type(value) == "table":
            return self._table(value, like, depth + 1)
        raise _refused(f"it contains a {lua52.lua_type(value) or type(value).__name__}")

    def _table(self, table: Any, like: Any, depth: int) -> Any:
        entries = dict(table.items())
        if not entries:
            return [] if isinstance(like, list) else {}
        if not any(isinstance(key, bool) for key in entries) and set(entries) == set(range(1, len(entries) + 1)):
            given = like if isinstance(like, list) else []
            return [
                self.read(entries[position], given[position - 1] if position <= len(given) else None, depth)
                for position in range(1, len(entries) + 1)
            ]
        known = like if isinstance(like, dict) else {}
        return {key: self.read(value, known.get(key), depth) for key, value in self._named(entries)}

    def _named(self, entries: dict[Any, Any]) -> list[tuple[str, Any]]:
        named = []
        for key, value in entries.items():
            if isinstance(key, bool) or not isinstance(key, str | int):
                raise _refused("it has a key that is no text")
            self._count(str(key))
            named.append((str(key), value))
        return sorted(named, key=lambda entry: entry[0])

    def _count(self, text: str) -> None:
        self._text += len(text)
        if self._text > self._limits.result_text:
            raise _refused("it is too large")


def _number(value: int | float, like: Any) -> int | float:
    if isinstance(like, int | float) and not isinstance(like, bool) and float(like) == float(value):
        return like
    if value != value or value in (float("inf"), float("-inf")):
        raise _refused("it contains a number that is not finite")
    return value


def _refused(reason: str) -> ScriptError:
    return ScriptError(f"what the script returns is no JSON: {reason}", suggestion="Correct the script in argocd-cm.")
