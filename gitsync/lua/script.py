"""One Lua script, compiled once, run against one object after another. Each run starts with globals of its own."""

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

from lupa import lua52

from gitsync.lua.errors import ScriptError, ScriptExpired
from gitsync.lua.limits import DEFAULT_LIMITS, Limits
from gitsync.lua.prelude import EXPIRED, HOOK_INSTRUCTIONS, PRELUDE
from gitsync.lua.result import from_lua
from gitsync.manifest.object import JsonObject

_LONGEST_ERROR = 500


class Script:
    """`name` appears in errors, beside the line. Not for use by several threads at once."""

    def __init__(
        self, source: str, *, name: str, open_libraries: bool = False, limits: Limits = DEFAULT_LIMITS
    ) -> None:
        self.name = name
        self._source = source
        self._open_libraries = open_libraries
        self._limits = limits
        self._runtime: Any = None
        self._run: Any = None
        self._empty_list: Any = None
        self._is_list: Any = None

    def run(self, body: JsonObject, *, now: datetime, parameters: Mapping[str, str] | None = None) -> Any:
        """What the script returns, as JSON; None for nil. `body` is never changed. Raises ScriptError.

        The script has the object as `obj` and parameters as `actionParams`.
        """
        try:
            run = self._run or self._compile()
            given: dict[str, Any] = {"obj": body}
            if parameters is not None:
                given["actionParams"] = dict(parameters)
            lua_globals = self._runtime.table_from(given, recursive=True)
            for path in _empty_lists(body):
                _put(lua_globals["obj"], path, self._empty_list())
            limits = self._limits
            ticks = limits.instructions // HOOK_INSTRUCTIONS
            ok, result = run(lua_globals, int(now.timestamp()), ticks, limits.cpu_seconds, HOOK_INSTRUCTIONS)
            if ok:
                return from_lua(result, limits=limits, is_list=self._is_list)
        except ScriptError:
            self._forget()
            raise
        except (lua52.LuaError, UnicodeError, OverflowError, RecursionError, MemoryError) as error:
            self._forget()
            raise self._failed(str(error)) from error
        # The text first: forgetting closes the runtime that it may live in.
        failed = self._failed(result if isinstance(result, str) else "it raised an error without a message")
        self._forget()
        raise failed

    def _compile(self) -> Any:
        if len(self._source.encode("utf-8", "replace")) > self._limits.source_bytes:
            raise self._failed(f"it is longer than {self._limits.source_bytes} bytes")
        self._runtime = lua52.LuaRuntime(
            unpack_returned_tuples=True,
            register_eval=False,
            register_builtins=False,
            attribute_filter=_no_attribute,
            max_memory=self._limits.memory_bytes,
        )
        compiled = self._runtime.execute(PRELUDE, self._source, self.name, self._open_libraries, name="=sandbox")
        if compiled[0] is None:
            raise self._failed(str(compiled[1]))
        self._run, self._empty_list, self._is_list = compiled
        return self._run

    def _forget(self) -> None:
        """After a failure nothing of the runtime is trusted: the hook may still be set, memory may be used up."""
        self._runtime = self._run = None

    def _failed(self, message: str) -> ScriptError:
        line = message.strip().splitlines()[0] if message.strip() else "no message"
        told = line[:_LONGEST_ERROR]
        if not told.startswith(self.name):
            told = f"{self.name}: {told}"
        kind = ScriptExpired if EXPIRED in told else ScriptError
        return kind(told, suggestion="Correct the script in argocd-cm.")


def _empty_lists(value: Any, path: tuple[str | int, ...] = ()) -> Iterator[tuple[str | int, ...]]:
    """Where in an object they are, in Lua's way to count."""
    if isinstance(value, dict):
        for key, item in value.items():
            yield from _empty_lists(item, (*path, key))
    elif value == [] and path:
        yield path
    elif isinstance(value, list):
        for position, item in enumerate(value, 1):
            yield from _empty_lists(item, (*path, position))


def _put(table: Any, path: tuple[str | int, ...], value: Any) -> None:
    for step in path[:-1]:
        table = table[step]
    table[path[-1]] = value


def _no_attribute(_: object, name: str, __: bool) -> str:
    """No Python object ever gets into a script; should one, it has no attributes."""
    raise AttributeError(name)
