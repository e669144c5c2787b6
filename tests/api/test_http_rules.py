"""GraphQL over HTTP: media types, status codes, limits, masked errors, origins."""

import asyncio
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx
import pytest
from graphql import OperationDefinitionNode, parse

from api.cli.serve import server_config
from api.schema.limits import Measure
from api.settings import Settings
from model.link import GetTree, RequestBody, TreeAnswer
from tests.support.control_plane import Running
from tests.support.fake_runtime import FakeRuntime

GRAPHQL_JSON = "application/graphql-response+json"


async def post(running: Running, body: Any, **headers: str) -> httpx.Response:
    token = await running.token("writer")
    given = {"authorization": f"Bearer {token}", **{name.replace("_", "-"): value for name, value in headers.items()}}
    async with running.http() as client:
        if isinstance(body, bytes):
            return await client.post("/graphql", content=body, headers={"content-type": "application/json", **given})
        return await client.post("/graphql", json=body, headers=given)


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        ({"query": "{ nope }"}, 422, "VALIDATION_ERROR"),
        ({"query": "{ version { "}, 400, "VALIDATION_ERROR"),
        ({"query": "query A { version { version } } query B { version { version } }"}, 422, "VALIDATION_ERROR"),
        ({"query": "query A { version { version } }", "operationName": "B"}, 422, "VALIDATION_ERROR"),
        (
            {"query": "query Q($n: Int!) { applications(pagination: {first: $n}) { totalCount } }"},
            422,
            "VALIDATION_ERROR",
        ),
        ({"query": "subscription { runtimes { id } }"}, 422, "VALIDATION_ERROR"),
        ({"nope": 1}, 422, "VALIDATION_ERROR"),
        (b"not json", 400, "VALIDATION_ERROR"),
        (b'{"query": "' + b"x" * 1024 * 1024 + b'"}', 413, "VALIDATION_ERROR"),
    ],
)
@pytest.mark.parametrize("media_type", ["application/json", GRAPHQL_JSON])
async def test_request_errors_are_4xx_without_data(
    body: Any, status: int, code: str, media_type: str, running: Running
) -> None:
    response = await post(running, body, accept=media_type)
    assert response.status_code == status, response.text
    assert response.headers["content-type"] == media_type
    assert "data" not in response.json()
    assert response.json()["errors"][0]["extensions"]["code"] == code


async def test_an_empty_operation_name_is_none(running: Running) -> None:
    response = await post(running, {"query": "{ version { version } }", "operationName": ""}, accept=GRAPHQL_JSON)
    assert response.status_code == 200
    assert response.json()["extensions"]["cost"] == {"requested": 1, "limit": 20_000}


async def test_other_content_types_and_methods_are_refused(running: Running) -> None:
    assert (await post(running, b"query=1", content_type="text/plain")).status_code == 415
    async with running.http() as client:
        answer = await client.get("/graphql", params={"query": "{ version { version } }"})
    assert answer.status_code == 405
    assert answer.headers["allow"] == "POST"


async def test_pages_of_other_sites_are_refused(running: Running) -> None:
    body = {"query": "{ version { version } }"}
    assert (await post(running, body, origin="https://evil.example")).status_code == 403
    assert (await post(running, body, origin="null")).status_code == 403
    assert (await post(running, body, origin=running.address)).status_code == 200


async def test_sockets_of_other_sites_are_refused(running: Running) -> None:
    from websockets.exceptions import InvalidStatus

    with pytest.raises(InvalidStatus) as refused:
        async with running.socket({"Origin": "https://evil.example"}):
            pass
    assert refused.value.response.status_code == 403


@pytest.mark.parametrize(
    ("document", "code"),
    [
        ("{ " + " ".join(f"a{n}: version {{ version }}" for n in range(11)) + " }", "COMPLEXITY_ERROR"),
        ("{ version { " + " ".join(f"a{n}: version" for n in range(31)) + " } }", "COMPLEXITY_ERROR"),
        ("{ applications { nodes { " + "parent { " * 14 + "id" + " }" * 14 + " } } }", "COMPLEXITY_ERROR"),
        ("{ applications { nodes { children { nodes { id } } } } }", "COMPLEXITY_ERROR"),
        ("{ " + "version { version } " * 400 + " }", "VALIDATION_ERROR"),
        ("{ applications(pagination: {first: 101}) { totalCount } }", "VALIDATION_ERROR"),
        ("{ applications(pagination: {first: 1, last: 1}) { totalCount } }", "VALIDATION_ERROR"),
        ('{ applications(pagination: {first: 1, after: "x"}) { totalCount } }', "VALIDATION_ERROR"),
        ('{ applications(filters: {labels: ["x"]}) { totalCount } }', "VALIDATION_ERROR"),
    ],
)
async def test_documents_beyond_the_limits_are_refused(document: str, code: str, running: Running) -> None:
    assert await running.errors("writer", document) == [code]


