"""Datadog, New Relic, CloudWatch, Graphite and InfluxDB at the socket; no credential is ever shown."""

import json
from dataclasses import replace
from typing import Any

import pytest
from aiohttp import web

from gitsync.measurement.authentication import signed
from gitsync.measurement.http import Request
from gitsync.measurement.numbers import shown
from gitsync.measurement.values import AwsCredentials
from gitsync.rollout.analysis.values import Phase
from tests.gitsync.measurement.rig import CANARY, NOW, Rig


def datadog(rig: Rig, namespace: str = "argo-rollouts", name: str = "datadog") -> None:
    rig.secrets[namespace, name] = {"address": rig.server.address, "api-key": CANARY, "app-key": "app"}


async def test_datadog_v1_measures_the_last_point(rig: Rig) -> None:
    datadog(rig)
    rig.server.replies({"status": "ok", "series": [{"pointlist": [[1, 0.5], [2, 0.0006]]}]})
    answer = await rig.ask("datadog", {"query": "avg:x{*}", "interval": "10m"})
    assert (answer.value, answer.shown) == (0.0006, "0.0006")
    (seen,) = rig.server.seen
    assert (seen.path, seen.query) == ("/api/v1/query", {"query": "avg:x{*}", "from": "1772365800", "to": "1772366400"})
    assert (seen.headers["DD-API-KEY"], seen.headers["DD-APPLICATION-KEY"]) == (CANARY, "app")


@pytest.mark.parametrize("body", [{"series": []}, {"series": [{"pointlist": [[1, None]]}]}])
async def test_datadog_without_a_value_is_nil(rig: Rig, body: Any) -> None:
    datadog(rig)
    rig.server.replies(body)
    answer = await rig.ask("datadog", {"query": "q"})
    assert (answer.value, answer.phase) == (None, None)


async def test_datadog_v2_asks_for_a_scalar(rig: Rig) -> None:
    datadog(rig)
    rig.server.replies({"data": {"attributes": {"columns": [{"name": "f", "type": "number", "values": [0.25]}]}}})
    settings = {"apiVersion": "v2", "queries": {"a": "A", "b": "B"}, "formula": "a / b", "aggregator": "sum"}
    answer = await rig.ask("datadog", settings)
    assert (answer.value, answer.shown) == (0.25, "0.25")
    (seen,) = rig.server.seen
    assert (seen.method, seen.path) == ("POST", "/api/v2/query/scalar")
    assert json.loads(seen.body) == {
        "data": {
            "type": "scalar_request",
            "attributes": {
                "from": 1772366100000,
                "to": 1772366400000,
                "formulas": [{"formula": "a / b"}],
                "queries": [
                    {"aggregator": "sum", "data_source": "metrics", "name": "a", "query": "A"},
                    {"aggregator": "sum", "data_source": "metrics", "name": "b", "query": "B"},
                ],
            },
        }
    }


async def test_datadog_v2_groups_are_an_array_with_their_names(rig: Rig) -> None:
    datadog(rig)
    columns = [
        {"type": "group", "name": "env", "values": [["prod"], ["dev"]]},
        {"type": "number", "name": "query", "values": [0.1, 0.7]},
    ]
    rig.server.replies({"data": {"attributes": {"columns": columns}}})
    answer = await rig.ask("datadog", {"apiVersion": "v2", "query": "q by {env}"})
    assert answer.value == [0.1, 0.7]
    groups = json.loads(answer.about_measurement["groups"])
    assert groups == [{"name": "dev", "value": 0.7}, {"name": "prod", "value": 0.1}]


async def test_datadog_keys_come_from_the_namespace_of_the_run_when_it_says_so(rig: Rig) -> None:
    datadog(rig, "team", "mine")
    rig.server.replies({"series": []})
    await rig.ask("datadog", {"query": "q", "secretRef": {"name": "mine", "namespaced": True}})
    assert rig.server.seen[0].headers["DD-API-KEY"] == CANARY
    answer = await rig.ask("datadog", {"query": "q"})
    assert "failed to find the credentials" in answer.message


