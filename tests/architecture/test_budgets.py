"""Budgets and habits that imports cannot express: sizes, names, one reader of the environment per process."""

import ast
import functools
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

pytestmark = pytest.mark.cpu_seconds(60)  # each reads the whole repository
ROOT = Path(__file__).resolve().parents[2]
PACKAGES = ("api", "gitsync", "model", "web")
MAX_FILE_LINES = 500
MAX_FUNCTION_LINES = 60

# Each process reads its environment in one module.
ENVIRONMENT_READERS = {
    "api/settings.py",
    "gitsync/settings.py",
    "gitsync/sandbox/settings.py",
    "web/rxconfig.py",
    "web/build.py",
}
# Child processes get a chosen environment; these modules choose it.
ENVIRONMENT_WRITERS = {"api/processes.py", "gitsync/sandbox/githost/git.py"}

FORBIDDEN_WORDS = re.compile(r"(^|_)(util|utils|helper|helpers|manager|common|misc|base|impl)(_|$)", re.IGNORECASE)

FORBIDDEN_ENDS = "(Manager|Helper|Util|Utils|Service|Base|Impl|Mixin)"


def sources(*roots: str) -> Iterator[Path]:
    for root in roots:
        for path in sorted((ROOT / root).rglob("*.py")):
            if ".web" not in path.parts and "node_modules" not in path.parts:
                yield path


def relative(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


@functools.cache
def parse(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"), filename=str(path))


def statements(tree: ast.Module) -> Iterator[ast.AST]:
    """All of them, however deep, without the expressions in them: those are most of a tree."""
    found: list[ast.AST] = [tree]
    while found:
        node = found.pop()
        yield node
        for name in ("body", "orelse", "handlers", "finalbody", "cases"):
            inner = getattr(node, name, ())
            found.extend(inner if isinstance(inner, list) else ())


def mentioning(words: str, *roots: str) -> Iterator[Path]:
    """What does not say the words cannot do what they stand for, and need not be parsed."""
    pattern = re.compile(words)
    return (path for path in sources(*roots) if pattern.search(path.read_text(encoding="utf-8")))


def test_files_stay_under_500_lines() -> None:
    long = {
        relative(p): n for p in sources(*PACKAGES, "tests") if (n := len(p.read_text().splitlines())) > MAX_FILE_LINES
    }
    assert not long


def test_functions_stay_under_60_lines() -> None:
    long = {
        f"{relative(path)}:{node.lineno} {node.name}": length
        for path in sources(*PACKAGES)
        for node in statements(parse(path))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        and (length := (node.end_lineno or node.lineno) - node.lineno + 1) > MAX_FUNCTION_LINES
    }
    assert not long


def test_only_settings_read_the_environment() -> None:
    readers = {
        relative(path)
        for path in mentioning("environ|getenv", *PACKAGES)
        for node in ast.walk(parse(path))
        if (isinstance(node, ast.Attribute) and node.attr in ("environ", "getenv"))
        or (
            isinstance(node, ast.ImportFrom)
            and node.module == "os"
            and any(n.name in ("environ", "getenv") for n in node.names)
        )
    }
    assert readers <= ENVIRONMENT_READERS | ENVIRONMENT_WRITERS


@pytest.mark.parametrize("package", PACKAGES)
def test_names_are_words_of_the_trade(package: str) -> None:
    bad = {relative(path) for path in sources(package) if FORBIDDEN_WORDS.search(path.stem)}
    classes = {
        f"{relative(path)} {node.name}"
        for path in mentioning(FORBIDDEN_ENDS, package)
        for node in ast.walk(parse(path))
        if isinstance(node, ast.ClassDef) and re.search(FORBIDDEN_ENDS + "$", node.name)
    }
    assert not bad | classes


def test_every_package_says_what_it_is_for() -> None:
    silent = [
        relative(path)
        for path in sources(*PACKAGES)
        if path.name == "__init__.py" and not ast.get_docstring(parse(path))
    ]
    assert not silent


def test_broad_excepts_stand_only_in_supervisors() -> None:
    broad = {
        f"{relative(path)}:{node.lineno}"
        for path in mentioning("except *:|Exception", *PACKAGES)
        if path.name != "supervisor.py"
        for node in ast.walk(parse(path))
        if isinstance(node, ast.ExceptHandler)
        and (node.type is None or (isinstance(node.type, ast.Name) and node.type.id in ("Exception", "BaseException")))
    }
    assert not broad


def test_tests_never_patch_our_own_code() -> None:
    words = ("monkeypatch.setattr", "MagicMock", "AsyncMock", "mock.patch", "mocker.")
    patched = {
        f"{relative(path)}:{number}"
        for path in sources("tests")
        if path != Path(__file__)
        for number, line in enumerate(path.read_text().splitlines(), 1)
        if any(word in line for word in words)
    }
    assert not patched


def test_lock_files_name_no_host() -> None:
    for name in ("requirements.lock", "requirements-dev.lock"):
        assert "://" not in (ROOT / name).read_text()


def test_every_dependency_says_what_breaks_without_it() -> None:
    text = (ROOT / "pyproject.toml").read_text()
    lists = re.findall(r"^(?:dependencies|dev) = \[\n(.*?)^\]", text, re.MULTILINE | re.DOTALL)
    silent = [
        line for block in lists for line in block.splitlines() if line.strip() and not re.search(r'",\s+# \w', line)
    ]
    assert not silent
