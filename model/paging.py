"""Keyset paging: a page starts after the sort key and identity of the row before it, so live lists do not shift."""

import base64
import binascii
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

import msgspec

from model.errors import InvalidIdentity

Row = TypeVar("Row")


@dataclass(frozen=True, slots=True)
class PageRequest:
    """`backwards`: the last `limit` rows before `before`, instead of the first after `after`."""

    limit: int
    after: str = ""
    before: str = ""
    backwards: bool = False


@dataclass(frozen=True, slots=True)
class Page(Generic[Row]):
    """Rows with the cursor of each."""

    rows: tuple[tuple[str, Row], ...] = ()
    has_next: bool = False
    has_previous: bool = False


def encode_cursor(*values: str | int) -> str:
    return base64.urlsafe_b64encode(msgspec.json.encode(values)).decode().rstrip("=")


def decode_cursor(cursor: str, *types: type) -> tuple[Any, ...]:
    """Raises InvalidIdentity unless the cursor holds values of these types."""
    try:
        raw = base64.b64decode(cursor + "=" * (-len(cursor) % 4), altchars=b"-_", validate=True)
        values = msgspec.json.decode(raw, type=list[str | int])
    except (binascii.Error, ValueError, msgspec.DecodeError) as error:
        raise InvalidIdentity(f"{cursor[:80]!r} is not a cursor of this list") from error
    if len(values) != len(types) or any(not isinstance(value, kind) for value, kind in zip(values, types, strict=True)):
        raise InvalidIdentity(f"{cursor[:80]!r} is not a cursor of this list")
    return tuple(values)


def page_of(rows: list[tuple[str, Row]], request: PageRequest) -> Page[Row]:
    """A page of what `keyset` found, in the list's own order."""
    more = len(rows) > request.limit
    kept = rows[: request.limit]
    if request.backwards:
        return Page(tuple(reversed(kept)), has_next=bool(request.before), has_previous=more)
    return Page(tuple(kept), has_next=more, has_previous=bool(request.after))


def slice_in_memory(rows: list[tuple[str, Row]], request: PageRequest) -> Page[Row]:
    """A page of a short list that is already at hand, sorted by its cursor keys (each a list of strings)."""
    start, end = 0, len(rows)
    cursors = [cursor for cursor, _ in rows]
    if request.after:
        start = _position(cursors, request.after, after=True)
    if request.before:
        end = _position(cursors, request.before, after=False)
    window = rows[start:end]
    more = len(window) > request.limit
    if request.backwards:
        return Page(tuple(window[-request.limit :]), has_next=end < len(rows), has_previous=start > 0 or more)
    return Page(tuple(window[: request.limit]), has_next=more or end < len(rows), has_previous=start > 0)


def _position(cursors: list[str], cursor: str, *, after: bool) -> int:
    key = msgspec.json.decode(_raw(cursor))
    for index, candidate in enumerate(cursors):
        other = msgspec.json.decode(_raw(candidate))
        if other > key or (other == key and not after):
            return index
    return len(cursors)


def _raw(cursor: str) -> bytes:
    try:
        raw = base64.b64decode(cursor + "=" * (-len(cursor) % 4), altchars=b"-_", validate=True)
        msgspec.json.decode(raw, type=list[str])
    except (binascii.Error, ValueError, msgspec.DecodeError) as error:
        raise InvalidIdentity(f"{cursor[:80]!r} is not a cursor of this list") from error
    return raw
