"""Started by `jsonnet.py`: evaluates files and writes what they are as one JSON document each.

Runs as a bare script in a private directory. Arguments: where rjsonnet is, the directory, and the order as JSON.
"""

import json
import os
import re
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

# What go-jsonnet's standard library has and this one lacks. It goes in front of a file that uses it, on the same line.
_LACKING = {
    "trim": "trim(s):: std.stripChars(s, ' \\t\\n\\f\\r\\u0085\\u00A0')",
    "flattenDeepArray": "flattenDeepArray(v):: if std.isArray(v) then std.flatMap($.flattenDeepArray, v) else [v]",
    "isNull": "isNull(v):: v == null",
    "log2": "log2(x):: std.log(x) / std.log(2)",
    "log10": "log10(x):: std.log(x) / std.log(10)",
    "hypot": "hypot(a, b):: std.sqrt(a * a + b * b)",
    "pi": "pi:: 3.141592653589793",
    "deg2rad": "deg2rad(x):: x * 3.141592653589793 / 180",
    "rad2deg": "rad2deg(x):: x * 180 / 3.141592653589793",
}
_USED = re.compile(rf"\bstd\s*\.\s*({'|'.join(_LACKING)})\b")


def main() -> None:
    library, directory, order = sys.argv[1], Path(sys.argv[2]).resolve(), json.loads(Path(sys.argv[3]).read_text())
    sys.path.append(library)
    import rjsonnet

    variables = {name: order[name] for name in ("ext_vars", "ext_codes", "tla_vars", "tla_codes")}
    importing = _importer(directory, [directory / folder for folder in order["libs"]])
    for file in order["files"]:
        os.chdir((directory / file).parent)  # imports of the file itself are looked for from here
        try:
            text = rjsonnet.evaluate_snippet(
                str(directory / file), _complete(directory / file), import_callback=importing, **variables
            )
        except (RuntimeError, ValueError) as error:
            sys.exit(f"{file}: {error}")
        for document in _documents(json.loads(text)):
            sys.stdout.write(f"---\n{json.dumps(document, ensure_ascii=False)}\n")


def _importer(directory: Path, libraries: list[Path]) -> Callable[[str, str], tuple[str, str | None]]:
    def read(base: str, name: str) -> tuple[str, str | None]:
        for folder in (Path(base), *libraries):
            place = (directory / folder / name).resolve()
            if place.is_relative_to(directory) and place.is_file():
                return str(place), _complete(place)
        raise RuntimeError(f"there is no {name} to import in the repository")

    return read


def _complete(file: Path) -> str:
    text = file.read_text()
    used = sorted(set(_USED.findall(text))) if file.suffix in (".jsonnet", ".libsonnet") else []
    if not used:
        return text
    return f"local std_ = std; local std = std_ + {{{', '.join(_LACKING[name] for name in used)}}}; {text}"


def _documents(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


if __name__ == "__main__":
    main()
