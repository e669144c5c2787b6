"""ApplicationSets as rows above what they generate: seen by whoever may read their repository, changed in Git alone."""

import asyncio
import json
from typing import Any

import msgspec
import pytest
from click.testing import CliRunner

from api.cli.main import main
from api.live.applications import LiveKind
from model.identity import ApplicationKey
from model.link import ApplicationChanged, ApplicationRemoved
from model.report import ApplicationKind, ApplicationSummary, HealthState, SyncState
from tests.support.api_world import SECRET_REPO, renamed
from tests.support.control_plane import Running
from tests.support.fake_runtime import FakeRuntime

pytestmark = pytest.mark.cpu_seconds(20)  # a control plane with its database and a runtime
SET = ApplicationKey("argosy", "cart", is_set=True)  # an application has this name, too
ONE = """query One($kind: ApplicationKind) { application(runtime: "demo", name: "cart", kind: $kind) {
  id kind metadata { kind name } syncStatus healthStatus syncPolicy childrenNum
  children { totalCount nodes { metadata { name } parent { id kind } permissions { edit { allowed reason } } } }
  permissions { view { allowed } sync { allowed reason } edit { allowed } delete { allowed } }
  resourceTree { nodes { id } } managedResources { node { id } } rollouts { id } syncWindows { kind }
  diff { revisions } rendering { reasons } manifestHistory { fields { path } } manifestReview { branch }
  manifestFile { path } errors { message }
} }"""

KIND = """query Kind($kind: ApplicationKind) {
  application(runtime: "demo", name: "cart", kind: $kind) { id kind }
}"""


def application_set(**fields: object) -> ApplicationSummary:
    found = renamed("cart", git_source="platform", **fields)
    return msgspec.structs.replace(
        found, key=SET, uid="set", kind=ApplicationKind.APPLICATION_SET, automated=None, operation=None, history=()
    )


def generated(name: str) -> ApplicationSummary:
    return renamed(name, parent=SET, git_source=None)


async def ids(running: Running, person: str) -> list[str]:
    query = "{ applications(filters: {kinds: [APPLICATION_SET]}) { nodes { id } } }"
    return [one["id"] for one in (await running.query(person, query))["applications"]["nodes"]]


async def test_a_set_is_a_row_with_what_it_generates_below_it(running: Running, runtime: FakeRuntime) -> None:
    one = application_set(sync=SyncState.OUT_OF_SYNC, health=HealthState.DEGRADED)
    await runtime.report(*map(ApplicationChanged, (one, generated("cart-eu"), generated("cart-us"))))
    found = (await running.query("writer", ONE, kind="APPLICATION_SET"))["application"]
    assert (found["kind"], found["metadata"]["kind"]) == ("APPLICATION_SET", "ApplicationSet")
    assert (found["syncStatus"], found["healthStatus"], found["syncPolicy"]) == ("OUT_OF_SYNC", "DEGRADED", "Unknown")
    assert found["childrenNum"] == found["children"]["totalCount"] == 2
    assert [one["metadata"]["name"] for one in found["children"]["nodes"]] == ["cart-eu", "cart-us"]
    assert {one["parent"]["id"] for one in found["children"]["nodes"]} == {found["id"]}


async def test_a_set_and_an_application_of_one_name_are_two(running: Running, runtime: FakeRuntime) -> None:
    await runtime.report(ApplicationChanged(application_set()))
    plain = (await running.query("writer", KIND))["application"]
    one = (await running.query("writer", KIND, kind="APPLICATION_SET"))["application"]
    assert (plain["kind"], one["kind"]) == ("APPLICATION", "APPLICATION_SET")
    node = "query Node($id: ID!) { node(id: $id) { id ... on Application { kind } } }"
    for expected in (plain, one):
        assert (await running.query("writer", node, id=expected["id"]))["node"]["kind"] == expected["kind"]
    await runtime.report(ApplicationRemoved(SET))
    assert (await running.query("writer", KIND))["application"] == plain
    assert (await running.query("writer", KIND, kind="APPLICATION_SET"))["application"] is None


async def test_what_is_in_another_namespace_leads_to_its_git_source(running: Running, runtime: FakeRuntime) -> None:
    elsewhere = ApplicationKey("team-a", "cart", is_set=True)
    one = msgspec.structs.replace(application_set(), key=elsewhere, parent=ApplicationKey("argosy", "platform"))
    await runtime.report(ApplicationChanged(one))
    query = """{ application(runtime: "demo", name: "cart", namespace: "team-a", kind: APPLICATION_SET) {
      gitSource { metadata { name namespace } } parent { kind } } }"""
    found = (await running.query("writer", query))["application"]
    assert found["gitSource"] == {"metadata": {"name": "platform", "namespace": "argosy"}}
    assert found["parent"] == {"kind": "GIT_SOURCE"}


