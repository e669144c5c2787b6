"""Web metrics at the socket, and the paths into their answers."""

from typing import Any

import pytest
from aiohttp import web

from gitsync.measurement.errors import MeasurementFailed
from gitsync.measurement.json_path import first_match
from gitsync.rollout.analysis.values import Phase
from tests.gitsync.measurement.rig import CANARY, Rig

BODY = {"data": {"ok": True, "items": [{"n": 1, "tag": "a"}, {"n": 2.5, "tag": "b"}], "a.b": {"c-d": None}}, "n": 7}


@pytest.mark.parametrize(
    ("path", "found"),
    [
        ("{$}", BODY),
        ("{}", BODY),
        ("{$.data.ok}", True),
        ("{.data.ok}", True),
        ("$.data.ok", True),
        ("{$.data.items[0].n}", 1),
        ("{$.data.items[-1:].tag}", "b"),
        ("{$.data.items[-1].tag}", "b"),
        ("{$.data.items[0:1]}", {"n": 1, "tag": "a"}),
        ("{$.data.items[*].n}", 1),
        ('{$.data.items[?(@.tag=="b")].n}', 2.5),
        ("{$.data.items[?(@.n>1)].tag}", "b"),
        ("{$.data.items[?(@.tag)].n}", 1),
        ("{$.data['a.b'].c-d}", None),
        ('{$["data"]["ok"]}', True),
        ("{$.data.a\\.b.c-d}", None),
        ("{$..tag}", "a"),
        ("{$['n','data']}", 7),
    ],
)
def test_the_first_match_of_a_path_is_found(path: str, found: Any) -> None:
    assert first_match(BODY, path) == found


@pytest.mark.parametrize(
    "path", ["{$.missing}", "{$.data.items[7]}", "{$.n.deeper}", "{$[}", "{$.data.items[?(x)]}", "{$...}", "{" * 3000]
)
def test_paths_that_find_nothing_or_make_no_sense_say_so(path: str) -> None:
    with pytest.raises(MeasurementFailed):
        first_match(BODY, path)


async def test_the_value_at_the_path_is_measured(rig: Rig) -> None:
    rig.server.replies(BODY)
    settings = {
        "url": f"{rig.server.address}/api?service=shop",
        "headers": [{"key": "Authorization", "value": f"Bearer {CANARY}"}],
        "jsonPath": "{$.data.items}",
    }
    answer = await rig.ask("web", settings)
    assert answer.value == [{"n": 1, "tag": "a"}, {"n": 2.5, "tag": "b"}]
    assert answer.shown == '[{"n":1,"tag":"a"},{"n":2.5,"tag":"b"}]'
    (seen,) = rig.server.seen
    assert (seen.method, seen.path, seen.query) == ("GET", "/api", {"service": "shop"})
    assert seen.headers["Authorization"] == f"Bearer {CANARY}"


@pytest.mark.parametrize(
    ("settings", "body", "content_type"),
    [
        ({"method": "POST", "body": "a=b"}, "a=b", "application/octet-stream"),
        ({"method": "PUT", "jsonBody": {"a": [1]}}, '{"a": [1]}', "application/json"),
    ],
)
async def test_a_body_is_sent(rig: Rig, settings: dict[str, Any], body: str, content_type: str) -> None:
    rig.server.replies(BODY)
    await rig.ask("web", {"url": rig.server.address, **settings})
    (seen,) = rig.server.seen
    assert (seen.method, seen.body, seen.headers["Content-Type"]) == (settings["method"], body, content_type)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"body": "x"}, "a GET request has no body"),
        ({"method": "DELETE"}, "DELETE is no method of web metrics"),
        ({"method": "POST", "body": "x", "jsonBody": {}}, "both body and jsonBody are set"),
        ({"jsonPath": "{$.nothing}"}, "Could not find JSONPath in body"),
        ({"url": "ftp://127.0.0.1/"}, "the address of the provider is no URL"),
    ],
)
async def test_settings_that_cannot_be_used_say_why(rig: Rig, settings: dict[str, Any], message: str) -> None:
    rig.server.replies(BODY)
    answer = await rig.ask("web", {"url": rig.server.address, **settings})
    assert answer.phase is Phase.ERROR
    assert message in answer.message


@pytest.mark.parametrize(
    ("response", "message"),
    [
        (web.Response(status=500, text=CANARY), "received non 2xx response code: 500"),
        (web.Response(status=200, text="<html>"), "Could not parse JSON body"),
        (web.Response(status=302, headers={"Location": "http://127.0.0.2:1/"}), "redirects to another host"),
        (web.Response(status=302, headers={"Location": "/again"}), "redirects for ever"),
    ],
)
async def test_answers_that_are_no_measurement_are_errors(rig: Rig, response: web.Response, message: str) -> None:
    rig.server.replies(response)
    answer = await rig.ask("web", {"url": f"{rig.server.address}/x?token={CANARY}"})
    assert answer.phase is Phase.ERROR
    assert message in answer.message
    assert CANARY not in answer.message


async def test_redirects_on_the_same_host_are_followed(rig: Rig) -> None:
    rig.server.replies(web.Response(status=307, headers={"Location": "/there"}), {"x": 1})
    answer = await rig.ask("web", {"url": rig.server.address, "method": "POST", "body": "b"})
    assert answer.value == {"x": 1}
    assert [(one.method, one.path, one.body) for one in rig.server.seen] == [
        ("POST", "/", "b"),
        ("POST", "/there", "b"),
    ]


async def test_a_server_that_does_not_answer_ends_in_time(rig: Rig) -> None:
    answer = await rig.ask("web", {"url": "http://127.0.0.1:1/"})
    assert answer.phase is Phase.ERROR
    assert "127.0.0.1 cannot be reached" in answer.message


async def test_an_unknown_provider_is_an_error_of_the_measurement(rig: Rig) -> None:
    answer = await rig.ask("kayenta", {})
    assert answer.phase is Phase.ERROR
    assert "kayenta is not supported" in answer.message
