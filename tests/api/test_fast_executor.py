"""The fast executor answers exactly what the stock one does, errors included."""

import asyncio
import json
from collections.abc import AsyncGenerator
from dataclasses import dataclass, field
from typing import Any

import pytest
import strawberry
from strawberry.extensions import ParserCache
from strawberry.schema.schema import StrawberryGraphQLCoreExecutionContext

from api.context import Context
from api.endpoints.graphql_socket import GraphQLOverWebSocket
from api.schema.build import build_schema
from api.schema.fast_executor import Encoded, FastExecutor
from api.types.shared import SAME_FOR_ALL
from tests.support.control_plane import Running
from tests.support.fake_runtime import FakeRuntime

QUERIES = [
    "{ me { __typename name isAdmin activeAccount { name } } version { version } }",
    """{ applications { totalCount pageInfo { hasNextPage startCursor } edges { cursor node { id } } nodes {
      ...Row other: project metadata { created labels { key value } } } } }
      fragment Row on Application { id kind syncStatus healthStatus explanation updatedAt destination { name server }
        commit { sha date author { name avatarURL } }
        operationState { phase startedAt syncResult { resources { name } } }
        history { id deployedAt commit { message } } autoSync { prune } specSources { repoURL type } manifest
        errors { __typename level message ... on SyncError { code context { path line } } ... on HealthError { code } }
        gitSource { repoURL permissions { read write } } permissions { edit { allowed reason } } }""",
    """{ application(runtime: "demo", name: "cart") { resourceTree { nodes { id kind parentIds images info { key value }
      actions { name parameters } healthStatus created } hosts { name capacity { key value } } }
      rendering { renderedAt reasons sources { repoURL type commit reads { kind path id } readsTotal } }
      managedResources { node { name } diff { changes { path live desired changedAt } } }
      resource(ref: {kind: "Deployment", name: "cart"}) { desiredManifest liveManifest events { message } } } }""",
    "{ runtimes { nodes { id metadata { name } components { metadata { name } healthStatus } engine available } } }",
    "{ clusters { nodes { server info { connectionState { status } cacheInfo { lastCacheSyncTime } } } } }",
    "{ applicationFacets { total healthStatuses { value count } labels { value } } warnings { nodes { category } } }",
    '{ node(id: "nonsense") { id } application(runtime: "none", name: "none") { id } }',
    "{ applications(pagination: {first: 500}) { nodes { id } } me { name } }",
]


@pytest.mark.parametrize("query", QUERIES)
async def test_both_executors_answer_alike(query: str, running: Running, runtime: FakeRuntime) -> None:
    viewer = await running.plane.sign_in.recognise(await running.token("writer"))
    answers = []
    for executor in (StrawberryGraphQLCoreExecutionContext, FastExecutor):
        result = await build_schema(executor).execute(query, context_value=Context(running.plane, viewer))
        answers.append((result.data, [error.formatted for error in result.errors or ()]))
    assert answers[0] == answers[1]
    assert list(answers[0][0] or ()) == list(answers[1][0] or ())


@strawberry.type
class Odd:
    text: str
    number: int
    maybe: str | None


@strawberry.type
class OddQuery:
    @strawberry.field
    def odds(self) -> list[Odd | None]:
        missing: Any = None
        return [
            Odd(text="a", number=1, maybe=None),
            Odd(text=missing, number=1, maybe="x"),
            Odd(text="b", number=2**40, maybe="x"),
            Odd(text="c", number=missing, maybe=None),
        ]


def test_values_that_break_the_schema_give_the_stock_errors() -> None:
    query = "{ odds { __typename text number maybe } }"
    stock = strawberry.Schema(OddQuery).execute_sync(query)
    fast = strawberry.Schema(OddQuery, execution_context_class=FastExecutor).execute_sync(query)
    assert fast.data == stock.data
    assert [error.formatted for error in fast.errors or ()] == [error.formatted for error in stock.errors or ()]
    assert len(stock.errors or ()) == 3