async def test_a_set_is_only_looked_at(running: Running, runtime: FakeRuntime) -> None:
    await runtime.report(*map(ApplicationChanged, (application_set(), generated("cart-eu"))))
    asked = len(runtime.requests)
    found = (await running.query("writer", ONE, kind="APPLICATION_SET"))["application"]
    assert found["permissions"]["view"]["allowed"]
    assert not any(found["permissions"][verb]["allowed"] for verb in ("sync", "edit", "delete"))
    assert (
        found["permissions"]["sync"]["reason"] == "an ApplicationSet is changed in Git; what it generates can be synced"
    )
    (child,) = found["children"]["nodes"]
    assert child["permissions"]["edit"] == {
        "allowed": False,
        "reason": "ApplicationSet cart generates it: change that one",
    }
    asks = ("resourceTree", "managedResources", "rollouts", "syncWindows", "diff", "rendering", "manifestHistory")
    assert [found[field] for field in asks] == [None] * len(asks)
    assert [type(one).__name__ for one in runtime.requests[asked:] if "Get" in type(one).__name__] == []


async def test_a_set_is_seen_by_whoever_may_read_its_repository(running: Running, runtime: FakeRuntime) -> None:
    await runtime.report(ApplicationChanged(application_set()))
    assert len(await ids(running, "reader")) == 1
    assert await ids(running, "stranger") == []
    await runtime.report(ApplicationChanged(application_set(access_repo_url=SECRET_REPO)))
    assert await ids(running, "reader") == []
    assert (await running.query("reader", ONE, kind="APPLICATION_SET"))["application"] is None


async def test_a_set_can_be_starred_apart_from_the_application_of_its_name(
    running: Running, runtime: FakeRuntime
) -> None:
    await runtime.report(ApplicationChanged(application_set()))
    (found,) = await ids(running, "reader")
    await running.query("reader", "mutation Star($id: ID!) { setFavorite(id: $id, favorite: true) }", id=found)
    starred = "{ applications(filters: {favorite: true}) { nodes { id } } }"
    assert (await running.query("reader", starred))["applications"]["nodes"] == [{"id": found}]


async def test_a_set_counts_as_no_application_of_its_runtime(running: Running, runtime: FakeRuntime) -> None:
    count = '{ runtime(name: "demo") { applicationsNum } }'
    before = await running.query("writer", count)
    await runtime.report(ApplicationChanged(application_set()))
    assert await running.query("writer", count) == before


async def test_the_command_line_lists_sets_and_applications_apart(running: Running, runtime: FakeRuntime) -> None:
    await runtime.report(*map(ApplicationChanged, (application_set(), generated("cart-eu"), generated("cart-us"))))
    server = ["--server", running.address, "--token", await running.token("writer")]

    async def listed(group: str) -> list[dict[str, Any]]:
        arguments = [group, *server, "list", "-o", "json"]
        found: list[dict[str, Any]] = json.loads((await asyncio.to_thread(CliRunner().invoke, main, arguments)).stdout)
        return found

    (one,) = await listed("appset")
    assert (one["application set"], one["applications"]) == ("demo/argosy/cart", 2)
    names = [row["application"] for row in await listed("app")]
    assert names.count("demo/argosy/cart") == 1
    assert {"demo/argosy/cart-eu", "demo/argosy/cart-us"} <= set(names)


async def test_a_set_is_followed_apart_from_the_application_of_its_name(running: Running, runtime: FakeRuntime) -> None:
    await runtime.report(ApplicationChanged(application_set()))
    document = """subscription { application(runtime: "demo", name: "cart", kind: APPLICATION_SET) {
      type applications { kind syncStatus } } }"""
    async with running.subscribe("reader", document) as events:
        first = await events.next()
        assert (first["type"], [one["kind"] for one in first["applications"]]) == (
            LiveKind.SNAPSHOT,
            ["APPLICATION_SET"],
        )
        await runtime.report(
            ApplicationChanged(renamed("cart", sync=SyncState.UNKNOWN)),
            ApplicationChanged(application_set(sync=SyncState.SYNCING)),
        )
        (changed,) = (await events.next())["applications"]
        assert changed == {"kind": "APPLICATION_SET", "syncStatus": "SYNCING"}
