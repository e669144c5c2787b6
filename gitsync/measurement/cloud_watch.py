"""Amazon CloudWatch: GetMetricData."""

import json
from typing import Any

from gitsync.duration import parse_duration
from gitsync.manifest.object import JsonObject
from gitsync.measurement.authentication import signed
from gitsync.measurement.errors import MeasurementFailed
from gitsync.measurement.http import Request
from gitsync.measurement.numbers import shown_list
from gitsync.measurement.values import Reading, Task

_INTERVAL_SECONDS = 300.0
_TARGET = "GraniteServiceVersion20100801.GetMetricData"


async def measure_cloud_watch(task: Task) -> Reading:
    """The value is `MetricDataResults` as AWS names its fields."""
    response = await task.http.send(_request(task))
    if not response.ok:
        raise MeasurementFailed(
            f"CloudWatch answers {response.status} {response.excerpt()}", suggestion="check the role and the query"
        )
    results = response.json().get("MetricDataResults") or []
    broken = [one for one in results if one.get("StatusCode") in ("InternalError", "Forbidden")]
    if broken:
        raise MeasurementFailed(
            f"CloudWatch could not compute {broken[0].get('Id')}: {broken[0]['StatusCode']}", suggestion="try again"
        )
    if not results:
        raise MeasurementFailed("no values found", suggestion="look at a longer interval")
    numbers = [[float(value) for value in one.get("Values") or ()] for one in results]
    return Reading(value=results, shown=f"[{','.join(shown_list(one) for one in numbers)}]")


def _request(task: Task) -> Request:
    aws = task.defaults.aws
    if not aws.region:
        raise MeasurementFailed("the AWS region is not known", suggestion="set AWS_REGION of the runtime")
    task.hide(aws.secret_key)
    task.hide(aws.session_token)
    seconds = parse_duration(str(task.settings.get("interval") or "")) or _INTERVAL_SECONDS
    now = int(task.now.timestamp())
    body = {
        "StartTime": now - int(seconds),
        "EndTime": now,
        "MetricDataQueries": [_query(one) for one in _queries(task)],
    }
    endpoint = task.defaults.cloudwatch_endpoint or f"https://monitoring.{aws.region}.amazonaws.com"
    headers = {"Content-Type": "application/x-amz-json-1.0", "X-Amz-Target": _TARGET}
    request = Request("POST", f"{endpoint.rstrip('/')}/", headers, json.dumps(body).encode())
    return signed(request, aws, service="monitoring", region=aws.region, now=task.now)


def _queries(task: Task) -> list[JsonObject]:
    """An array; older templates have its JSON as a text."""
    queries = task.settings.get("metricDataQueries") or []
    return list(json.loads(queries) if isinstance(queries, str) else queries)


def _query(query: JsonObject) -> JsonObject:
    """Our objects begin their fields with a small letter, AWS's with a capital one."""
    renamed: JsonObject = _capitals(query)
    for container in (renamed, renamed.get("MetricStat") or {}):
        if "Period" in container:
            container["Period"] = int(container["Period"])
    return renamed


def _capitals(value: Any) -> Any:
    if isinstance(value, dict):
        return {f"{key[:1].upper()}{key[1:]}": _capitals(one) for key, one in value.items() if one is not None}
    return [_capitals(one) for one in value] if isinstance(value, list) else value
