"""The fast executor answers exactly what the stock one does, errors included."""

from collections.abc import AsyncGenerator
from typing import Any

import pytest
import strawberry
from strawberry.extensions import ParserCache
from strawberry.schema.schema import StrawberryGraphQLCoreExecutionContext

from api.context import Context
from api.schema.build import build_schema
from api.schema.fast_executor import FastExecutor
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


@strawberry.type
class Events:
    @strawberry.subscription
    async def event(self, info: strawberry.Info) -> AsyncGenerator[Event, None]:
        for event in info.context:
            yield event


async def test_one_event_is_executed_once_for_all_who_ask_the_same() -> None:
    schema = strawberry.Schema(
        OddQuery, subscription=Events, execution_context_class=FastExecutor, extensions=[ParserCache]
    )
    shared = Event(text="a", answers={})
    found = []
    for document in (
        "subscription { event { text } }",
        "subscription { event { text } }",
        "subscription { event { t: text } }",
    ):
        stream = await schema.subscribe(document, context_value=[shared])
        found += [result.data async for result in stream]
    assert found == [{"event": {"text": "a"}}, {"event": {"text": "a"}}, {"event": {"t": "a"}}]
    assert found[0] is found[1]
    assert len(shared.answers) == 2
