"""Changing values in a YAML text so that only the lines of what changed differ: comments, order, quotes and fields that
nobody here knows stay as they are.

The text is compared with what is wanted place by place; a place is rewritten as a whole only where it cannot be
changed in part. Nothing is believed: the result is read again, and whoever wants another value than it holds gets a
rewritten document instead.
"""

from dataclasses import dataclass
from typing import Any

from gitsync.manifest.errors import ManifestError
from gitsync.manifest.limits import ParseLimits
from gitsync.manifest.yaml_events import load_events
from gitsync.manifest.yaml_nodes import Node, NodeDocument, read_nodes
from gitsync.manifest.yaml_scalar import NotFinite, resolve_plain
from gitsync.manifest.yaml_text import (
    entry_lines,
    flow_text,
    item_lines,
    json_text,
    scalar_text,
    value_lines,
    yaml_text,
)

_LIMITS = ParseLimits()


class _AsAWhole(Exception):
    """This place cannot be changed in part."""


@dataclass(frozen=True, slots=True)
class _Edit:
    start: int
    end: int
    text: str


def read_documents(text: str, *, file: str) -> list[Any]:
    """The values of all documents, empty ones as None. Raises ManifestError."""
    return [document.value for document in load_events(text, file=file, limits=_LIMITS)]


def edit_document(text: str, number: int, wanted: Any, *, file: str) -> str:
    """The text with the value of one document changed to `wanted`. Raises ManifestError."""
    values = read_documents(text, file=file)
    expected = [*values[:number], wanted, *values[number + 1 :]]
    document = read_nodes(text, file=file)[number]
    for edits in (_in_part(text, document, values[number], wanted), _anew(text, document, wanted)):
        edited = _applied(text, edits)
        if reads_as(edited, expected, file):
            return edited
    raise ManifestError(
        "cannot be changed without touching other documents", file=file, suggestion="Edit the file with Git."
    )


def remove_document(text: str, number: int, *, file: str) -> str:
    """The text without one document."""
    starts = [document.start for document in read_nodes(text, file=file)]
    end = starts[number + 1] if number + 1 < len(starts) else len(text)
    start = 0 if number == 0 else starts[number]
    return text[:start] + text[end:]


def same(one: Any, other: Any) -> bool:
    """Equal as JSON: true is not 1, and the order of keys does not matter."""
    if isinstance(one, dict) and isinstance(other, dict):
        return one.keys() == other.keys() and all(same(value, other[key]) for key, value in one.items())
    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and all(map(same, one, other))
    return isinstance(one, bool) == isinstance(other, bool) and type(one) is type(other) and bool(one == other)


def reads_as(text: str, expected: list[Any], file: str) -> bool:
    """Whether the documents of the text have these values."""
    try:
        return same(read_documents(text, file=file), expected)
    except ManifestError:
        return False


def _in_part(text: str, document: NodeDocument, old: Any, wanted: Any) -> list[_Edit]:
    changes = _Changes(text, hanging=_hanging(document.root))
    try:
        changes.change(document.root, old, wanted)
    except _AsAWhole:
        return _anew(text, document, wanted)
    return changes.edits


def _anew(text: str, document: NodeDocument, wanted: Any) -> list[_Edit]:
    root = document.root
    written = json_text(wanted) if root.flow else yaml_text(wanted).rstrip("\n")
    if text[root.start : root.end] and not root.flow:
        first = text.rfind("\n", 0, root.start) + 1
        if text[first : root.start].strip():  # the value begins on the line of its marker
            written = "\n" + written
    return [_Edit(root.start, root.end, written)]


def _applied(text: str, edits: list[_Edit]) -> str:
    newline = "\r\n" if "\r\n" in text else "\n"
    parts, position = [], 0
    for edit in sorted(edits, key=lambda one: (one.start, one.end)):
        if edit.start < position:
            return text  # they overlap; the caller sees that nothing is as it should be
        parts += [text[position : edit.start], edit.text.replace("\n", newline)]
        position = edit.end
    return "".join([*parts, text[position:]])


