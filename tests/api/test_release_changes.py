"""What a release changed is asked of its runtime, for those who may see the application and when they look."""

from typing import Any

from model.link import CompareReleases
from tests.support.control_plane import Running
from tests.support.fake_runtime import FakeRuntime

RELEASES = '{ gitopsReleases(filters: {name: "cart"}) { nodes { id historyId argoHistoryId } } }'
CHANGES = """query Changes($id: ID!) { node(id: $id) { ... on GitopsRelease { changedResources {
  against resources { change cut before after resource { kind name } } } } } }"""


async def releases(running: Running) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = (await running.query("reader", RELEASES))["gitopsReleases"]["nodes"]
    return sorted(found, key=lambda one: one["historyId"])


def asked(runtime: FakeRuntime) -> list[CompareReleases]:
    return [body for body in runtime.requests if isinstance(body, CompareReleases)]


async def test_a_release_is_held_against_the_one_before_when_somebody_looks(
    running: Running, runtime: FakeRuntime
) -> None:
    *_, before, newest = await releases(running)
    assert asked(runtime) == []
    changes = (await running.query("reader", CHANGES, id=newest["id"]))["node"]["changedResources"]
    assert changes["against"] == before["historyId"]
    assert [one["change"] for one in changes["resources"]] == ["REMOVED", "CHANGED", "ADDED"]
    assert [one["cut"] for one in changes["resources"]] == [False, False, True]
    (question,) = asked(runtime)
    assert question.before is not None
    assert question.before.revisions != question.after.revisions


async def test_the_first_release_known_is_held_against_nothing(running: Running, runtime: FakeRuntime) -> None:
    first, *_ = await releases(running)
    changes = (await running.query("reader", CHANGES, id=first["id"]))["node"]["changedResources"]
    assert changes["against"] is None
    assert asked(runtime)[-1].before is None


async def test_others_are_told_nothing_of_what_a_release_changed(running: Running, runtime: FakeRuntime) -> None:
    first, *_ = await releases(running)
    assert (await running.query("stranger", CHANGES, id=first["id"]))["node"] is None
    assert asked(runtime) == []