@pytest.mark.parametrize(
    ("status", "message"), [(403, "received authentication error response code: 403"), (500, "received non 2xx")]
)
async def test_datadog_that_echoes_the_key_does_not_make_us_tell_it(rig: Rig, status: int, message: str) -> None:
    datadog(rig)
    rig.server.replies(web.Response(status=status, text=f"bad key {CANARY}"))
    answer = await rig.ask("datadog", {"query": "q"})
    assert message in answer.message
    assert CANARY not in answer.message


async def test_datadog_v1_has_no_formula(rig: Rig) -> None:
    datadog(rig)
    answer = await rig.ask("datadog", {"queries": {"a": "x"}, "formula": "a"})
    assert "set apiVersion: v2" in answer.message or "Datadog API v1" in answer.message
    assert answer.phase is Phase.ERROR


def new_relic(rig: Rig) -> None:
    rig.secrets["argo-rollouts", "newrelic"] = {
        "personal-api-key": CANARY,
        "account-id": "42",
        "base-url-nerdgraph": f"{rig.server.address}/graphql",
    }


def rows(*results: Any) -> dict[str, Any]:
    return {"data": {"actor": {"account": {"nrql": {"results": list(results)}}}}}


async def test_new_relic_gives_one_row_as_an_object_and_several_as_an_array(rig: Rig) -> None:
    new_relic(rig)
    rig.server.replies(rows({"successRate": 0.99}), rows({"n": 1}, {"n": 2}))
    answers = [await rig.ask("newRelic", {"query": "FROM x", "timeout": 10}) for _ in range(2)]
    assert [one.value for one in answers] == [{"successRate": 0.99}, [{"n": 1}, {"n": 2}]]
    seen = rig.server.seen[0]
    assert seen.headers["API-Key"] == CANARY
    assert json.loads(seen.body)["variables"] == {"account": 42, "nrql": "FROM x", "timeout": 10}


@pytest.mark.parametrize(
    ("body", "message"),
    [
        (rows(), "no results returned from NRQL query"),
        (rows({}), "no results returned from NRQL query"),
        ({"errors": [{"message": f"no {CANARY}"}]}, "New Relic returned an error: no *****"),
    ],
)
async def test_new_relic_without_rows_is_an_error(rig: Rig, body: Any, message: str) -> None:
    new_relic(rig)
    rig.server.replies(body)
    answer = await rig.ask("newRelic", {"query": "q"})
    assert (answer.phase, answer.message) == (Phase.ERROR, message)


async def test_new_relic_needs_its_secret(rig: Rig) -> None:
    answer = await rig.ask("newRelic", {"query": "q", "profile": "other"})
    assert answer.message == "account ID or personal API key not found"


async def test_cloud_watch_is_asked_with_a_signature(rig: Rig) -> None:
    results = [{"Id": "rate", "Values": [0.0, 0.02], "StatusCode": "Complete"}]
    rig.server.replies({"MetricDataResults": results})
    stat = {"metric": {"namespace": "app", "metricName": "errors"}, "period": "300", "stat": "Sum"}
    queries = [{"id": "rate", "expression": "e / r"}, {"id": "e", "metricStat": stat, "returnData": False}]
    answer = await rig.ask(
        "cloudWatch",
        {"interval": "15m", "metricDataQueries": queries},
        edit=lambda settings: replace(settings, cloudwatch_endpoint=rig.server.address),
    )
    assert (answer.value, answer.shown) == (results, "[[0,0.02]]")
    (seen,) = rig.server.seen
    assert json.loads(seen.body) == {
        "StartTime": 1772365500,
        "EndTime": 1772366400,
        "MetricDataQueries": [
            {"Id": "rate", "Expression": "e / r"},
            {
                "Id": "e",
                "MetricStat": {"Metric": {"Namespace": "app", "MetricName": "errors"}, "Period": 300, "Stat": "Sum"},
                "ReturnData": False,
            },
        ],
    }
    assert seen.headers["X-Amz-Target"].endswith(".GetMetricData")
    assert "Credential=AKID/20260301/us-east-1/monitoring/aws4_request" in seen.headers["Authorization"]
    assert CANARY not in str(seen)