@strawberry.type
class Event:
    text: str
    answers: strawberry.Private[dict[Any, Any]]

    @strawberry.field(metadata={SAME_FOR_ALL: True})
    async def looked_up(self, info: strawberry.Info["Asked", None]) -> int:
        return await info.context.look_up()

    @strawberry.field
    async def mine(self, info: strawberry.Info["Asked", None]) -> int:
        return await info.context.look_up()

    @strawberry.field
    def echo(self, text: str) -> str:
        return text


@dataclass
class Asked:
    """The event that comes, and how often somebody looked something up; `free` None: at once."""

    event: Event
    looks: int = 0
    free: asyncio.Event | None = None
    looking: asyncio.Event = field(default_factory=asyncio.Event)

    async def look_up(self) -> int:
        self.looks += 1
        self.looking.set()
        if self.free is not None:
            await self.free.wait()
        return self.looks


@strawberry.type
class Events:
    @strawberry.subscription
    async def event(self, info: strawberry.Info, after: str | None = None) -> AsyncGenerator[Event, None]:
        yield info.context.event


SHARING = strawberry.Schema(
    OddQuery, subscription=Events, execution_context_class=FastExecutor, extensions=[ParserCache]
)


async def told(document: str, asked: Asked, **variables: str) -> Any:
    stream = await SHARING.subscribe(document, context_value=asked, variable_values=variables)
    (result,) = [result async for result in stream]
    assert not result.errors
    return result.data


async def test_one_event_is_executed_once_for_all_who_ask_the_same() -> None:
    asked = Asked(Event(text="a", answers={}))
    documents = ("subscription { event { text } }",) * 2 + ("subscription { event { t: text } }",)
    found = [await told(document, asked) for document in documents]
    assert found == [{"event": {"text": "a"}}, {"event": {"text": "a"}}, {"event": {"t": "a"}}]
    assert found[0] is found[1]
    assert len(asked.event.answers) == 2


async def test_what_has_to_be_looked_up_is_looked_up_once_for_all_who_are_told() -> None:
    asked = Asked(Event(text="a", answers={}), free=asyncio.Event())
    waiting = [asyncio.create_task(told("subscription { event { lookedUp } }", asked)) for _ in range(3)]
    await asked.looking.wait()
    waiting.pop(0).cancel()  # who asked first goes away; the others do not suffer
    assert asked.free is not None
    asked.free.set()
    assert await asyncio.gather(*waiting) == [{"event": {"lookedUp": 1}}] * 2


async def test_what_is_personal_is_looked_up_for_each() -> None:
    asked = Asked(Event(text="a", answers={}))
    document = "subscription { event { lookedUp mine } }"
    await asyncio.gather(*(told(document, asked) for _ in range(3)))
    assert asked.looks == 6


async def test_readers_who_went_on_from_different_places_share_an_event() -> None:
    asked = Asked(Event(text="a", answers={}))
    document = "subscription After($after: String) { event(after: $after) { lookedUp } }"
    found = [await told(document, asked, after=after) for after in ("1", "2")]
    assert found[0] is found[1]


async def test_readers_whose_selections_vary_share_nothing() -> None:
    asked = Asked(Event(text="a", answers={}))
    document = (
        "subscription Echo($text: String!) { event { ...Echoed } } fragment Echoed on Event { echo(text: $text) }"
    )
    assert [await told(document, asked, text=text) for text in "ab"] == [
        {"event": {"echo": "a"}},
        {"event": {"echo": "b"}},
    ]


@pytest.mark.parametrize("text", ["plain", 'quotes " and \\ and \u2028 \U0001f600'])
def test_an_event_that_is_encoded_once_reads_as_if_it_were_encoded_for_each(text: str) -> None:
    socket = GraphQLOverWebSocket(build_schema(), ())
    shared = Encoded({"event": {"text": text}})
    for number in ("1", 'a "quoted" id'):
        message = {"id": number, "type": "next", "payload": {"data": shared}}
        assert json.loads(socket.encode_json(message)) == message
    with_errors = {"id": "1", "type": "next", "payload": {"data": shared, "errors": [{"message": "no"}]}}
    assert json.loads(socket.encode_json(with_errors)) == with_errors
