"""Any HTTP service that answers with JSON."""

import json

import msgspec

from gitsync.manifest.object import JsonObject
from gitsync.measurement.authentication import authentication_headers
from gitsync.measurement.errors import MeasurementFailed
from gitsync.measurement.http import Request
from gitsync.measurement.json_path import first_match
from gitsync.measurement.values import Reading, Task

_TIMEOUT_SECONDS = 10.0
_METHODS = ("GET", "POST", "PUT")


async def measure_web(task: Task) -> Reading:
    """The value at jsonPath, or the whole body."""
    settings = task.settings
    headers = {str(one.get("key", "")): str(one.get("value", "")) for one in settings.get("headers") or ()}
    headers |= await authentication_headers(task, settings.get("authentication") or {})
    body, content_type = _body(settings)
    if content_type and not any(name.lower() == "content-type" for name in headers):
        headers["Content-Type"] = content_type
    request = Request(
        _method(settings, body),
        str(settings.get("url") or ""),
        headers,
        body,
        float(settings.get("timeoutSeconds") or 0) or _TIMEOUT_SECONDS,
        verify=not settings.get("insecure"),
    )
    response = await task.http.send(request)
    if not response.ok:
        raise MeasurementFailed(
            f"received non 2xx response code: {response.status}", suggestion=f"check what {response.host} needs"
        )
    value = first_match(response.json(), str(settings.get("jsonPath") or "{$}"))
    return Reading(value=value, shown=msgspec.json.encode(value).decode())


def _method(settings: JsonObject, body: bytes | None) -> str:
    method = str(settings.get("method") or "GET").upper()
    if method not in _METHODS:
        raise MeasurementFailed(f"{method} is no method of web metrics", suggestion="use GET, POST or PUT")
    if method == "GET" and body is not None:
        raise MeasurementFailed("a GET request has no body", suggestion="use POST or PUT, or remove the body")
    return method


def _body(settings: JsonObject) -> tuple[bytes | None, str]:
    if (written := settings.get("jsonBody")) is not None:
        if settings.get("body"):
            raise MeasurementFailed("both body and jsonBody are set", suggestion="remove one of them")
        return json.dumps(written).encode(), "application/json"
    text = settings.get("body")
    return (str(text).encode(), "") if text else (None, "")
