"""Prometheus at the socket."""

import base64
from typing import Any
from urllib.parse import parse_qs

import pytest
from aiohttp import web

from gitsync.rollout.analysis.values import Phase
from tests.gitsync.measurement.rig import CANARY, Rig


def vector(*values: str) -> dict[str, Any]:
    result = [{"metric": {}, "value": [0, value]} for value in values]
    return {"status": "success", "data": {"resultType": "vector", "result": result}}


async def test_a_vector_is_an_array_of_numbers(rig: Rig) -> None:
    rig.server.replies({**vector("0.95", "NaN", "1e3"), "warnings": ["slow", "partial"]})
    answer = await rig.ask("prometheus", {"address": rig.server.address, "query": 'up{a="b"}'})
    assert answer.value[0] == 0.95
    assert answer.shown == "[0.95,NaN,1000]"
    assert answer.phase is None
    assert answer.about_metric == {"ResolvedPrometheusQuery": 'up{a="b"}'}
    assert answer.about_measurement == {"warnings": '"slow", "partial"'}
    (seen,) = rig.server.seen
    assert (seen.method, seen.path) == ("POST", "/api/v1/query")
    assert parse_qs(seen.body) == {"query": ['up{a="b"}'], "time": ["1772366400.000"]}


async def test_a_scalar_is_a_number_and_nothing_is_an_empty_array(rig: Rig) -> None:
    scalar = {"status": "success", "data": {"resultType": "scalar", "result": [0, "+Inf"]}}
    rig.server.replies(scalar, vector())
    settings = {"address": rig.server.address, "query": "q"}
    answers = [await rig.ask("prometheus", settings) for _ in range(2)]
    assert [(one.value, one.shown) for one in answers] == [(float("inf"), "+Inf"), ([], "[]")]


async def test_a_range_query_has_all_values_of_all_series(rig: Rig) -> None:
    series = [{"values": [[0, "1"], [1, "2"]]}, {"values": [[0, "3"]]}]
    rig.server.replies({"status": "success", "data": {"resultType": "matrix", "result": series}})
    spread = {"start": 'now() - duration("1h")', "end": "now()", "step": "1m"}
    answer = await rig.ask("prometheus", {"address": rig.server.address, "query": "q", "rangeQuery": spread})
    assert answer.value == [1.0, 2.0, 3.0]
    (seen,) = rig.server.seen
    assert seen.path == "/api/v1/query_range"
    assert parse_qs(seen.body) == {
        "query": ["q"],
        "start": ["1772362800.000"],
        "end": ["1772366400.000"],
        "step": ["60"],
    }


async def test_a_proxy_that_allows_no_post_is_asked_with_get(rig: Rig) -> None:
    rig.server.replies(web.Response(status=405), vector("1"))
    answer = await rig.ask("prometheus", {"address": rig.server.address, "query": "q"})
    assert answer.value == [1.0]
    assert [one.method for one in rig.server.seen] == ["POST", "GET"]
    assert rig.server.seen[1].query["query"] == "q"


async def test_headers_and_basic_authentication_are_sent(rig: Rig) -> None:
    rig.server.replies(vector("1"))
    settings = {
        "address": rig.server.address,
        "query": "q",
        "headers": [{"key": "X-Scope-OrgID", "value": "tenant"}],
        "authentication": {"basicAuth": {"username": "u", "password": CANARY}},
    }
    await rig.ask("prometheus", settings)
    headers = rig.server.seen[0].headers
    assert headers["X-Scope-OrgID"] == "tenant"
    assert base64.b64decode(headers["Authorization"].removeprefix("Basic ")).decode() == f"u:{CANARY}"


async def test_oauth2_gets_a_token_first(rig: Rig) -> None:
    rig.server.replies({"access_token": "tok"}, vector("1"))
    oauth2 = {"tokenUrl": f"{rig.server.address}/token", "clientId": "c", "clientSecret": CANARY, "scopes": ["a", "b"]}
    settings = {"address": rig.server.address, "query": "q", "authentication": {"oauth2": oauth2}}
    answer = await rig.ask("prometheus", settings)
    assert answer.value == [1.0]
    assert parse_qs(rig.server.seen[0].body) == {"grant_type": ["client_credentials"], "scope": ["a b"]}
    assert rig.server.seen[1].headers["Authorization"] == "Bearer tok"


async def test_requests_to_managed_prometheus_are_signed(rig: Rig) -> None:
    rig.server.replies(vector("1"))
    settings = {
        "address": f"{rig.server.address}/workspaces/w",
        "query": "q",
        "authentication": {"sigv4": {"region": "eu-west-1"}},
    }
    await rig.ask("prometheus", settings)
    (seen,) = rig.server.seen
    assert seen.headers["X-Amz-Date"] == "20260301T120000Z"
    assert "Credential=AKID/20260301/eu-west-1/aps/aws4_request" in seen.headers["Authorization"]


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({}, "prometheus address is not configured"),
        ({"address": "host:9090"}, "prometheus address is not is url format"),
        ({"address": "http://127.0.0.1:1", "timeout": -1}, "prometheus timeout should not be negative"),
        ({"address": "http://127.0.0.1:1", "query": CANARY}, "127.0.0.1 cannot be reached"),
        ({"address": "http://127.0.0.1:1", "rangeQuery": {"step": "x"}}, "failed to parse rangeQuery.step"),
        (
            {"address": "http://127.0.0.1:1", "rangeQuery": {"step": "1m", "start": "later()"}},
            "failed to evaluate rangeQuery.start: unknown function later",
        ),
    ],
)
async def test_settings_that_cannot_be_used_say_why(rig: Rig, settings: dict[str, Any], message: str) -> None:
    answer = await rig.ask("prometheus", settings)
    assert answer.phase is Phase.ERROR
    assert message in answer.message
    assert CANARY not in answer.message


async def test_an_error_of_prometheus_is_told(rig: Rig) -> None:
    problem = {"status": "error", "errorType": "bad_data", "error": "parse error"}
    rig.server.replies(problem, status=400)
    answer = await rig.ask("prometheus", {"address": rig.server.address, "query": "("})
    assert (answer.phase, answer.message) == (Phase.ERROR, "bad_data: parse error")


@pytest.mark.parametrize(
    "body",
    [[], {"status": "success"}, {"status": "success", "data": {"resultType": "vector", "result": [{"value": ["x"]}]}}],
)
async def test_answers_of_another_shape_are_errors(rig: Rig, body: Any) -> None:
    rig.server.replies(body)
    answer = await rig.ask("prometheus", {"address": rig.server.address, "query": "q"})
    assert answer.phase is Phase.ERROR
    assert answer.message
