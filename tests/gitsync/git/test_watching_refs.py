import asyncio
from typing import Any

from gitsync.git.refs import RefMove, RefsMoved
from tests.support.git_origin import Fault
from tests.support.git_rig import GitRig


async def watching(rig: GitRig, *revisions: str) -> "asyncio.Queue[RefsMoved]":
    url = rig.origin.url("apps")
    for revision in revisions:
        await rig.repositories.resolve(url, revision)
    events: asyncio.Queue[RefsMoved] = asyncio.Queue()
    before = rig.origin.requests.total()
    rig.repositories.subscribe(url, events.put_nowait)
    while rig.origin.requests.total() == before:  # the first question of the watcher
        await rig.origin.asked.get()
    await rig.repositories.resolve(url, revisions[0], fresh=True)  # waits for its answer
    rig.origin.asked = asyncio.Queue()
    return events


async def test_a_hint_leads_to_an_event_with_the_objects_here(rig: GitRig) -> None:
    first = rig.origin.create("apps", {"a": "1"})
    events = await watching(rig, "main")
    second = rig.origin.commit("apps", {"a": "2"})
    rig.repositories.hint([rig.origin.url("apps").removesuffix(".git").replace("http://", "https://")])
    event = await events.get()
    assert RefMove("refs/heads/main", first, second) in event.moves
    rig.origin.fault = Fault(status=500)  # what is needed is here already
    url = rig.origin.url("apps")
    [change] = await rig.repositories.changed_paths(url, first, second)
    assert change.path == "a"


async def test_a_watch_asks_once_per_hint_however_many_listen(rig: GitRig) -> None:
    rig.origin.create("apps", {"a": "1"})
    events = await watching(rig, "main")
    more: list[Any] = []
    listeners = [lambda event, number=number: more.append(number) for number in range(50)]
    for listener in listeners:
        rig.repositories.subscribe(rig.origin.url("apps"), listener)
    rig.origin.commit("apps", {"a": "2"})
    before = rig.origin.requests.total()
    rig.repositories.hint()
    await events.get()
    await asyncio.sleep(0)
    assert len(more) == 50
    # the refs, then the fetch: the refs once more and the pack
    assert rig.origin.requests.total() - before <= 3


async def test_refs_that_nobody_follows_are_told_but_not_fetched(rig: GitRig) -> None:
    first = rig.origin.create("apps", {"a": "1"})
    events = await watching(rig, "main")
    other = rig.origin.commit("apps", {"a": "2"}, branch="other", parent=first)
    before = rig.origin.requests.total()
    rig.repositories.hint()
    event = await events.get()
    assert event.moves == (RefMove("refs/heads/other", None, other),)
    assert rig.origin.requests.total() - before == 1


async def test_deleted_branches_and_tags_are_told(rig: GitRig) -> None:
    first = rig.origin.create("apps", {"a": "1"})
    rig.origin.git("apps", "update-ref", "refs/heads/gone", first)
    events = await watching(rig, "gone")
    rig.origin.git("apps", "update-ref", "-d", "refs/heads/gone")
    rig.repositories.hint()
    assert (await events.get()).moves == (RefMove("refs/heads/gone", first, None),)


async def test_a_host_that_comes_back_is_an_event(rig: GitRig) -> None:
    rig.origin.create("apps", {"a": "1"})
    events = await watching(rig, "main")
    url = rig.origin.url("apps")
    rig.origin.fault = Fault(status=500)
    await rig.repositories.resolve(url, "main", fresh=True)
    rig.origin.fault = None
    await rig.repositories.resolve(url, "main", fresh=True)
    event = await events.get()
    assert (event.moves, event.recovered) == ((), True)


async def test_a_hint_during_a_question_leads_to_another_one(rig: GitRig) -> None:
    rig.origin.create("apps", {"a": "1"})
    events = await watching(rig, "main")
    gate = asyncio.Event()
    rig.origin.fault = Fault(hold=gate)
    rig.repositories.hint()
    await rig.origin.asked.get()
    rig.repositories.hint()
    rig.origin.commit("apps", {"a": "2"})
    gate.set()
    assert (await events.get()).moves


async def test_a_listener_that_fails_does_not_end_the_watch(rig: GitRig) -> None:
    rig.origin.create("apps", {"a": "1"})
    events = await watching(rig, "main")
    told: list[Any] = []
    asyncio.get_running_loop().set_exception_handler(lambda _, context: told.append(context["exception"]))

    def broken(event: RefsMoved) -> None:
        raise ZeroDivisionError

    rig.repositories.subscribe(rig.origin.url("apps"), broken)
    for content in ("2", "3"):
        rig.origin.commit("apps", {"a": content})
        rig.repositories.hint()
        await events.get()
    await asyncio.sleep(0)
    assert [type(error) for error in told] == [ZeroDivisionError] * 2


async def test_who_unsubscribes_is_told_nothing_more(rig: GitRig) -> None:
    rig.origin.create("apps", {"a": "1"})
    events = await watching(rig, "main")
    url = rig.origin.url("apps")
    rig.repositories.unsubscribe(url, events.put_nowait)
    rig.repositories.unsubscribe(url, print)
    rig.origin.commit("apps", {"a": "2"})
    rig.repositories.hint()
    await rig.repositories.resolve(url, "main", fresh=True)
    assert events.empty()