async def test_cloud_watch_without_credentials_or_values_is_an_error(rig: Rig) -> None:
    bare = await rig.ask("cloudWatch", {}, edit=lambda settings: replace(settings, aws=AwsCredentials(region="x")))
    assert bare.message == "there are no AWS credentials"
    rig.server.replies({"MetricDataResults": []})
    empty = await rig.ask(
        "cloudWatch", {}, edit=lambda settings: replace(settings, cloudwatch_endpoint=rig.server.address)
    )
    assert empty.message == "no values found"


def test_signatures_are_those_that_aws_publishes_for_its_examples() -> None:
    """The example `get-vanilla-query-order-key-case` of the published test suite."""
    credentials = AwsCredentials("AKIDEXAMPLE", "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY")
    request = Request("GET", "https://example.amazonaws.com/?Param2=value2&Param1=value1")
    moment = NOW.replace(year=2015, month=8, day=30, hour=12, minute=36)
    made = signed(request, credentials, service="service", region="us-east-1", now=moment)
    assert made.headers["Authorization"] == (
        "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20150830/us-east-1/service/aws4_request, "
        "SignedHeaders=host;x-amz-date, "
        "Signature=b97d918cfa904a5beff61c982a1b6f458b799221646efd99d3219ec94cdf2500"
    )


async def test_graphite_measures_all_points_that_have_a_value(rig: Rig) -> None:
    rig.server.replies([{"target": "t", "datapoints": [[None, 1], [90.5, 2], ["91", 3]]}])
    query = "target=summarize(\n  a.{b,c},\n  '5min')&from=-5min"
    answer = await rig.ask("graphite", {"address": f"{rig.server.address}/graphite", "query": query})
    assert (answer.value, answer.shown) == ([90.5, 91.0], "[90.500000,91.000000]")
    (seen,) = rig.server.seen
    assert seen.path == "/graphite/render"
    assert seen.query == {"target": "summarize( a.{b,c}, '5min')", "from": "-5min", "format": "json"}


@pytest.mark.parametrize(("body", "status", "message"), [([], 200, "no values found"), ("bad", 400, "error response")])
async def test_graphite_without_values_is_an_error(rig: Rig, body: Any, status: int, message: str) -> None:
    rig.server.replies(body, status=status)
    answer = await rig.ask("graphite", {"address": rig.server.address, "query": "target=x"})
    assert answer.phase is Phase.ERROR
    assert message in answer.message


CSV = """#datatype,string,long,double,string
#group,false,false,false,true
#default,_result,,,
,result,table,_value,host
,,0,0.01,a
,,1,0.5,b

#datatype,string,long,long
,result,table,_value
,,2,7
"""


async def test_influxdb_measures_the_value_of_every_record(rig: Rig) -> None:
    rig.secrets["argo-rollouts", "influxdb"] = {"address": rig.server.address, "authToken": CANARY, "org": "my org"}
    rig.server.replies(web.Response(text=CSV, content_type="text/csv"))
    answer = await rig.ask("influxdb", {"query": 'from(bucket: "b")'})
    assert (answer.value, answer.shown) == ([0.01, 0.5, 7], "[0.01 0.5 7]")
    (seen,) = rig.server.seen
    assert (seen.path, seen.query) == ("/api/v2/query", {"org": "my org"})
    assert seen.headers["Authorization"] == f"Token {CANARY}"
    assert json.loads(seen.body)["query"] == 'from(bucket: "b")'


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "no results returned from flux query"),
        ("#datatype,string,long\n,error,reference\n,failed to parse,897\n", "InfluxDB returned an error: failed"),
    ],
)
async def test_influxdb_without_records_is_an_error(rig: Rig, text: str, message: str) -> None:
    rig.secrets["argo-rollouts", "own"] = {"address": rig.server.address, "authToken": CANARY, "org": "o"}
    rig.server.replies(web.Response(text=text))
    answer = await rig.ask("influxdb", {"query": "q", "profile": "own"})
    assert answer.phase is Phase.ERROR
    assert message in answer.message


@pytest.mark.parametrize(
    ("number", "text"),
    [(1.0, "1"), (0.1, "0.1"), (1e21, "1000000000000000000000"), (1e-7, "0.0000001"), (-0.5, "-0.5")],
)
def test_numbers_are_shown_without_exponents(number: float, text: str) -> None:
    assert shown(number) == text
