"""Named GraphQL operations: one file each in `documents/`. `fragment_*` files are added where they are used."""

import re
from functools import cache
from pathlib import Path

DOCUMENTS = Path(__file__).parent / "documents"
SPREAD = re.compile(r"\.\.\.([A-Z]\w*)")
DEFINITION = re.compile(r"^fragment (\w+) on ", re.MULTILINE)


@cache
def document(name: str) -> str:
    """Text of an operation with the fragments that it needs."""
    text, known = (DOCUMENTS / f"{name}.graphql").read_text(), _fragments()
    wanted, done = SPREAD.findall(text), set[str]()
    while wanted:
        fragment = wanted.pop()
        if fragment not in done:
            done.add(fragment)
            text += "\n" + known[fragment]
            wanted += SPREAD.findall(known[fragment])
    return text


def operations() -> list[str]:
    """Names of all operations."""
    return sorted(path.stem for path in DOCUMENTS.glob("*.graphql") if not path.stem.startswith("fragment_"))


@cache
def _fragments() -> dict[str, str]:
    texts = [path.read_text() for path in DOCUMENTS.glob("fragment_*.graphql")]
    return {DEFINITION.findall(text)[0]: text for text in texts}
