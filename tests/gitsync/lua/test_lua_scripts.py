"""The sandbox: what scripts can do, what they cannot, and that none of them can hold us up."""

from datetime import UTC, datetime
from typing import Any

import pytest

from gitsync.lua.errors import ScriptError
from gitsync.lua.limits import Limits
from gitsync.lua.result import restored
from gitsync.lua.script import Script

NOW = datetime(2026, 3, 1, 12, 30, tzinfo=UTC)
BODY = {
    "apiVersion": "v1",
    "kind": "Thing",
    "metadata": {"name": "a", "generation": 3, "finalizers": [], "labels": {}},
    "spec": {"big": 2**60 + 1, "none": None, "ports": [{"port": 80}, {"port": 443}], "ratio": 1.5, "on": True},
}


def run(source: str, *, open_libraries: bool = False, limits: Limits | None = None, **more: Any) -> Any:
    script = Script(source, name="x.lua", open_libraries=open_libraries, limits=limits or Limits())
    return script.run(BODY, now=NOW, **more)


@pytest.mark.parametrize(
    ("source", "answer"),
    [
        ("return obj.metadata.name", "a"),
        ("return {status = 'Healthy', n = obj.metadata.generation}", {"status": "Healthy", "n": 3}),
        ("return nil", None),
        ("return tostring(obj.metadata.generation)", "3"),
        ("local n = 0; for i, p in ipairs(obj.spec.ports) do n = n + p.port end return n", 523),
        ("return os.date('!%Y-%m-%dT%XZ')", "2026-03-01T12:30:00Z"),
        ("return os.date('%Y')", "2026"),
        ("return os.time() - os.time{year=2026, month=3, day=1, hour=12}", 1800),
        ("return actionParams['replicas']", "3"),
        ("for i = 1, 3 do if i == 2 then goto continue end obj.x = i ::continue:: end return obj.x", 3),
        ("local t = {} for k in pairs({b=1, a=2, c=3, 7}) do table.insert(t, k) end return t", [1, "a", "b", "c"]),
        ("return table.getn({1, 2})", 2),
        ("return unpack({5})", 5),
        ("return obj.spec.none == nil", True),
    ],
)
def test_scripts_see_the_object_and_answer(source: str, answer: Any) -> None:
    assert run(source, parameters={"replicas": "3"}) == answer


def test_an_object_that_goes_through_lua_comes_back_unharmed() -> None:
    without_null = {**BODY, "spec": {key: value for key, value in BODY["spec"].items() if value is not None}}
    assert restored(run("return obj"), BODY) == without_null


@pytest.mark.parametrize(
    "name",
    ["io", "debug", "package", "load", "loadstring", "loadfile", "dofile", "python", "coroutine",
     "collectgarbage", "string", "math", "setfenv", "jit"],
)  # fmt: skip
def test_what_could_do_harm_is_not_there(name: str) -> None:
    assert run(f"return {name} == nil") is True
    assert run(f"return {name} == nil", open_libraries=True) is (name not in ("string", "math"))


@pytest.mark.parametrize("name", ["execute", "exit", "getenv", "remove", "rename", "setlocale", "tmpname"])
def test_the_os_library_only_tells_the_time(name: str) -> None:
    assert run(f"return os.{name} == nil", open_libraries=True) is True


def test_what_takes_long_without_a_hook_is_refused() -> None:
    with pytest.raises(ScriptError, match="too long to sort"):
        run("local t = {} for i = 1, 30000 do t[i] = 1 end table.sort(t)")
    with pytest.raises(ScriptError, match="would be too long"):
        run("return string.rep('x', 5e6)", open_libraries=True)
    assert run("local t = {3, 1, 2} table.sort(t) return t") == [1, 2, 3]


def test_open_libraries_bring_strings() -> None:
    assert run("return ('a-b'):match('(%w)-') .. string.format('%02d', math.max(1, 2))", open_libraries=True) == "a02"
    with pytest.raises(ScriptError, match="attempt to"):
        run("return ('a'):upper()")