class _Changes:
    """The edits that take a text from old values to new ones."""

    def __init__(self, text: str, *, hanging: bool) -> None:
        self.edits: list[_Edit] = []
        self._text = text
        self._hanging = hanging

    def change(self, node: Node, old: Any, new: Any) -> None:
        """Raises _AsAWhole when whoever holds the node has to write it anew."""
        if same(old, new):
            return
        if node.anchor or node.flow or not new:
            raise _AsAWhole
        if node.kind == "map" and isinstance(old, dict) and isinstance(new, dict):
            self._map(node, old, new)
        elif node.kind == "list" and isinstance(old, list) and isinstance(new, list) and len(old) == len(node.items):
            self._list(node, old, new)
        else:
            raise _AsAWhole

    # ---- maps

    def _map(self, node: Node, old: dict[str, Any], new: dict[str, Any]) -> None:
        entries = {_key(key): (key, value) for key, value in node.entries}
        if any(key not in entries for key in old if key not in new):
            raise _AsAWhole  # it comes from a merge
        kept = [(key, value) for key, value in node.entries if _key(key) in new]
        column = node.entries[0][0].column
        for name, (key, value) in entries.items():
            if name not in new and name in old:
                self._remove_lines(key, value.end)
            elif name in old and not same(old[name], new[name]):
                self._change_value(key, value, old[name], new[name], column)
        added = {
            key: value
            for key, value in new.items()
            if key not in entries and not (key in old and same(old[key], value))  # such a one comes from a merge
        }
        if not added:
            return
        if not kept:
            raise _AsAWhole
        lines = [
            line for key, value in added.items() for line in entry_lines(key, value, column, hanging=self._hanging)
        ]
        self._insert_after(max(kept[-1][0].end, kept[-1][1].end), lines)

    def _change_value(self, key: Node, value: Node, old: Any, new: Any, column: int) -> None:
        before = len(self.edits)
        try:
            self.change(value, old, new)
        except _AsAWhole:
            del self.edits[before:]
            self._rewrite_value(key, value, new, column)

    def _rewrite_value(self, key: Node, value: Node, new: Any, column: int) -> None:
        colon = self._text.find(":", key.end)
        if colon < 0 or self._text[key.end : colon].strip() or value.start < colon:
            raise _AsAWhole
        if value.flow and isinstance(new, dict | list) and new:
            self.edits.append(_Edit(value.start, value.end, flow_text(new)))
            return
        first, below = value_lines(new, column, hanging=self._hanging)
        if not below and _is_word(value):
            self.edits.append(_Edit(value.start, value.end, scalar_text(new, like=value.style)))
            return
        self.edits.append(_Edit(colon + 1, max(value.end, colon + 1), "\n".join([first, *below])))

    # ---- lists

    def _list(self, node: Node, old: list[Any], new: list[Any]) -> None:
        head = 0
        while head < min(len(old), len(new)) and same(old[head], new[head]):
            head += 1
        tail = 0
        while tail < min(len(old), len(new)) - head and same(old[-1 - tail], new[-1 - tail]):
            tail += 1
        dashes = self._dashes(node)
        common = min(len(old), len(new)) - head - tail
        for number in range(head, head + common):
            self._change_item(node.items[number], dashes[number], old[number], new[number], node.column)
        for number in range(head + common, len(old) - tail):
            self._remove_lines_at(dashes[number], node.items[number].end)
        added = new[head + common : len(new) - tail]
        if not added:
            return
        lines = [line for item in added for line in item_lines(item, node.column, hanging=self._hanging)]
        if head + common:
            last = head + common - 1
            self._insert_after(max(dashes[last] + 1, node.items[last].end), lines)
        else:
            self._insert_before(dashes[0], lines)

    def _dashes(self, node: Node) -> list[int]:
        """Where the dash of each item stands."""
        dashes = [node.start]
        for before, item in zip(node.items, node.items[1:], strict=False):
            position = self._text.rfind("\n" + " " * node.column + "-", before.end, item.start + 1)
            if position < 0:
                raise _AsAWhole
            dashes.append(position + 1 + node.column)
        if any(self._text[dash : dash + 1] != "-" for dash in dashes):
            raise _AsAWhole
        return dashes

    def _change_item(self, item: Node, dash: int, old: Any, new: Any, column: int) -> None:
        before = len(self.edits)
        try:
            self.change(item, old, new)
        except _AsAWhole:
            del self.edits[before:]
            if _is_word(item) and not value_lines(new, column)[1]:
                self.edits.append(_Edit(item.start, item.end, scalar_text(new, like=item.style)))
                return
            lines = item_lines(new, column, hanging=self._hanging)
            self.edits.append(_Edit(dash, max(item.end, dash + 1), "\n".join(lines)[column:]))

    # ---- lines

    def _remove_lines(self, key: Node, end: int) -> None:
        self._remove_lines_at(key.start, max(end, key.end))

    def _remove_lines_at(self, start: int, end: int) -> None:
        first = self._text.rfind("\n", 0, start) + 1
        if self._text[first:start].strip():
            raise _AsAWhole
        after = self._text.find("\n", end)
        self.edits.append(_Edit(first, len(self._text) if after < 0 else after + 1, ""))

    def _insert_after(self, end: int, lines: list[str]) -> None:
        after = self._text.find("\n", end)
        if after < 0:
            self.edits.append(_Edit(len(self._text), len(self._text), "\n" + "\n".join(lines)))
        else:
            self.edits.append(_Edit(after + 1, after + 1, "\n".join(lines) + "\n"))

    def _insert_before(self, start: int, lines: list[str]) -> None:
        first = self._text.rfind("\n", 0, start) + 1
        if self._text[first:start].strip():
            raise _AsAWhole
        self.edits.append(_Edit(first, first, "\n".join(lines) + "\n"))


def _is_word(node: Node) -> bool:
    """A scalar that stands on its line and may be replaced by another one."""
    return node.kind == "scalar" and node.style not in ("|", ">") and node.end > node.start and not node.anchor


def _hanging(root: Node) -> bool:
    """Whether lists of this document stand to the right of their keys; so do new ones then."""
    todo = [root]
    while todo:
        node = todo.pop()
        for key, value in node.entries:
            if value.kind == "list" and not value.flow and not value.anchor:
                return value.column > key.column
            todo.append(value)
        todo += node.items
    return True


def _key(node: Node) -> str:
    """The key as it is in the value. Raises _AsAWhole for what is none."""
    if node.kind != "scalar":
        raise _AsAWhole
    if node.style:
        return node.text
    try:
        value = resolve_plain(node.text)
    except NotFinite:
        raise _AsAWhole from None
    if isinstance(value, bool):
        return "true" if value else "false"
    return (
        node.text
        if value is None or isinstance(value, str)
        else f"{value:g}"
        if isinstance(value, float)
        else str(value)
    )