def test_measuring_nested_fragments_takes_no_exponential_time() -> None:
    levels = 60
    fragments = [f"fragment F{n} on Application {{ ...F{n + 1} ...F{n + 1} }}" for n in range(levels)]
    document = parse(
        "{ applications { nodes { ...F0 } } } "
        + " ".join(fragments)
        + f" fragment F{levels} on Application {{ id x: id }}"
    )
    operation = document.definitions[0]
    assert isinstance(operation, OperationDefinitionNode)
    extent = Measure(document).of(operation.selection_set)
    assert extent.depth == 3
    assert extent.aliases == 2**levels


async def test_unexpected_errors_are_masked_and_named_by_a_correlation_id(
    running: Running, runtime: FakeRuntime
) -> None:
    async with running.plane.database.write() as session:
        from sqlalchemy import text

        await session.execute(text("DROP TABLE cluster"))
    answer = (await running.post("admin", "{ me { name } clusters { nodes { id } } }")).json()
    error = answer["errors"][0]
    assert error["extensions"]["code"] == "INTERNAL_SERVER_ERROR"
    assert len(error["extensions"]["correlationId"]) == 36
    assert "cluster" not in error["message"]


async def test_a_field_that_fails_leaves_the_others(running: Running, runtime: FakeRuntime) -> None:
    async def too_late(_: RequestBody) -> TreeAnswer:
        await asyncio.Event().wait()
        raise AssertionError

    runtime.answers[GetTree] = too_late
    await running.query("writer", '{ application(runtime: "demo", name: "cart") { project } }')
    assert runtime._socket is not None
    await runtime._socket.close()
    question = '{ application(runtime: "demo", name: "cart") { project resourceTree { cursor } } }'
    answer = (await running.post("writer", question)).json()
    assert answer["data"]["application"] == {"project": "default", "resourceTree": None}
    assert answer["errors"][0]["extensions"]["code"] == "RUNTIME_UNAVAILABLE"


async def test_server_sent_events_carry_queries_and_streams(running: Running, runtime: FakeRuntime) -> None:
    body = {"query": "subscription { runtimes { metadata { name } } }"}
    headers = {"authorization": f"Bearer {await running.token('writer')}", "accept": "text/event-stream"}
    async with running.http(headers=headers) as client:
        async with client.stream("POST", "/graphql", json=body) as response:
            assert response.headers["content-type"].startswith("text/event-stream")
            lines = response.aiter_lines()
            assert await anext(lines) == "event: next"
            assert await anext(lines) == 'data: {"data":{"runtimes":{"metadata":{"name":"demo"}}}}'
        whole = await client.post("/graphql", json={"query": "{ version { version } }"})
    assert whole.text.endswith("event: complete\ndata:\n\n")


async def test_times_are_written_in_utc_with_a_z(running: Running, runtime: FakeRuntime) -> None:
    found = await running.query("writer", '{ application(runtime: "demo", name: "cart") { metadata { created } } }')
    assert found["application"]["metadata"]["created"] == "2026-01-05T09:00:00Z"


async def test_every_answer_has_security_headers(running: Running) -> None:
    async with running.http() as client:
        answer = await client.get("/healthz")
        page = await client.get("/graphql", headers={"accept": "text/html"})
        script = await client.get("/graphql/explorer.js")
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["x-frame-options"] == "DENY"
    assert "script-src 'self'" in page.headers["content-security-policy"]
    assert "unsafe" not in page.headers["content-security-policy"]
    assert script.headers["content-type"].startswith("text/javascript")


def test_clients_and_load_balancers_end_an_idle_connection_before_the_server_does(tmp_path: Path) -> None:
    """Else one asks on what the other has just closed: httpx keeps 5 s, aiohttp 15 s, nginx 60 s."""
    settings = Settings(database_url=f"sqlite+aiosqlite:///{tmp_path}/argosy.db")
    assert server_config(replace(settings, console=None)).timeout_keep_alive > 60
