"""What Git lets people do: verdicts, their age, and what happens when Git cannot be asked."""

import asyncio
from collections.abc import Awaitable

from api.access.authorize import REMEMBERED_SECONDS, Authority, Verb
from api.access.verdicts import FRESH_SECONDS, STALE_READ_SECONDS, Verdicts
from api.access.viewer import Viewer
from model.link import AnswerBody, ApplicationChanged, ProbeAccess, Refusal, RequestBody, StartSync
from model.listing import ListedApplication
from tests.support.api_world import SECRET_REPO, hidden, orphan
from tests.support.control_plane import Running
from tests.support.fake_fleet import PLATFORM, summary
from tests.support.fake_runtime import FakeRuntime

READER = Viewer("reader", "", False, "", None)
ADMIN = Viewer("admin", "", True, "", None)
CART = ListedApplication("demo", summary(1))
KEY = ("demo", PLATFORM)


class Watch:
    """A monotonic clock that a test winds."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


def authority(running: Running, watch: Watch) -> Authority:
    return Authority(running.plane.database, Verdicts(running.plane.connected, watch), watch)


async def test_a_lost_right_takes_effect_within_a_minute(running: Running, runtime: FakeRuntime) -> None:
    watch = Watch()
    decide = authority(running, watch)
    assert (await decide.authorize(READER, Verb.VIEW, CART)).allowed
    assert KEY in (await decide.visibility(READER)).repositories
    runtime.rights["reader"] = {}
    watch.now += 60
    assert not (await decide.authorize(READER, Verb.VIEW, CART)).allowed
    assert (await decide.visibility(READER)).repositories == frozenset()


async def test_a_verdict_is_asked_for_once_a_minute(running: Running, runtime: FakeRuntime) -> None:
    watch = Watch()
    verdicts = Verdicts(running.plane.connected, watch)
    for _ in range(5):
        await verdicts.of("reader", [KEY])
    assert runtime.probes == 1
    watch.now += FRESH_SECONDS
    await verdicts.of("reader", [KEY])
    assert runtime.probes == 2


async def test_an_answer_for_credentials_of_before_does_not_count(running: Running, runtime: FakeRuntime) -> None:
    verdicts = Verdicts(running.plane.connected, Watch())
    asked, answers = asyncio.Event(), asyncio.Event()
    answer_now = runtime.answers[ProbeAccess]

    async def answer_late(body: RequestBody) -> AnswerBody | Refusal:
        with_rights_of_before = answer_now(body)
        asked.set()
        await answers.wait()
        assert not isinstance(with_rights_of_before, Awaitable)
        return with_rights_of_before

    runtime.answers[ProbeAccess] = answer_late
    asking = asyncio.create_task(verdicts.of("reader", [KEY]))
    await asked.wait()
    runtime.rights["reader"] = {}
    verdicts.forget("reader")
    answers.set()
    assert not (await asking)[KEY].read
    assert runtime.probes == 2


async def test_a_silent_git_host_leaves_reading_for_a_while_and_stops_changes(
    running: Running, runtime: FakeRuntime
) -> None:
    watch = Watch()
    verdicts = Verdicts(running.plane.connected, watch)
    assert (await verdicts.of("writer", [KEY]))[KEY].write
    runtime.git_is_down = True
    watch.now += FRESH_SECONDS
    stale = (await verdicts.of("writer", [KEY]))[KEY]
    assert (stale.read, stale.write) == (True, False)
    assert "cannot be asked" in stale.reason
    watch.now += STALE_READ_SECONDS
    assert not (await verdicts.of("writer", [KEY]))[KEY].read


async def test_a_runtime_that_is_away_leaves_reading_and_stops_changes(running: Running, runtime: FakeRuntime) -> None:
    watch = Watch()
    decide = authority(running, watch)
    assert (await decide.authorize(ADMIN, Verb.SYNC, CART)).allowed
    assert runtime._socket is not None
    known = running.plane.connected.news.number
    await runtime._socket.close()
    await running.plane.connected.news.wait(known)
    watch.now += FRESH_SECONDS
    assert (await decide.authorize(ADMIN, Verb.VIEW, CART)).allowed
    assert not (await decide.authorize(ADMIN, Verb.SYNC, CART)).allowed


async def test_a_runtime_speaks_only_for_its_own_applications(running: Running, runtime: FakeRuntime) -> None:
    other = await running.runtime("other", rights={"stranger": {"*": (True, True)}})
    async with other.connected():
        await other.snapshot(ApplicationChanged(summary(4)))
        data = await running.query("stranger", "{ applications { nodes { metadata { runtime } } } }")
    assert [node["metadata"]["runtime"] for node in data["applications"]["nodes"]] == ["other"]


async def test_what_no_repository_rules_is_for_administrators(running: Running, runtime: FakeRuntime) -> None:
    decide = running.plane.authority
    listed = ListedApplication("demo", orphan())
    assert (await decide.authorize(ADMIN, Verb.SYNC, listed)).allowed
    assert not (await decide.authorize(READER, Verb.VIEW, listed)).allowed
    assert not (await decide.authorize(ADMIN, Verb.EDIT, listed)).allowed


async def test_forbidden_looks_like_unknown(running: Running, runtime: FakeRuntime) -> None:
    question = 'mutation {{ syncApplication(runtime: "demo", name: "{}") {{ errors {{ code message }} }} }}'
    answers = [
        (await running.query("reader", question.format(name)))["syncApplication"]["errors"]
        for name in ("hidden", "absent")
    ]
    assert [error["message"].replace("hidden", "absent") for error in answers[0]] == [
        error["message"] for error in answers[1]
    ]
    assert hidden().access_repo_url == SECRET_REPO


async def test_a_refused_change_never_reaches_the_runtime(running: Running, runtime: FakeRuntime) -> None:
    await running.query("reader", 'mutation { syncApplication(runtime: "demo", name: "cart") { operationId } }')
    assert not [body for body in runtime.requests if isinstance(body, StartSync)]


async def test_whoever_acted_sees_nothing_older_afterwards(running: Running, runtime: FakeRuntime) -> None:
    done = await running.query(
        "writer",
        """mutation { syncApplication(runtime: "demo", name: "cart", options: {prune: true, operationId: "op-1"}) {
          operationId operation { phase } application { syncStatus } errors { code } } }""",
    )
    assert done["syncApplication"] == {
        "operationId": "op-1",
        "operation": {"phase": "Running"},
        "application": {"syncStatus": "SYNCING"},
        "errors": [],
    }
    seen = await running.query("writer", '{ application(runtime: "demo", name: "cart") { syncStatus } }')
    assert seen["application"]["syncStatus"] == "SYNCING"
    (asked,) = [body for body in runtime.requests if isinstance(body, StartSync)]
    assert (asked.actor, asked.prune, asked.operation_id) == ("writer", True, "op-1")


async def test_streams_that_notice_at_once_that_they_know_too_little_ask_once(
    running: Running, runtime: FakeRuntime
) -> None:
    watch = Watch()
    decide = authority(running, watch)
    before = await decide.visibility(READER)
    watch.now += REMEMBERED_SECONDS
    found = await asyncio.gather(*(decide.visibility(READER) for _ in range(50)))
    assert {id(one) for one in found} == {id(found[0])}
    assert found[0] is not before
