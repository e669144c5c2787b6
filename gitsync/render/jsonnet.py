"""Jsonnet files of a directory: which files they import, and the program that evaluates them.

Jsonnet can loop for ever, so it runs as a program within limits and not in this process. Imports are names in the
text, so what may be read is known before anything is evaluated.
"""

import importlib.util
import posixpath
import re
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

import msgspec

from gitsync.git.tree import clean_path
from gitsync.render.context import Surroundings
from gitsync.render.directory import SourceFile
from gitsync.render.errors import SourceInvalid, ToolMissing
from gitsync.render.gathering import Gathering
from gitsync.render.job import Found, Job
from gitsync.render.options import JsonnetOptions, JsonnetVariable, read_options
from gitsync.render.program import Command
from gitsync.render.tools import Tools
from model.kinds.application import DirectoryOptions

_IMPORT = re.compile(r"\bimport(?:str|bin)?\s*@?(?P<quote>[\"'])(?P<name>(?:(?!(?P=quote)).)+)(?P=quote)")
_PROGRAM = Path(__file__).with_name("jsonnet_program.py")
_MAX_IMPORTS = 5000


def read_jsonnet(
    gathering: Gathering, top: str, files: Sequence[SourceFile], options: DirectoryOptions, surroundings: Surroundings
) -> Job:
    """What to evaluate with what. `top` is the path of the source. Raises SourceInvalid and PathRefused."""
    jsonnet = read_options(options.jsonnet, JsonnetOptions, "directory.jsonnet")
    # As for `jsonnet -J`: the last library is looked into first, and the directory of the source comes after all.
    libraries = [*(clean_path(surroundings.substitute(library)) for library in reversed(jsonnet.libs)), top]
    _gather(gathering, [file.path for file in files], libraries)
    surroundings.consult("jsonnet")
    order = {
        "files": [clean_path(file.path) for file in files],
        "libs": libraries,
        "ext_vars": _variables(jsonnet.ext_vars, surroundings, code=False),
        "ext_codes": _variables(jsonnet.ext_vars, surroundings, code=True),
        "tla_vars": _variables(jsonnet.tlas, surroundings, code=False),
        "tla_codes": _variables(jsonnet.tlas, surroundings, code=True),
    }
    extra = {"order.json": msgspec.json.encode(order)}
    return Job("jsonnet", dict(gathering.tree), _command(), extra)


def _gather(gathering: Gathering, paths: list[str], libraries: list[str]) -> None:
    todo, seen = list(paths), set(paths)
    while todo:
        path = todo.pop()
        data = gathering.file(path)
        if data is None:
            continue
        for match in _IMPORT.finditer(data.decode(errors="replace")):
            name = match["name"]
            if name.startswith("/"):
                raise SourceInvalid(
                    f"{path} imports {name!r:.200}", suggestion="Import by a path relative to the file or to a library."
                )
            for folder in (posixpath.dirname(path), *libraries):
                place = clean_path(f"{folder}/{name}" if folder else name)
                if place not in seen:
                    seen.add(place)
                    todo.append(place)
                if gathering.file(place) is not None:
                    break
        if len(seen) > _MAX_IMPORTS:
            raise SourceInvalid(f"{paths[0]} imports more than {_MAX_IMPORTS} files", suggestion="Import fewer.")


def _variables(variables: Sequence[JsonnetVariable], surroundings: Surroundings, *, code: bool) -> dict[str, str]:
    return {one.name: surroundings.substitute(one.value) for one in variables if one.code is code}


def _command() -> Callable[[Tools, Found], Command]:
    def command(tools: Tools, found: Found) -> Command:
        library = importlib.util.find_spec("rjsonnet")
        if library is None or library.origin is None:
            raise ToolMissing("rjsonnet is not installed", suggestion="Install Argosy with its locked dependencies.")
        place = str(Path(library.origin).parent.parent)
        return Command(
            "jsonnet",
            Path(sys.executable),
            lambda tree, extra: ["-I", "-S", str(_PROGRAM), place, str(tree), str(extra / "order.json")],
        )

    return command
