"""GET /audit/export: the audit log as a file, as CSV or as one JSON object a line. Filters are those of `auditLog`.

Written page by page, so that a log of any length costs no memory; whoever loses a right in the middle gets no more of
what it was for.
"""

import csv
import io
from collections.abc import AsyncIterator, Callable
from datetime import datetime
from typing import Any

import orjson
from starlette.datastructures import QueryParams
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse

from api.access.viewer import Viewer
from api.actions.audit import whole_log
from api.endpoints.request import error_response, plane_of, refuse_cross_site, viewer_of
from api.errors import ApiError, Invalid, Unauthorized
from api.plane import ControlPlane
from api.types.audit import AuditFilterArgs
from model.audit import AuditEntry, AuditFilter, ListedAuditEntry

COLUMNS = (
    *("time", "actor", "email", "action", "entityKind", "entityName", "runtime", "operationId", "outcome", "reason"),
    *("message", "repository", "commit", "signature", "files"),
)
_LISTS = ("actors", "actions", "entityKinds", "runtimes", "repositories")
_TEXTS = ("entityName", "search", "since", "until")
_STARTS_A_FORMULA = ("=", "+", "-", "@", "\t", "\r")

Rows = list[dict[str, Any]]


async def export(request: Request) -> Response:
    try:
        refuse_cross_site(request)
        viewer = await viewer_of(request)
        if viewer is None:
            raise Unauthorized
        form = request.query_params.get("format", "csv")
        if form not in _FORMS:
            raise Invalid(f"{form[:40]!r} is no format of an export", suggestion="use format=csv or format=json")
        wanted = read_filter(request.query_params)
    except ApiError as error:
        return error_response(error)
    media_type, heading, write = _FORMS[form]
    content = _lines(plane_of(request), viewer, wanted, heading, write)
    headers = {"content-disposition": f'attachment; filename="audit-log.{form}"', "cache-control": "no-store"}
    return StreamingResponse(content, media_type=media_type, headers=headers)


def read_filter(parameters: QueryParams) -> AuditFilter:
    """Raises Invalid for names and times that it does not know: a misspelt filter must not export everything."""
    if unknown := sorted(set(parameters) - {*_LISTS, *_TEXTS, "format"}):
        raise Invalid(f"there is no filter {unknown[0][:40]!r}", suggestion=f"use {', '.join((*_LISTS, *_TEXTS))}")
    return AuditFilterArgs(
        actors=parameters.getlist("actors"),
        actions=parameters.getlist("actions"),
        entity_kinds=parameters.getlist("entityKinds"),
        entity_name=parameters.get("entityName"),
        runtimes=parameters.getlist("runtimes"),
        repositories=parameters.getlist("repositories"),
        since=_moment(parameters, "since"),
        until=_moment(parameters, "until"),
        search=parameters.get("search"),
    ).value()


async def _lines(
    plane: ControlPlane, viewer: Viewer, wanted: AuditFilter, heading: bytes, write: Callable[[Rows], bytes]
) -> AsyncIterator[bytes]:
    yield heading
    async for entries in whole_log(plane, viewer, wanted):
        if not await plane.sign_in.still_valid(viewer):
            return
        yield write([row_of(entry) for entry in entries])


def row_of(listed: ListedAuditEntry) -> dict[str, Any]:
    entry: AuditEntry = listed.entry
    values = (
        *(entry.commit.date.isoformat(), entry.actor_name, entry.actor_email, entry.action),
        *(entry.entity_kind, entry.entity_name, entry.runtime, entry.operation_id, entry.outcome, entry.reason),
        *(entry.commit.message, entry.commit.repo_url, entry.commit.sha, entry.signature.value, list(entry.files)),
    )
    return dict(zip(COLUMNS, values, strict=True))


def _as_csv(rows: Rows) -> bytes:
    text = io.StringIO()
    writer = csv.writer(text)
    for row in rows:
        writer.writerow([_cell(" ".join(value) if isinstance(value, list) else value) for value in row.values()])
    return text.getvalue().encode()


def _cell(value: str) -> str:
    """Spreadsheets run what looks like a formula; anybody can write one into a commit message."""
    return f"'{value}" if value.startswith(_STARTS_A_FORMULA) else value


def _as_json(rows: Rows) -> bytes:
    return b"".join(orjson.dumps(row, option=orjson.OPT_APPEND_NEWLINE) for row in rows)


def _moment(parameters: QueryParams, name: str) -> datetime | None:
    text = parameters.get(name)
    if not text:
        return None
    try:
        return datetime.fromisoformat(text)
    except ValueError as error:
        raise Invalid(f"{name} is no time: {text[:40]!r}", suggestion="write 2026-01-31T08:00:00Z") from error


_FORMS: dict[str, tuple[str, bytes, Callable[[Rows], bytes]]] = {
    "csv": ("text/csv; charset=utf-8", (",".join(COLUMNS) + "\r\n").encode(), _as_csv),
    "json": ("application/x-ndjson", b"", _as_json),
}