@pytest.mark.parametrize(
    "source",
    [
        "while true do end",
        "while true do pcall(function() while true do end end) end",
        "local function f() return f() end return f()",
        "while true do xpcall(function() while true do end end, function() while true do end end) end",
        "repeat local ok = pcall(pcall, function() repeat until false end) until false",
    ],
)
def test_a_script_that_does_not_end_is_stopped(source: str) -> None:
    with pytest.raises(ScriptError, match=r"too long|error"):
        run(source, limits=Limits(instructions=200_000))


@pytest.mark.parametrize(
    "source",
    [
        "local t = {} while true do t[#t + 1] = {1, 2, 3} end",
        "local s = 'xxxxxxxx' while true do s = s .. s end",
        "return ('x'):rep(1e9)",
        "local function f(x) return 1 + f(x) end return f(1)",
    ],
)
def test_a_script_that_wants_all_memory_is_stopped(source: str) -> None:
    with pytest.raises(ScriptError):
        run(source, open_libraries=True, limits=Limits(memory_bytes=8_000_000))


def test_a_pattern_that_would_backtrack_for_ever_is_refused() -> None:
    source = "return string.find(string.rep('a', 5000), '.-.-.-.-.-b')"
    with pytest.raises(ScriptError, match="could take too long"):
        run(source, open_libraries=True)


@pytest.mark.parametrize(
    ("source", "told"),
    [
        ("return function() end", "function"),
        ("local t = {} t.t = t return t", "contains itself"),
        ("return {[true] = 1}", "key that is no text"),
        ("return 0/0", "not finite"),
        ("return {x = 1/0}", "not finite"),
        ("setmetatable({}, {__gc = function() end})", "__gc"),
        ("getmetatable('').__index = 1", "attempt to"),
        ("error({})", "without a message"),
        ("error('boom')", "x.lua:1: boom"),
        ("return obj.a.b", "x.lua:1: attempt to index"),
        ("retrun 1", "x.lua:1:"),
        ("\x1bLua", "x.lua"),
        ("return obj.metadata.name.secret.x", "attempt to index"),
        ("local t = {} for i = 1, 300000 do t[i] = i end return t", "too large"),
    ],
)
def test_errors_tell_what_is_wrong(source: str, told: str) -> None:
    with pytest.raises(ScriptError) as caught:
        run(source)
    assert told in caught.value.message


def test_runs_do_not_see_each_other() -> None:
    script = Script("n = (n or 0) + 1; table.hidden = (table.hidden or 0) + 1; return n + table.hidden", name="x.lua")
    assert [script.run(BODY, now=NOW) for _ in range(3)] == [2, 2, 2]


def test_a_script_works_again_after_it_failed() -> None:
    script = Script("if obj.loop then while true do end end return 1", name="x.lua", limits=Limits(instructions=50_000))
    with pytest.raises(ScriptError):
        script.run({"loop": True}, now=NOW)
    assert script.run({}, now=NOW) == 1


def test_a_script_longer_than_the_limit_is_refused() -> None:
    with pytest.raises(ScriptError, match="longer than"):
        run("-- " + "x" * 300_000)


def test_a_script_may_require_the_libraries_that_it_has_and_no_other() -> None:
    assert run('local os = require("os") return os.date("!%Y-%m-%dT%XZ", 0)') == "1970-01-01T00:00:00Z"
    assert run('local table = require("table") return table.concat({"a", "b"})') == "ab"
    assert run('return require("string").upper("a")', open_libraries=True) == "A"
    for library in ("string", "io", "debug", "package", "os.execute"):
        with pytest.raises(ScriptError, match="not found"):
            run(f'return require("{library}")')
    with pytest.raises(ScriptError, match="not found"):
        run('return require("io")', open_libraries=True)
    with pytest.raises(ScriptError, match="not found"):
        run("return require(nil)")


def test_an_empty_list_stays_one_wherever_a_script_puts_it() -> None:
    body = {"spec": {"args": [], "volumes": [{"emptyDir": {}, "items": []}], "env": []}}
    source = """
    local made = {template = obj.spec, mine = {}}
    table.insert(made.template.env, "X")
    return made
    """
    spec = {"args": [], "volumes": [{"emptyDir": {}, "items": []}], "env": ["X"]}
    assert Script(source, name="x.lua").run(body, now=NOW) == {"template": spec, "mine": {}}
