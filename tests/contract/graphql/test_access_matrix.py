"""Every field of the three roots, asked by every kind of person: `access_matrix.yaml` says what each gets."""

import asyncio
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import orjson
import pytest
from graphql import GraphQLObjectType

from api.access.secret_token import hash_token
from api.schema.build import build_schema
from model.identity import encode_node_id
from model.link import OperationAnswer, TerminateOperation
from model.link_access import GitTokensAnswer, ListGitTokens, PutGitToken, RemoveGitToken
from model.store import person as person_store
from tests.support.audit_entries import batch, entry, until
from tests.support.control_plane import Running
from tests.support.fake_fleet import PLATFORM
from tests.support.fake_runtime import FakeRuntime
from tests.support.yaml_text import read_yaml

PEOPLE = ("admin", "writer", "reader", "stranger", "expired", "anonymous")
MATRIX: dict[str, dict[str, list[str]]] = read_yaml((Path(__file__).parent / "access_matrix.yaml").read_text())
CART = encode_node_id("Application", "demo", "argosy", "cart")
SILENCE_SECONDS = 0.3


def test_every_root_field_is_in_the_matrix() -> None:
    schema = build_schema()._schema
    for root in ("Query", "Mutation", "Subscription"):
        kind = schema.get_type(root)
        assert isinstance(kind, GraphQLObjectType)
        assert set(MATRIX[root]) == set(kind.fields), f"{root}: say who may, in access_matrix.yaml"


@pytest.mark.cpu_seconds(60)
@pytest.mark.parametrize("person", PEOPLE)
async def test_root_fields_give_each_person_what_the_matrix_says(
    person: str, running: Running, runtime: FakeRuntime
) -> None:
    headers = await headers_of(running, person)
    await _tell_a_commit(running, runtime)
    for body in (ListGitTokens, PutGitToken, RemoveGitToken):
        runtime.answers[body] = lambda _: GitTokensAnswer(())
    # Who may end a sync is asked here, not whether the one of a moment ago still runs on a busy machine.
    runtime.answers[TerminateOperation] = lambda _: OperationAnswer("op-terminate")
    now = datetime.now(UTC)  # the fleet's executions are of these days
    period = {"$before": now - timedelta(days=300), "$after": now + timedelta(days=1)}
    variables = {"$cart": CART, **{name: moment.isoformat() for name, moment in period.items()}}
    found: dict[str, str] = {}
    expected: dict[str, str] = {}
    async with running.http(headers=headers) as client:
        for root, fields in MATRIX.items():
            for field, (document, *row) in fields.items():
                name, wanted = f"{root}.{field}", row[PEOPLE.index(person)]
                expected[name] = wanted
                for variable, value in variables.items():
                    document = document.replace(variable, value)
                if root == "Subscription":
                    found[name] = await _stream_outcome(running, headers, document, wanted)
                else:
                    found[name] = _named((await client.post("/graphql", json={"query": document})).json())
    assert found == expected


async def _tell_a_commit(running: Running, runtime: FakeRuntime) -> None:
    runtime.audit.append(batch(entry(1, repo=PLATFORM)))
    await runtime._tell()

    async def there() -> bool:
        return bool((await running.query("admin", "{ auditLog { nodes { id } } }"))["auditLog"]["nodes"])

    await until(there)


async def headers_of(running: Running, person: str) -> dict[str, str]:
    if person == "anonymous":
        return {}
    if person != "expired":
        return {"Authorization": f"Bearer {await running.token(person)}"}
    async with running.plane.database.write() as session:
        writer = await person_store.get(session, "writer")
        assert writer is not None
        ended = running.plane.clock() - timedelta(hours=2)
        token = "args_expired"
        await person_store.start_session(
            session, writer, token_hash=hash_token(token), now=ended, lifetime=timedelta(hours=1)
        )
    return {"Authorization": f"Bearer {token}"}


async def _stream_outcome(running: Running, headers: dict[str, str], document: str, wanted: str) -> str:
    async with running.socket(headers) as socket:
        await socket.send('{"type":"connection_init"}')
        await socket.recv()
        await socket.send(orjson.dumps({"id": "1", "type": "subscribe", "payload": {"query": document}}).decode())
        try:
            async with asyncio.timeout(SILENCE_SECONDS if wanted in ("silent", "open") else 30):
                message = orjson.loads(await socket.recv())
        except TimeoutError:
            return "open" if wanted == "open" else "silent"
    if message["type"] == "next" and wanted == "open":
        return "open"
    return _named(message["payload"] if message["type"] == "next" else {"errors": message["payload"]})


def _named(answer: dict[str, Any]) -> str:
    if errors := answer.get("errors"):
        code: str = errors[0]["extensions"]["code"]
        return code
    value = next(iter(answer["data"].values()))
    if value is None:
        return "none"
    if isinstance(value, dict) and value.get("errors"):
        return str(value["errors"][0]["code"])
    return "empty" if isinstance(value, dict) and value.get("nodes") == [] else "data"
