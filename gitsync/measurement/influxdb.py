"""InfluxDB: Flux queries over its HTTP API, which answers with annotated CSV."""

import csv
import io
import json
from typing import Any
from urllib.parse import quote

from gitsync.measurement.errors import MeasurementFailed
from gitsync.measurement.http import Request
from gitsync.measurement.numbers import shown
from gitsync.measurement.values import Reading, Task

_SECRET = "influxdb"  # noqa: S105 - the name of a Secret
_TIMEOUT_SECONDS = 30.0
_DIALECT = {"annotations": ["datatype", "group", "default"], "header": True, "delimiter": ","}


async def measure_influxdb(task: Task) -> Reading:
    """The `_value` of every record."""
    name = str(task.settings.get("profile") or _SECRET)
    secret = await task.secrets(task.defaults.namespace, name) or {}
    token, address, org = task.hide(secret.get("authToken", "")), secret.get("address", ""), secret.get("org", "")
    if not token or not address or not org:
        raise MeasurementFailed(
            "authToken, org, or address not found", suggestion=f"create the Secret {name} with these three"
        )
    body = json.dumps({"query": str(task.settings.get("query") or ""), "type": "flux", "dialect": _DIALECT})
    headers = {"Authorization": f"Token {token}", "Content-Type": "application/json", "Accept": "application/csv"}
    url = f"{address.rstrip('/')}/api/v2/query?org={quote(org, safe='')}"
    response = await task.http.send(Request("POST", url, headers, body.encode(), _TIMEOUT_SECONDS))
    if not response.ok:
        raise MeasurementFailed(
            f"InfluxDB answers {response.status} {response.excerpt()}", suggestion="check the token and the query"
        )
    values = _values(response.text)
    if not values:
        raise MeasurementFailed("no results returned from flux query", suggestion="look at a longer time")
    return Reading(value=values, shown=f"[{' '.join(_text(one) for one in values)}]")


def _values(text: str) -> list[Any]:
    """Tables follow each other, each with annotations and a header of its own. Raises MeasurementFailed."""
    found: list[Any] = []
    types: list[str] = []
    column: int | None = None
    header_next = True
    for row in csv.reader(io.StringIO(text)):
        if not any(row):
            header_next, column = True, None
        elif row[0].startswith("#"):
            types, header_next = (row, True) if row[0] == "#datatype" else (types, True)
        elif header_next:
            header_next = False
            column = -1 if "error" in row else row.index("_value") if "_value" in row else None
        elif column == -1:
            raise MeasurementFailed(f"InfluxDB returned an error: {row[1]}", suggestion="check the query")
        elif column is not None and column < len(row):
            found.append(_typed(row[column], types[column] if column < len(types) else "string"))
    return found


def _typed(text: str, kind: str) -> Any:
    match kind:
        case "double":
            return float(text) if text else None
        case "long" | "unsignedLong":
            return int(text) if text else None
        case "boolean":
            return text == "true"
    return text


def _text(value: Any) -> str:
    return shown(value) if isinstance(value, float) else str(value).lower() if isinstance(value, bool) else str(value)
