"""New Relic: NRQL queries over NerdGraph."""

import json

import msgspec

from gitsync.measurement.errors import MeasurementFailed
from gitsync.measurement.http import Request
from gitsync.measurement.values import Reading, Task

_SECRET = "newrelic"  # noqa: S105 - the name of a Secret
_ENDPOINTS = {
    "us": "https://api.newrelic.com/graphql",
    "eu": "https://api.eu.newrelic.com/graphql",
    "staging": "https://staging-api.newrelic.com/graphql",
}
_TIMEOUT_SECONDS = 5
_MAX_TIMEOUT_SECONDS = 120
_QUERY = """query($account: Int!, $nrql: Nrql!, $timeout: Seconds) {
  actor { account(id: $account) { nrql(query: $nrql, timeout: $timeout) { results } } }
}"""


async def measure_new_relic(task: Task) -> Reading:
    """One row is an object, several are an array of objects."""
    request = await _request(task)
    response = await task.http.send(request)
    if not response.ok:
        raise MeasurementFailed(
            f"New Relic answers {response.status} {response.excerpt()}", suggestion="check the key and the account"
        )
    body = response.json()
    if not isinstance(body, dict):
        raise MeasurementFailed("New Relic answers no object", suggestion="check base-url-nerdgraph")
    if problems := body.get("errors"):
        messages = "; ".join(str(one.get("message", "")) for one in problems)
        raise MeasurementFailed(f"New Relic returned an error: {messages}", suggestion="check the query")
    account = ((body.get("data") or {}).get("actor") or {}).get("account") or {}
    results = (account.get("nrql") or {}).get("results") or []
    if not results or (len(results) == 1 and not results[0]):
        raise MeasurementFailed("no results returned from NRQL query", suggestion="look at a longer time")
    value = results[0] if len(results) == 1 else results
    return Reading(value=value, shown=msgspec.json.encode(value).decode())


async def _request(task: Task) -> Request:
    name = str(task.settings.get("profile") or _SECRET)
    secret = await task.secrets(task.defaults.namespace, name) or {}
    key, account = task.hide(secret.get("personal-api-key", "")), secret.get("account-id", "")
    if not key or not account.isdigit():
        raise MeasurementFailed(
            "account ID or personal API key not found",
            suggestion=f"create the Secret {name} with personal-api-key and account-id",
        )
    region = secret.get("region", "us").lower()
    endpoint = secret.get("base-url-nerdgraph") or _ENDPOINTS.get(region)
    if endpoint is None:
        raise MeasurementFailed(f"New Relic has no region {region}", suggestion="use us or eu")
    timeout = int(task.settings.get("timeout") or _TIMEOUT_SECONDS)
    if not 0 < timeout <= _MAX_TIMEOUT_SECONDS:
        raise MeasurementFailed("timeout is 1 to 120 seconds", suggestion="correct timeout")
    variables = {"account": int(account), "nrql": task.settings.get("query") or "", "timeout": timeout}
    body = json.dumps({"query": _QUERY, "variables": variables}).encode()
    return Request(
        "POST", endpoint, {"API-Key": key, "Content-Type": "application/json"}, body, timeout_seconds=timeout + 5.0
    )
