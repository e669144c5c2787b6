"""A document of a YAML text as a person has written it: comments, order and the way that values are written."""

import re
from collections import Counter
from dataclasses import dataclass
from typing import Any

import yaml

from gitsync.manifest.edit import read_documents, reads_as
from gitsync.manifest.yaml_nodes import read_nodes

# What stands before a document: comments, blank lines and directives, then the line of its marker.
_HEAD = re.compile(r"\ufeff?(?:(?:[ \t]*(?:#[^\n]*)?\r?|%[^\n]*)\n)*---[ \t]*(?:#[^\n]*)?\r?\n")


@dataclass(frozen=True, slots=True)
class _Part:
    """Where one document stands: its head up to and with the line of its marker, and what follows until the next."""

    start: int
    body: int
    end: int


def document_text(text: str, number: int, *, file: str) -> str:
    """One document without its marker, as `replace_document` takes it; "": it has no lines of its own. Raises
    ManifestError."""
    part = _part(text, number, file)
    return text[part.body : part.end] if part else ""


def replace_document(text: str, number: int, written: str, wanted: Any, *, file: str) -> str | None:
    """The text with one document as a person has written it; None: that would not mean `wanted` there.

    Ends of lines and the blank lines behind the document stay those of the text; those at its very end can be changed.
    """
    part = _part(text, number, file)
    if part is None:
        return None
    own_head = _HEAD.match(written)
    start = part.start if own_head else part.body
    old = text[start : part.end]
    if old.count("\r\n") == old.count("\n"):
        written = re.sub(r"\r?\n", "\r\n", written) if "\r\n" in old else written
    if written.rstrip() != old.rstrip():
        written = written.rstrip() + old[len(old.rstrip()) :]
    elif part.end < len(text) or not written.endswith("\n"):
        written = old
    values = read_documents(text, file=file)
    replaced = text[:start] + written + text[part.end :]
    return replaced if reads_as(replaced, [*values[:number], wanted, *values[number + 1 :]], file) else None


def comments_of(text: str) -> Counter[str]:
    """Every comment that stands between the tokens of a readable text."""
    comments, position = Counter[str](), 0
    for token in yaml.scan(text, Loader=yaml.SafeLoader):
        comments.update(re.findall(r"#[^\r\n]*", text[position : token.start_mark.index]))
        position = max(position, token.end_mark.index)
    return comments


def _part(text: str, number: int, file: str) -> _Part | None:
    """None: the value begins on the line of its marker, so that there is no text of its own."""
    starts = [document.start for document in read_nodes(text, file=file)]
    start, end = starts[number] if number else 0, starts[number + 1] if number + 1 < len(starts) else len(text)
    head = _HEAD.match(text, start, end)
    if head is None and number:
        return None
    return _Part(start, head.end() if head else start, end)
