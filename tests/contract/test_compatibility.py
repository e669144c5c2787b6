"""The compatibility tables hold: what they name exists, and no rule stands there without a proof or a reason."""

import ast
from functools import cache
from pathlib import Path

import pytest

from tests.support.compatibility import ROOT, Rule, TableError, read_table

TABLES = sorted((Path(__file__).parent / "compatibility").glob("*.yaml"))
# What tables of Argo CD may call not yet; ARCHITECTURE.md lists it under that name.
PARTS_LEFT_OUT = ("config-management plugin", "source hydrator", "Azure", "AWS", "OCI")


@pytest.mark.parametrize("path", TABLES, ids=lambda path: path.stem)
def test_rules_name_code_and_tests_that_exist(path: Path) -> None:
    missing = [
        f"rule {rule.number}: {named}"
        for rule in read_table(path)
        for named, there in (
            *((code, _code_exists(code)) for code in rule.code),
            *((test, _test_exists(test)) for test in rule.tests),
        )
        if not there
    ]
    assert missing == [], f"{path.name} names what does not exist"


@pytest.mark.parametrize("path", TABLES, ids=lambda path: path.stem)
def test_rules_are_told_once_and_left_out_only_where_agreed(path: Path) -> None:
    rules = read_table(path)
    told = [rule.text for rule in rules]
    assert sorted({text for text in told if told.count(text) > 1}) == []
    if path.stem.startswith("argocd-"):
        left_out = [rule.text for rule in rules if rule.not_yet and not _agreed(rule.not_yet)]
        assert left_out == [], "only what ARCHITECTURE.md lists under Not yet may be left out"


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("- rule: Pods start.\n  code: [gitsync.x:y]", "tests, deviation or not_yet"),
        ("- rule: Pods start.\n  tests: [tests/x.py::test_y]", "names no code"),
        ("- rule: Pods start.\n  code: [gitsync.x:y]\n  test: [tests/x.py::test_y]", "unknown field test"),
        ("- rule: ''\n  not_yet: later", "needs a sentence"),
        ("- rule: Pods start.\n  not_yet: ''", "not_yet needs a reason"),
        ("- rule: Pods start.\n  code: gitsync.x:y\n  deviation: they do not", "code is a list of names"),
        ("rule: Pods start.", "a list of rules"),
    ],
)
def test_a_table_that_proves_nothing_is_refused(tmp_path: Path, text: str, fault: str) -> None:
    path = tmp_path / "table.yaml"
    path.write_text(text)
    with pytest.raises(TableError, match=fault):
        read_table(path)


def test_names_that_do_not_exist_are_noticed() -> None:
    rule = Rule("r", 1, ("gitsync.plan.order:absent",), ("tests/contract/test_compatibility.py::test_absent",))
    assert not _code_exists(rule.code[0])
    assert not _code_exists("gitsync.absent:order")
    assert not _test_exists(rule.tests[0])
    assert not _test_exists("tests/contract/test_absent.py::test_x")
    assert not _test_exists("tests/support/compatibility.py::read_table")
    assert _code_exists("tests.support.compatibility:Rule.code")
    assert _test_exists("tests/contract/test_compatibility.py::test_names_that_do_not_exist_are_noticed")


def _agreed(reason: str) -> bool:
    return any(part.casefold() in reason.casefold() for part in PARTS_LEFT_OUT)


def _code_exists(named: str) -> bool:
    """`package.module:name`, `package.module:Class.name`, `package.module`, or the path of a file of data."""
    if "/" in named:
        return (ROOT / named).is_file()
    module, _, inner = named.partition(":")
    path = ROOT.joinpath(*module.split("."))
    source = path.with_suffix(".py") if path.with_suffix(".py").is_file() else path / "__init__.py"
    return source.is_file() and (not inner or inner in _names(source))


def _test_exists(named: str) -> bool:
    """`tests/path.py::test_name`, with `[case]` where one case of many is the proof."""
    path, _, name = named.partition("::")
    function, _, case = name.partition("[")
    source = ROOT / path
    if not (function.startswith("test_") and source.is_file() and function in _names(source)):
        return False
    return not case or _case_exists(source, case.removesuffix("]"))


@cache
def _names(source: Path) -> frozenset[str]:
    """The names that a module binds, and `Class.name` of what its classes hold."""
    body = ast.parse(source.read_bytes()).body
    inner = {
        f"{node.name}.{name}" for node in body if isinstance(node, ast.ClassDef) for name in map(_bound, node.body)
    }
    return frozenset(filter(None, map(_bound, body))) | inner


def _bound(node: ast.stmt) -> str:
    match node:
        case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name) | ast.ClassDef(name=name):
            return name
        case ast.Assign(targets=[ast.Name(id=name)]) | ast.AnnAssign(target=ast.Name(id=name)):
            return name
    return ""


def _case_exists(source: Path, case: str) -> bool:
    """A case is named in the test itself, is a file or folder of cases beside it, or stands in such a file."""
    return case in source.read_text() or any(
        case in (path.name, path.stem) or (path.suffix == ".yaml" and case in path.read_text())
        for path in source.parent.rglob("*")
        if path.is_dir() or path.suffix in (".yaml", ".json")
    )
