"""Compiled modules before any worker starts: in a fresh checkout each of them would compile everything for itself."""

import compileall
from collections.abc import Iterable
from contextlib import suppress
from importlib.abc import Loader
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path

ROOT = Path(__file__).parents[2]
PACKAGES = ("api", "gitsync", "model", "tests/support")


def compile_program() -> None:
    for package in PACKAGES:
        compileall.compile_dir(ROOT / package, quiet=2)


def compile_tests(rewriting: Loader, files: Iterable[Path]) -> None:
    """`rewriting` is pytest's loader, which keeps what it makes of a file's assertions when it first executes it.

    None of it is executed: where nothing can be imported, the first line of what pytest made ends it.
    """
    for file in files:
        spec = spec_from_file_location(file.stem, file, loader=rewriting)
        assert spec is not None
        module = module_from_spec(spec)
        module.__dict__["__builtins__"] = {"__import__": _not_yet}
        with suppress(_NotYetError, SyntaxError):  # which the workers report
            rewriting.exec_module(module)


class _NotYetError(Exception):
    pass


def _not_yet(*_: object) -> None:
    raise _NotYetError
