"""Graphite: the render API."""

import re
from urllib.parse import parse_qsl, urlencode

from gitsync.measurement.errors import MeasurementFailed
from gitsync.measurement.http import Request
from gitsync.measurement.values import Reading, Task

_TIMEOUT_SECONDS = 5.0


async def measure_graphite(task: Task) -> Reading:
    """All points of the first target that have a value."""
    address = str(task.settings.get("address") or "")
    if not address:
        raise MeasurementFailed("Graphite address is not a valid URL", suggestion="set address in the metric")
    query = re.sub(r"\s+", " ", str(task.settings.get("query") or "")).strip()
    pairs = [(key, value) for key, value in parse_qsl(query, keep_blank_values=True, separator="&") if key != "format"]
    url = f"{address.rstrip('/')}/render?{urlencode([*pairs, ('format', 'json')])}"
    response = await task.http.send(Request("GET", url, timeout_seconds=_TIMEOUT_SECONDS))
    if response.status >= 400:
        raise MeasurementFailed(f"error response: {response.excerpt()}", suggestion="check the query")
    body = response.json()
    points = body[0].get("datapoints") if isinstance(body, list) and body else None
    values = [float(point[0]) for point in points or () if point[0] is not None]
    if not values:
        raise MeasurementFailed("no values found", suggestion="look at a longer time")
    return Reading(value=values, shown=f"[{','.join(f'{one:.6f}' for one in values)}]")
