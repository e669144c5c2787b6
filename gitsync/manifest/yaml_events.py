"""The exact YAML reader: builds JSON values from parser events, without recursion and with every limit checked.

Slow beside `yaml_fast`, and the judge of what is right: `yaml_fast` may only answer what this would.
"""

import base64
import binascii
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import yaml

from gitsync.manifest.errors import ManifestError
from gitsync.manifest.limits import ParseLimits
from gitsync.manifest.yaml_scalar import NotFinite, Scalar, as_json_number, resolve_number, resolve_plain

_TAG = "tag:yaml.org,2002:"
_NO_KEY = object()


@dataclass(frozen=True, slots=True)
class YamlDocument:
    """`line` counts from 1 and is that of the document's first value. `repeated` are keys that a map has twice."""

    value: Any
    line: int
    repeated: tuple["RepeatedKey", ...] = ()


@dataclass(frozen=True, slots=True)
class RepeatedKey:
    """A key whose earlier value does not count. `line` is that of the later one."""

    key: str
    line: int


@dataclass(frozen=True, slots=True)
class _Anchored:
    value: Any
    nodes: int
    height: int


@dataclass(slots=True)
class _Frame:
    """A map or list being filled. `merged` holds what `<<` brings in, which explicit keys override."""

    container: dict[str, Any] | list[Any]
    anchor: str | None
    line: int
    key: Any = _NO_KEY
    nodes: int = 1
    height: int = 1
    merged: list[dict[str, Any]] = field(default_factory=list)


class _MergeKey:
    """The key `<<`."""


_MERGE = _MergeKey()


def load_events(
    text: str, *, file: str, first_line: int = 1, limits: ParseLimits, last_counts: bool = False
) -> list[YamlDocument]:
    """Every document of the text, empty ones as None. `first_line` is that of the text in its file.

    `last_counts`: a key may be there twice, as kubectl has it; else that is refused.
    """
    return list(_Builder(text, file=file, first_line=first_line, limits=limits, last_counts=last_counts).documents())


