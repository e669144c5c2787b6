"""Datadog: timeseries of version 1 of its API, scalars of version 2."""

import json
import math
from typing import Any
from urllib.parse import urlencode

from gitsync.duration import parse_duration
from gitsync.manifest.object import JsonObject
from gitsync.measurement.errors import MeasurementFailed
from gitsync.measurement.http import Request, Response
from gitsync.measurement.numbers import shown, shown_list
from gitsync.measurement.values import Reading, Task

_ADDRESS = "https://api.datadoghq.com"
_SECRET = "datadog"  # noqa: S105 - the name of a Secret
_INTERVAL_SECONDS = 300.0
_TIMEOUT_SECONDS = 10.0
_SHOWN_GROUPS = 100


async def measure_datadog(task: Task) -> Reading:
    """No value at all is nil; one value for each group is an array."""
    address, headers = await _access(task)
    settings = task.settings
    if str(settings.get("apiVersion") or "v1").lower() == "v2":
        return _scalars(await _send(task, _scalar_request(task, address, headers)))
    if settings.get("queries") or settings.get("formula") or not settings.get("query"):
        raise MeasurementFailed(
            "Datadog API v1 needs a query, and knows no queries and no formula", suggestion="set apiVersion: v2"
        )
    return _last_point(await _send(task, _series_request(task, address, headers)))


async def _access(task: Task) -> tuple[str, dict[str, str]]:
    """From the Secret of the run's namespace, else the runtime's settings, else the Secret beside the runtime."""
    reference: JsonObject = task.settings.get("secretRef") or {}
    name = str(reference.get("name") or _SECRET)
    found = await task.secrets(task.namespace, name) if reference.get("namespaced") else None
    defaults = task.defaults
    if found is None and defaults.datadog_api_key:
        found = {
            "address": defaults.datadog_address,
            "api-key": defaults.datadog_api_key,
            "app-key": defaults.datadog_app_key,
        }
    if found is None:
        found = await task.secrets(defaults.namespace, _SECRET if reference.get("namespaced") else name) or {}
    api_key, app_key = task.hide(found.get("api-key", "")), task.hide(found.get("app-key", ""))
    if not api_key or not app_key:
        raise MeasurementFailed(
            "failed to find the credentials for datadog metrics provider",
            suggestion=f"create the Secret {name} with api-key and app-key",
        )
    headers = {"Content-Type": "application/json", "DD-API-KEY": api_key, "DD-APPLICATION-KEY": app_key}
    return (found.get("address") or _ADDRESS).rstrip("/"), headers


def _window(task: Task) -> tuple[int, int]:
    """From and to, in seconds."""
    seconds = parse_duration(str(task.settings.get("interval") or "")) or _INTERVAL_SECONDS
    now = int(task.now.timestamp())
    return now - int(seconds), now


def _timeout_seconds(task: Task) -> float:
    return parse_duration(str(task.settings.get("requestTimeout") or "")) or _TIMEOUT_SECONDS


def _series_request(task: Task, address: str, headers: dict[str, str]) -> Request:
    start, end = _window(task)
    query = urlencode({"query": task.settings["query"], "from": start, "to": end})
    return Request("GET", f"{address}/api/v1/query?{query}", headers, timeout_seconds=_timeout_seconds(task))


def _scalar_request(task: Task, address: str, headers: dict[str, str]) -> Request:
    settings = task.settings
    queries: JsonObject = settings.get("queries") or {"query": settings.get("query") or ""}
    if len(queries) > 1 and not settings.get("formula"):
        raise MeasurementFailed("several Datadog queries need a formula", suggestion="add a formula, or one query")
    start, end = _window(task)
    attributes = {
        "from": start * 1000,
        "to": end * 1000,
        "queries": [
            {
                "aggregator": settings.get("aggregator") or "last",
                "data_source": "metrics",
                "name": name,
                "query": query,
            }
            for name, query in queries.items()
        ],
        "formulas": [{"formula": settings.get("formula") or next(iter(queries))}],
    }
    body = json.dumps({"data": {"type": "scalar_request", "attributes": attributes}}).encode()
    return Request("POST", f"{address}/api/v2/query/scalar", headers, body, _timeout_seconds(task))


async def _send(task: Task, request: Request) -> JsonObject:
    response = await task.http.send(request)
    if response.status in (401, 403):
        raise _refused("received authentication error response code", response)
    if not response.ok:
        raise _refused("received non 2xx response code", response)
    body = response.json()
    if not isinstance(body, dict):
        raise MeasurementFailed("Datadog answers no object", suggestion="check the address")
    if problem := body.get("errors") or (body.get("error") if body.get("status") == "error" else ""):
        raise MeasurementFailed(f"Datadog returned an error: {problem}", suggestion="check the query")
    return body


def _refused(message: str, response: Response) -> MeasurementFailed:
    return MeasurementFailed(
        f"{message}: {response.status} {response.excerpt()}", suggestion="check the keys and the query"
    )


def _last_point(body: JsonObject) -> Reading:
    series = body.get("series") or []
    if not series:
        return Reading(value=None, shown="[]")
    points = series[0].get("pointlist") or []
    if not points:
        raise MeasurementFailed("Datadog returned no value", suggestion="look at a longer interval")
    value = points[-1][1]
    return Reading(value=value, shown="" if value is None else shown(value))


def _scalars(body: JsonObject) -> Reading:
    columns = ((body.get("data") or {}).get("attributes") or {}).get("columns") or []
    groups = [column for column in columns if column.get("type") == "group"]
    numbers: list[Any] = next((column.get("values") or [] for column in columns if column not in groups), [])
    if groups:
        return _grouped(groups, numbers)
    if not numbers or numbers[0] is None:
        return Reading(value=None, shown="[]")
    return Reading(value=float(numbers[0]), shown=shown(float(numbers[0])))


def _grouped(groups: list[JsonObject], numbers: list[Any]) -> Reading:
    named = [
        (",".join(_tag(group, position) for group in groups), float(number))
        for position, number in enumerate(numbers)
        if number is not None
    ]
    values = [number for _, number in named]
    highest = sorted(named, key=lambda one: -math.inf if math.isnan(one[1]) else one[1], reverse=True)[:_SHOWN_GROUPS]
    about = {"groups": json.dumps([{"name": name, "value": number} for name, number in highest])}
    if len(named) > _SHOWN_GROUPS:
        about["groups_truncated"] = "true"
    return Reading(value=values, shown=shown_list(values), about_measurement=about)


def _tag(group: JsonObject, position: int) -> str:
    values = group.get("values") or []
    value = values[position] if position < len(values) else ""
    return ",".join(str(one) for one in value) if isinstance(value, list) else str(value)
