"""Bytes of a file to Kubernetes objects, each with the place where it stands.

Order of the work: decode, tell JSON from YAML, cut YAML at its document markers, read each document by the fast reader
where that is safe and by the exact one elsewhere, then flatten lists and check that what is left are objects.
"""

import codecs
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from gitsync.manifest.errors import ManifestError
from gitsync.manifest.limits import DEEPEST, ParseLimits
from gitsync.manifest.object import JsonObject, Origin
from gitsync.manifest.shape import objects_of
from gitsync.manifest.yaml_events import YamlDocument, load_events
from gitsync.manifest.yaml_fast import CannotTell, load_fast
from gitsync.manifest.yaml_scalar import NotFinite, as_json_number, in_range

_DEFAULT_LIMITS = ParseLimits()
_MAX_DOUBTS = 3  # of one document
_MARKER = re.compile(r"^---(?=[ \t\r\n]|\Z)[ \t]*(?:#.*)?\r?$", re.MULTILINE)
_UNCUTTABLE = re.compile(r"^(?:---[ \t]+[^#\s]|%|\.\.\.(?:\s|\Z))", re.MULTILINE)
_FIRST_CONTENT = re.compile(r"^(?![ \t]*(?:#|\r?$)).", re.MULTILINE)
_JSON_TOKEN = re.compile(r'"(?:[^"\\]|\\.)*"|[\[{]|[\]}]', re.DOTALL)


@dataclass(frozen=True, slots=True)
class ParsedDocument:
    """One Kubernetes object as written, before namespace and tracking mark. `doubts` are worth telling people."""

    body: JsonObject
    origin: Origin
    doubts: tuple[str, ...] = ()


def parse_manifests(data: bytes, *, file: str, limits: ParseLimits = _DEFAULT_LIMITS) -> list[ParsedDocument]:
    """The objects of one file in their order; empty documents dropped, lists flattened. Raises ManifestError."""
    if len(data) > limits.max_bytes:
        reason = f"has {len(data)} bytes, more than the {limits.max_bytes} that are allowed"
        raise ManifestError(reason, file=file, suggestion="Split the file, or raise the limit.")
    text = _decode(data, file)
    parsed: list[ParsedDocument] = []
    documents = _read_json(text, file, limits) or _read_yaml(text, file, limits)
    try:
        for count, document in enumerate(documents, start=1):
            if count > limits.max_documents:
                reason = f"has more than {limits.max_documents} documents"
                raise ManifestError(reason, file=file, line=document.line, suggestion="Split the file.")
            origin = Origin(file, document.line)
            doubts = _doubts(document)
            parsed += [ParsedDocument(body, origin, doubts) for body in objects_of(document.value, origin)]
    except ManifestError as error:
        error.objects_before = len(parsed)
        raise
    return parsed


def require_one_json_object(data: bytes, *, file: str) -> None:
    """Raises ManifestError where a file says by its name that it is JSON, and is not one JSON object."""
    try:
        value = json.loads(_decode(data, file))
    except (ValueError, RecursionError) as error:
        reason = f"is not one JSON object ({error})" if isinstance(error, ValueError) else "is nested too deep"
        raise ManifestError(reason, file=file, suggestion="Write one object a file, or rename it to .yaml.") from error
    if not isinstance(value, dict):
        raise ManifestError("is not a JSON object", file=file, suggestion="Write one object a file, or a List.")


def _doubts(document: YamlDocument) -> tuple[str, ...]:
    """Charts that are in use have keys twice, and the tools that people know take the last one without a word."""
    return tuple(
        f"the key {one.key!r:.100} is there twice, the second time in line {one.line}; the last one counts"
        for one in document.repeated[:_MAX_DOUBTS]
    )


def _decode(data: bytes, file: str) -> str:
    encoding = _encoding_of(data)
    try:
        return data.decode(encoding).removeprefix("\ufeff")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise ManifestError(
            f"is not {encoding.upper()} text (byte {error.start})", file=file, line=line, suggestion="Save it as UTF-8."
        ) from error


def _encoding_of(data: bytes) -> str:
    if data.startswith((codecs.BOM_UTF32_LE, codecs.BOM_UTF32_BE)):
        return "utf-32"
    if data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return "utf-16"
    # Without a byte order mark the first character of a manifest is ASCII, so its zero byte gives the order away.
    if data[:2].count(0) == 1:
        return "utf-16-be" if data[0] == 0 else "utf-16-le"
    return "utf-8"


def _read_yaml(text: str, file: str, limits: ParseLimits) -> Iterator[YamlDocument]:
    if _UNCUTTABLE.search(text):
        yield from load_events(text, file=file, limits=limits, last_counts=True)
        return
    start, line = 0, 1
    for marker in _MARKER.finditer(text):
        yield from _read_document(text[start : marker.start()], line, file, limits)
        line += text.count("\n", start, marker.end())
        start = marker.end()
    yield from _read_document(text[start:], line, file, limits)


def _read_document(text: str, first_line: int, file: str, limits: ParseLimits) -> Iterator[YamlDocument]:
    content = _FIRST_CONTENT.search(text)
    if content is None:
        return
    if limits.max_depth >= DEEPEST:
        try:
            value = load_fast(text)
        except CannotTell:
            pass
        else:
            yield YamlDocument(value, first_line + text.count("\n", 0, content.start()))
            return
    yield from load_events(text, file=file, first_line=first_line, limits=limits, last_counts=True)


def _read_json(text: str, file: str, limits: ParseLimits) -> list[YamlDocument] | None:
    """Objects of a JSON text, or None when it is none: then it may be YAML, or the YAML reader says what is wrong."""
    if not text.lstrip().startswith("{"):
        return None
    depth = 0
    for token in _JSON_TOKEN.finditer(text):
        depth += {"{": 1, "[": 1, "}": -1, "]": -1}.get(token[0], 0)
        if depth > limits.max_depth:
            return None
    decoder = json.JSONDecoder(
        object_pairs_hook=_unique, parse_int=_json_int, parse_float=_json_float, parse_constant=_no_constant
    )
    documents, position = [], 0
    try:
        while (rest := len(text[position:].lstrip())) > 0:
            position = len(text) - rest
            value, end = decoder.raw_decode(text, position)
            documents.append(YamlDocument(value, text.count("\n", 0, position) + 1))
            position = end
    except ValueError:
        return None
    return documents


def _unique(pairs: list[tuple[str, Any]]) -> JsonObject:
    body = dict(pairs)
    if len(body) != len(pairs):
        raise ValueError("a key is there twice")
    return body


def _json_int(digits: str) -> int | float:
    return in_range(int(digits)) if len(digits) < 400 else _no_constant(digits)


def _json_float(text: str) -> int | float:
    return as_json_number(float(text))


def _no_constant(text: str) -> float:
    raise NotFinite(text)
