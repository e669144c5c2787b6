"""Prometheus: instant and range queries over its HTTP API."""

from typing import Any
from urllib.parse import urlencode, urlsplit

from gitsync.duration import parse_duration
from gitsync.manifest.object import JsonObject
from gitsync.measurement.authentication import authentication_headers, signed
from gitsync.measurement.errors import MeasurementFailed
from gitsync.measurement.http import Request, Response
from gitsync.measurement.numbers import shown, shown_list
from gitsync.measurement.values import Reading, Task
from gitsync.rollout.analysis.expression.errors import ExpressionInvalid
from gitsync.rollout.analysis.expression.evaluate import evaluate

_TIMEOUT_SECONDS = 30.0
_RESOLVED_QUERY = "ResolvedPrometheusQuery"


async def measure_prometheus(task: Task) -> Reading:
    """A scalar is a number; vectors and matrices are arrays of numbers."""
    response = await _ask(task, *_form(task))
    body = response.json()
    if not isinstance(body, dict) or body.get("status") != "success":
        raise MeasurementFailed(_problem(body, response), suggestion="check the query and the address")
    value = _value(body.get("data") or {})
    query = str(task.settings.get("query") or "")
    warnings = ", ".join(f'"{one}"' for one in body.get("warnings") or ())
    return Reading(
        value=value,
        shown=shown_list(value) if isinstance(value, list) else shown(value),
        about_metric={_RESOLVED_QUERY: query} if query else {},
        about_measurement={"warnings": warnings} if warnings else {},
    )


def _form(task: Task) -> tuple[str, dict[str, str]]:
    query = str(task.settings.get("query") or "")
    spread: JsonObject = task.settings.get("rangeQuery") or {}
    if not spread:
        return "query", {"query": query, "time": f"{task.now.timestamp():.3f}"}
    step = parse_duration(str(spread.get("step") or ""))
    if not step:
        raise MeasurementFailed("failed to parse rangeQuery.step as duration", suggestion='write the step like "1m"')
    moments = {field: f"{_moment(task, str(spread.get(field) or ''), field):.3f}" for field in ("start", "end")}
    return "query_range", {"query": query, "step": f"{step:g}", **moments}


def _moment(task: Task, expression: str, field: str) -> float:
    """Seconds since 1970, of an expression such as `now() - duration("1h")`."""
    functions: dict[str, Any] = {"now": task.now.timestamp, "duration": _duration}
    try:
        moment = evaluate(expression, {}, functions)
    except ExpressionInvalid as invalid:
        raise MeasurementFailed(
            f"failed to evaluate rangeQuery.{field}: {invalid.message}", suggestion=invalid.suggestion
        ) from invalid
    if not isinstance(moment, int | float):
        raise MeasurementFailed(f"rangeQuery.{field} is no time", suggestion='write it like now() - duration("1h")')
    return float(moment)


def _duration(text: Any) -> float:
    seconds = parse_duration(str(text))
    if seconds is None:
        raise ExpressionInvalid(f"invalid duration {text!r}", suggestion='write it like "1h"')
    return seconds


async def _ask(task: Task, path: str, form: dict[str, str]) -> Response:
    """POST, as long queries need it; GET where a proxy allows nothing else."""
    settings, address = task.settings, _address(task)
    headers = {str(one.get("key", "")): str(one.get("value", "")) for one in settings.get("headers") or ()}
    authentication: JsonObject = settings.get("authentication") or {}
    headers |= await authentication_headers(task, authentication)
    url = f"{address.rstrip('/')}/api/v1/{path}"
    encoded = urlencode(form)
    post = Request(
        "POST",
        url,
        {**headers, "Content-Type": "application/x-www-form-urlencoded"},
        encoded.encode(),
        _timeout_seconds(settings),
        verify=not settings.get("insecure"),
        ca_cert=str(settings.get("caCert") or ""),
    )
    response = await task.http.send(_signed(task, post, authentication))
    if response.status not in (405, 501):
        return response
    get = Request("GET", f"{url}?{encoded}", headers, None, post.timeout_seconds, post.verify, post.ca_cert)
    return await task.http.send(_signed(task, get, authentication))


def _signed(task: Task, request: Request, authentication: JsonObject) -> Request:
    sigv4 = authentication.get("sigv4") or {}
    if not sigv4.get("region"):
        return request
    aws = task.defaults.aws
    task.hide(aws.secret_key)
    task.hide(aws.session_token)
    return signed(request, aws, service="aps", region=str(sigv4["region"]), now=task.now)


def _address(task: Task) -> str:
    address = str(task.settings.get("address") or task.defaults.prometheus_address)
    if not address:
        raise MeasurementFailed("prometheus address is not configured", suggestion="set address in the metric")
    parts = urlsplit(address)
    if not parts.scheme or not parts.netloc:
        raise MeasurementFailed("prometheus address is not is url format", suggestion="write it like http://host:9090")
    return address


def _timeout_seconds(settings: JsonObject) -> float:
    timeout = settings.get("timeout")
    if timeout is None:
        return _TIMEOUT_SECONDS
    if int(timeout) < 0:
        raise MeasurementFailed("prometheus timeout should not be negative", suggestion="correct timeout")
    return float(timeout) or _TIMEOUT_SECONDS


def _problem(body: Any, response: Response) -> str:
    if isinstance(body, dict) and body.get("error"):
        return f"{body.get('errorType', 'error')}: {body['error']}"
    return f"Prometheus answers {response.status}"


def _value(data: JsonObject) -> Any:
    result = data.get("result") or []
    match data.get("resultType"):
        case "scalar":
            return float(result[1])
        case "vector":
            return [float(one["value"][1]) for one in result if one.get("value")]
        case "matrix":
            return [float(pair[1]) for one in result for pair in one.get("values") or ()]
    raise MeasurementFailed("Prometheus metric type not supported", suggestion="ask for numbers")
