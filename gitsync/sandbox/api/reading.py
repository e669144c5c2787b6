"""GET of one object and of lists."""

import base64
from collections.abc import Callable

import orjson
from aiohttp import web

from gitsync.manifest.object import JsonObject
from gitsync.sandbox.api.answer import (
    bytes_answer,
    formed,
    item_bytes,
    json_answer,
    list_bytes,
    metadata_list,
    object_bytes,
)
from gitsync.sandbox.api.request import Call, wanted_form
from gitsync.sandbox.conversion import as_version
from gitsync.sandbox.errors import ApiError, BadRequestError, Cause, ExpiredError
from gitsync.sandbox.registry import ResourceType
from gitsync.sandbox.selectors import Predicate, field_selector, label_selector
from gitsync.sandbox.store import Store, Version
from gitsync.sandbox.tables.table import Include, make_table
from gitsync.sandbox.writes import not_found


class Reading:
    """Answers reads from the store."""

    def __init__(self, store: Store, timestamp: Callable[[], str]) -> None:
        self._store = store
        self._timestamp = timestamp

    def get(self, call: Call) -> web.Response:
        target = call.target
        found = self._store.get(target.type.family, target.namespace, target.name)
        if found is None:
            raise not_found(target.type, target.name)
        form = wanted_form(call.http.headers.get("Accept", ""))
        if form == "object":
            return bytes_answer(object_bytes(target.type, found))
        body = formed(target.type, found.body, form, now=self._timestamp(), include=include_of(call))
        return json_answer(body)

    def list_all(self, call: Call) -> web.Response:
        """A whole list, or a page of it. A page tells the revision at which the list began."""
        type_ = call.type
        revision, after = self._position(call)
        versions, last = self._page(call, after)
        metadata: JsonObject = {"resourceVersion": str(revision)}
        if last is not None:
            metadata["continue"] = _encode_position(revision, last)
            if not call.query.get("labelSelector") and not call.query.get("fieldSelector"):
                shelf = self._store.shelf(type_.family)
                metadata["remainingItemCount"] = shelf.count_after(_namespace_of(call), last)
        form = wanted_form(call.http.headers.get("Accept", ""), is_list=True)
        if form == "table":
            bodies = [as_version(version.body, type_) for version in versions]
            return json_answer(make_table(type_, bodies, metadata, self._timestamp(), include_of(call)))
        if form == "metadata":
            return json_answer(metadata_list((version.body for version in versions), metadata))
        return bytes_answer(list_bytes(type_, (item_bytes(type_, version) for version in versions), metadata))

    def _position(self, call: Call) -> tuple[int, tuple[str, str] | None]:
        token = call.query.get("continue")
        if not token:
            wanted = call.query.get("resourceVersion", "")
            if wanted.isdigit() and int(wanted) > self._store.revision:
                raise too_large(int(wanted), self._store.revision)
            return self._store.revision, None
        revision, position = _decode_position(token)
        if revision < self._store.shelf(call.type.family).compacted:
            raise ExpiredError(
                "The provided continue parameter is too old to display a consistent list result. You can start a new "
                "list without the continue parameter."
            )
        return revision, position

    def _page(self, call: Call, after: tuple[str, str] | None) -> tuple[list[Version], tuple[str, str] | None]:
        """Matching objects behind `after`, and the position of the last one if there are more."""
        matches = selector_of(call)
        limit = call.number("limit") or 0
        page: list[Version] = []
        namespace = _namespace_of(call)
        for version in self._store.shelf(call.type.family).versions(namespace, after or ("", "")):
            if matches is not None and not matches(version.body):
                continue
            if limit and len(page) == limit:
                return page, _position_of(page[-1])
            page.append(version)
        return page, None


def _namespace_of(call: Call) -> str | None:
    """The namespace to list; None for all of them."""
    return call.target.namespace or (None if call.type.namespaced else "")


def _position_of(version: Version) -> tuple[str, str]:
    metadata = version.body["metadata"]
    return metadata.get("namespace", ""), metadata["name"]


def _encode_position(revision: int, position: tuple[str, str]) -> str:
    return base64.urlsafe_b64encode(orjson.dumps([revision, *position])).decode().rstrip("=")


def _decode_position(token: str) -> tuple[int, tuple[str, str]]:
    try:
        revision, namespace, name = orjson.loads(base64.urlsafe_b64decode(token + "=" * (-len(token) % 4)))
    except (ValueError, TypeError) as error:
        raise BadRequestError("continue key is not valid: " + token[:80]) from error
    return revision, (namespace, name)


def too_large(wanted: int, current: int) -> ApiError:
    """A revision that this server has not reached: of another server, or from before its data was lost."""
    return ApiError(
        f"Timeout: Too large resource version: {wanted}, current: {current}",
        code=504,
        reason="Timeout",
        causes=(Cause("ResourceVersionTooLarge", "Too large resource version"),),
        retry_after_seconds=1,
    )


def selector_of(call: Call) -> Predicate | None:
    """Test for the selectors of a query; None when there are none."""
    labels, fields = call.query.get("labelSelector", ""), call.query.get("fieldSelector", "")
    if call.target.name:
        fields = f"metadata.name={call.target.name}" + (f",{fields}" if fields else "")
    if not labels and not fields:
        return None
    by_labels = label_selector(labels) if labels else None
    by_fields = _field_test(fields, call.type) if fields else None

    def matches(body: JsonObject) -> bool:
        if by_labels is not None and not by_labels(body["metadata"].get("labels") or {}):
            return False
        return by_fields is None or by_fields(body)

    return matches


def _field_test(fields: str, type_: ResourceType) -> Predicate:
    return field_selector(fields, *type_.family, type_.selectable_fields)


def include_of(call: Call) -> Include:
    match call.query.get("includeObject"):
        case "None":
            return "None"
        case "Object":
            return "Object"
        case _:
            return "Metadata"