class _Builder:
    def __init__(self, text: str, *, file: str, first_line: int, limits: ParseLimits, last_counts: bool) -> None:
        self._text = text
        self._file = file
        self._first_line = first_line
        self._limits = limits
        self._last_counts = last_counts
        self._repeated: list[RepeatedKey] = []
        self._stack: list[_Frame] = []
        self._anchors: dict[str, _Anchored] = {}
        self._open_anchors: set[str] = set()
        self._root: Any = None
        self._root_line = 0

    def documents(self) -> Iterator[YamlDocument]:
        for event in self._events():
            if isinstance(event, yaml.DocumentStartEvent):
                self._root, self._root_line = None, self._line_of(event)
                self._anchors.clear()
                self._repeated = []
            elif isinstance(event, yaml.DocumentEndEvent):
                yield YamlDocument(self._root, self._root_line, tuple(self._repeated))
            elif not isinstance(event, yaml.StreamStartEvent | yaml.StreamEndEvent):
                self._take(event)

    def _events(self) -> Iterator[yaml.Event]:
        try:
            parser = yaml.CSafeLoader(self._text)
            try:
                while event := parser.get_event():
                    yield event
            finally:
                parser.dispose()
        except yaml.MarkedYAMLError as error:
            mark = error.problem_mark or error.context_mark
            line = mark.line + self._first_line if mark else 0
            raise self._refuse(f"not YAML: {error.problem or error.context}", line) from error
        except yaml.reader.ReaderError as error:
            line = self._text.count("\n", 0, int(error.position)) + self._first_line
            raise self._refuse("holds a character that YAML does not allow", line) from error

    def _line_of(self, event: yaml.Event) -> int:
        assert event.start_mark is not None, "every event of libyaml has its place"
        return event.start_mark.line + self._first_line

    def _take(self, event: yaml.Event) -> None:
        line = self._line_of(event)
        if not self._stack:
            self._root_line = line
        if isinstance(event, yaml.ScalarEvent):
            self._scalar(event, line)
        elif isinstance(event, yaml.MappingStartEvent | yaml.SequenceStartEvent):
            self._open(event, line)
        elif isinstance(event, yaml.AliasEvent):
            self._alias(event.anchor or "", line)
        else:
            self._close()

    def _scalar(self, event: yaml.ScalarEvent, line: int) -> None:
        plain = not event.style
        if plain and event.tag is None and event.value == "<<" and self._awaits_key():
            self._stack[-1].key = _MERGE
            return
        value = self._value_of(event, plain, line)
        if event.anchor:
            self._anchors[event.anchor] = _Anchored(value, 1, 0)
        self._put(value, line)

    def _value_of(self, event: yaml.ScalarEvent, plain: bool, line: int) -> Scalar:
        text: str = event.value
        tag: str | None = event.tag
        try:
            if tag is None:
                return resolve_plain(text) if plain else text
            if not tag.startswith(_TAG):
                return text
            return _tagged(tag.removeprefix(_TAG), text)
        except NotFinite as error:
            raise self._refuse(f"{text} has no JSON form", line, "Use a finite number, or quote it.") from error
        except ValueError as error:
            raise self._refuse(f"{text[:80]!r} is no {tag}", line, "Correct the value or drop its tag.") from error

    def _open(self, event: yaml.MappingStartEvent | yaml.SequenceStartEvent, line: int) -> None:
        if self._awaits_key():
            raise self._refuse("a map or list cannot be a key", line, "Quote the key if it is meant as text.")
        if len(self._stack) >= self._limits.max_depth:
            raise self._refuse(f"nested deeper than {self._limits.max_depth} levels", line)
        if event.anchor:
            self._open_anchors.add(event.anchor)
        self._stack.append(_Frame({} if isinstance(event, yaml.MappingStartEvent) else [], event.anchor, line))

    def _close(self) -> None:
        frame = self._stack.pop()
        if isinstance(frame.container, dict):
            for source in frame.merged:
                for key, value in source.items():
                    frame.container.setdefault(key, value)
        if frame.anchor:
            self._open_anchors.discard(frame.anchor)
            self._anchors[frame.anchor] = _Anchored(frame.container, frame.nodes, frame.height)
        self._put(frame.container, frame.line, nodes=frame.nodes, height=frame.height)

    def _alias(self, name: str, line: int) -> None:
        if name in self._open_anchors:
            raise self._refuse(f"the alias *{name} contains itself", line, "Write the value out.")
        anchored = self._anchors.get(name)
        if anchored is None:
            raise self._refuse(f"the alias *{name} has no anchor &{name} before it", line, "Define the anchor first.")
        if len(self._stack) + anchored.height > self._limits.max_depth:
            raise self._refuse(f"aliases nest deeper than {self._limits.max_depth} levels", line)
        self._put(anchored.value, line, nodes=anchored.nodes, height=anchored.height)

    def _awaits_key(self) -> bool:
        return bool(self._stack) and isinstance(self._stack[-1].container, dict) and self._stack[-1].key is _NO_KEY

    def _put(self, value: Any, line: int, *, nodes: int = 1, height: int = 0) -> None:
        if not self._stack:
            self._root = value
            return
        frame = self._stack[-1]
        frame.nodes += nodes
        frame.height = max(frame.height, height + 1)
        if frame.nodes > self._limits.max_nodes:
            reason = f"its aliases expand to more than {self._limits.max_nodes} values"
            raise self._refuse(reason, line, "Write fewer aliases of aliases.")
        container = frame.container
        if isinstance(container, list):
            container.append(value)
        elif frame.key is _NO_KEY:
            frame.key = self._key(container, value, line)
        elif frame.key is _MERGE:
            frame.merged += self._merge_sources(value, line)
            frame.key = _NO_KEY
        else:
            container[frame.key] = value
            frame.key = _NO_KEY

    def _key(self, container: dict[str, Any], value: Any, line: int) -> str:
        key = _key_text(value)
        if key is None:
            raise self._refuse("a key is empty, null, or no scalar", line, "Give the field a name, or quote it.")
        if key in container:
            if not self._last_counts:
                raise self._refuse(f"the key {key!r} is there twice", line, "Remove one of the two.")
            self._repeated.append(RepeatedKey(key, line))
        return key

    def _merge_sources(self, value: Any, line: int) -> list[dict[str, Any]]:
        sources = value if isinstance(value, list) else [value]
        if not all(isinstance(source, dict) for source in sources):
            raise self._refuse("<< merges maps only", line, "Point the alias at a map.")
        return sources

    def _refuse(self, reason: str, line: int, suggestion: str = "Correct the YAML at this line.") -> ManifestError:
        return ManifestError(reason, file=self._file, line=line, suggestion=suggestion)


def _key_text(value: Any) -> str | None:
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int):
        return str(value)
    return f"{value:g}" if isinstance(value, float) else None


def _tagged(tag: str, text: str) -> Scalar:
    """Value of a scalar with one of YAML's own tags. Raises ValueError where text and tag disagree."""
    if tag == "binary":
        try:
            return base64.b64decode("".join(text.split()), validate=True).decode()
        except binascii.Error as error:
            raise ValueError(text) from error
    if tag in ("null", "bool"):
        value = resolve_plain(text)
        if isinstance(value, bool) if tag == "bool" else value is None:
            return value
        raise ValueError(text)
    if tag in ("int", "float"):
        number = resolve_number(text) if text else text
        if isinstance(number, str) or (tag == "int" and isinstance(number, float)):
            raise ValueError(text)
        return as_json_number(float(number)) if tag == "float" and number is not None else number
    return text
