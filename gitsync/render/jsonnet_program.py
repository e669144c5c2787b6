"""Started by `jsonnet.py`: evaluates files and writes what they are as one JSON document each.

Runs as a bare script in a private directory. Arguments: where rjsonnet is, the directory, and the order as JSON.
"""

import json
import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any


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
                str(directory / file), (directory / file).read_text(), import_callback=importing, **variables
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
                return str(place), place.read_text()
        raise RuntimeError(f"there is no {name} to import in the repository")

    return read


def _documents(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


if __name__ == "__main__":
    main()
