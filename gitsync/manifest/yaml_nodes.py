"""A YAML text as a tree of places: where each key, value and item begins and ends. Values are read by others."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import yaml

from gitsync.manifest.errors import ManifestError


@dataclass(slots=True)
class Node:
    """`start` and `end` are positions in the text; `kind` is map, list, scalar or alias.

    A block map or list ends with its last value. `entries` are the keys and values of a map, `items` those of a list.
    """

    kind: str
    start: int
    end: int
    column: int
    flow: bool = False
    style: str = ""
    anchor: bool = False
    text: str = ""
    entries: list[tuple["Node", "Node"]] = field(default_factory=list)
    items: list["Node"] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class NodeDocument:
    """One document: where its marker or first character is, and its value."""

    start: int
    root: Node


def read_nodes(text: str, *, file: str) -> list[NodeDocument]:
    """Every document of the text, empty ones too. Raises ManifestError."""
    documents: list[NodeDocument] = []
    stack: list[Node] = []
    root: Node | None = None
    start = 0
    try:
        for event in _events(text):
            if isinstance(event, yaml.DocumentStartEvent):
                explicit = bool(event.explicit)
                start, root = (_index(event.start_mark) if explicit or documents else 0), None
            elif isinstance(event, yaml.DocumentEndEvent):
                documents.append(NodeDocument(start, root or Node("scalar", start, start, 0)))
            elif isinstance(event, yaml.CollectionEndEvent):
                node = stack.pop()
                node.end = _index(event.end_mark) if node.flow else _end_of(node)
            elif isinstance(event, yaml.NodeEvent):
                node = _node(event, text)
                if stack:
                    _put(stack[-1], node)
                else:
                    root = node
                if isinstance(event, yaml.CollectionStartEvent):
                    stack.append(node)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        raise ManifestError(f"not YAML: {error.problem}", file=file, line=mark.line + 1 if mark else 0) from error
    except yaml.reader.ReaderError as error:
        raise ManifestError("holds a character that YAML does not allow", file=file) from error
    return documents


def _events(text: str) -> Iterator[yaml.Event]:
    """Of the reader in Python: its positions count characters."""
    loader = yaml.SafeLoader(text)
    try:
        while loader.check_event():
            yield loader.get_event()  # type: ignore[no-untyped-call]
    finally:
        loader.dispose()


def _index(mark: Any) -> int:
    assert mark is not None, "every event has its place"
    return int(mark.index)


def _node(event: yaml.NodeEvent, text: str) -> Node:
    assert event.start_mark is not None, "every event has its place"
    start, end, column = _index(event.start_mark), _index(event.end_mark), int(event.start_mark.column)
    if isinstance(event, yaml.AliasEvent):
        return Node("alias", start, end, column)
    anchor = bool(event.anchor)
    if isinstance(event, yaml.ScalarEvent):
        if event.style in ("|", ">"):
            end = start + len(text[start:end].rstrip())
        return Node("scalar", start, end, column, style=event.style or "", anchor=anchor, text=event.value)
    kind = "map" if isinstance(event, yaml.MappingStartEvent) else "list"
    assert isinstance(event, yaml.CollectionStartEvent), "there are no other events of nodes"
    return Node(kind, start, start, column, flow=bool(event.flow_style), anchor=anchor)


def _put(parent: Node, node: Node) -> None:
    """Keys and values of a map come in turn; a key waits with itself as its value."""
    if parent.kind == "list":
        parent.items.append(node)
    elif parent.entries and parent.entries[-1][0] is parent.entries[-1][1]:
        parent.entries[-1] = (parent.entries[-1][0], node)
    else:
        parent.entries.append((node, node))


def _end_of(node: Node) -> int:
    last = node.entries[-1][1] if node.entries else node.items[-1] if node.items else None
    return last.end if last is not None else node.start
