"""An answer that many ask for is made once for those who see the same, and for nobody else."""

import asyncio

import pytest

from api.access.viewer import Viewer
from api.live.answers import KEPT_SECONDS, Answer, SharedAnswers
from api.schema.build import build_schema
from api.schema.sharing import is_sharable
from model.link import ApplicationChanged
from model.listing import Visibility
from tests.support.api_world import SECRET_REPO, renamed
from tests.support.control_plane import Running
from tests.support.fake_fleet import Fleet
from tests.support.fake_runtime import FakeRuntime
from web.graph.document import document, operations

LIST = "{ cursor: applicationsCursor applications { nodes { id metadata { name favorite } healthMessage } } }"
STAR = "mutation($id: ID!) { setFavorite(id: $id, favorite: true) }"
READER, WRITER = (Viewer(name, "", False, "", None) for name in ("reader", "writer"))
ADMIN = Viewer("admin", "", True, "", None)


class Watch:
    """A monotonic clock that a test winds."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


class Kitchen:
    """Shared answers whose making is counted. `looked_up`: what they say of stars."""

    def __init__(self, running: Running) -> None:
        plane = running.plane
        self.watch = Watch()
        self.made: list[Viewer] = []
        self.looked_up: frozenset[str] = frozenset()
        self.sharable = True
        self.at_it, self.done = asyncio.Event(), asyncio.Event()
        self.done.set()
        self._shared = SharedAnswers(plane.changes, plane.connected.news, plane.authority, plane.favorites, self.watch)

    async def serve(self, viewer: Viewer, question: str = "what is there?") -> bytes:
        async def make(on_behalf: Viewer) -> Answer:
            self.made.append(on_behalf)
            number = len(self.made)
            self.at_it.set()
            await self.done.wait()
            return Answer(b"%d" % number, self.looked_up, sharable=self.sharable)

        return (await self._shared.answer(viewer, question, make)).body


@pytest.fixture
def kitchen(running: Running, runtime: FakeRuntime) -> Kitchen:
    return Kitchen(running)


def shown(answer: dict[str, object]) -> dict[str, dict[str, object]]:
    """Rows by name."""
    applications = answer["applications"]
    assert isinstance(applications, dict)
    return {row["metadata"]["name"]: row for row in applications["nodes"]}


async def test_all_who_see_the_same_wait_for_one_making(kitchen: Kitchen) -> None:
    served = await asyncio.gather(*(kitchen.serve(viewer) for viewer in (READER, WRITER, READER, WRITER)))
    assert (served, len(kitchen.made)) == ([b"1"] * 4, 1)
    assert await kitchen.serve(WRITER) == b"1"


async def test_who_sees_more_or_asks_otherwise_gets_an_own_one(kitchen: Kitchen) -> None:
    assert await kitchen.serve(READER) == b"1"
    assert await kitchen.serve(ADMIN) == b"2"
    assert await kitchen.serve(READER, "and else?") == b"3"
    assert await kitchen.serve(READER) == b"1"


async def test_an_answer_ends_with_the_first_change(kitchen: Kitchen, running: Running, fleet: Fleet) -> None:
    assert await kitchen.serve(READER) == b"1"
    running.plane.changes.lose()
    assert await kitchen.serve(READER) == b"2"
    running.plane.connected.news.tell("demo")
    assert await kitchen.serve(READER) == b"3"
    kitchen.watch.now += KEPT_SECONDS + 1
    assert await kitchen.serve(READER) == b"4"


async def test_an_answer_that_a_change_overtook_is_for_those_who_waited(kitchen: Kitchen, running: Running) -> None:
    kitchen.done.clear()
    begun = asyncio.create_task(kitchen.serve(READER))
    await kitchen.at_it.wait()
    running.plane.changes.lose()
    kitchen.done.set()
    assert await kitchen.serve(WRITER) == b"2"
    assert await begun == b"1"
    assert await kitchen.serve(READER) == b"2"


async def test_it_is_made_for_what_its_key_says(kitchen: Kitchen, running: Running, runtime: FakeRuntime) -> None:
    """Rights that change while it is made: what it shows is decided by then, and the next one has another key."""
    before = await running.plane.authority.visibility(READER)
    kitchen.done.clear()
    begun = asyncio.create_task(kitchen.serve(READER))
    await kitchen.at_it.wait()
    runtime.rights["reader"] = {}
    running.plane.authority.forget("reader")
    kitchen.done.set()
    await begun
    assert await running.plane.authority.visibility(kitchen.made[0]) == before
    assert await running.plane.authority.visibility(READER) == Visibility()
    assert await kitchen.serve(READER) == b"2"
    assert await kitchen.serve(WRITER) == b"1"


async def test_stars_matter_where_they_are_shown(kitchen: Kitchen, running: Running) -> None:
    await running.plane.favorites.put("reader", "Application", "demo/argosy/cart", starred=True)
    kitchen.looked_up = frozenset({"demo/argosy/web"})
    assert await kitchen.serve(READER) == await kitchen.serve(WRITER) == b"1"
    kitchen.looked_up = frozenset({"demo/argosy/web", "demo/argosy/cart"})
    running.plane.changes.lose()
    assert await kitchen.serve(READER) == b"2"
    assert await kitchen.serve(WRITER) == b"3"
    assert (await kitchen.serve(READER), await kitchen.serve(WRITER)) == (b"2", b"3")


async def test_what_went_wrong_is_nobody_elses(kitchen: Kitchen) -> None:
    kitchen.sharable = False
    assert (await kitchen.serve(READER), await kitchen.serve(WRITER)) == (b"1", b"2")


async def test_people_with_other_rights_never_share_over_http(running: Running, runtime: FakeRuntime) -> None:
    for person, sees_it in (("reader", False), ("admin", True), ("reader", False), ("admin", True), ("writer", False)):
        assert ("hidden" in shown(await running.query(person, LIST))) is sees_it


async def test_rights_that_change_change_the_next_answer(running: Running, runtime: FakeRuntime) -> None:
    assert shown(await running.query("reader", LIST)) == shown(await running.query("writer", LIST))
    runtime.rights["reader"] = {SECRET_REPO: (True, False)}
    running.plane.authority.forget("reader")
    assert set(shown(await running.query("reader", LIST))) == {"hidden"}
    assert "hidden" not in shown(await running.query("writer", LIST))


async def test_a_change_reaches_everybody_who_asks_after_it(running: Running, runtime: FakeRuntime) -> None:
    before = await running.query("writer", LIST)
    assert await running.query("reader", LIST) == before
    await runtime.report(ApplicationChanged(renamed("broken", health_message="other words")))
    for person in ("reader", "writer", "admin"):
        after = await running.query(person, LIST)
        assert shown(after)["broken"]["healthMessage"] == "other words"
        assert after["cursor"] != before["cursor"]


async def test_a_star_is_its_owners(running: Running, runtime: FakeRuntime) -> None:
    rows = shown(await running.query("writer", LIST))
    await running.query("writer", STAR, id=rows["cart"]["id"])

    async def starred(person: str) -> list[str]:
        return [name for name, row in shown(await running.query(person, LIST)).items() if row["metadata"]["favorite"]]

    assert [await starred(person) for person in ("reader", "writer", "reader")] == [[], ["cart"], []]
    asked = "{ applications(filters: {favorite: true}) { nodes { metadata { name favorite } id healthMessage } } }"
    assert set(shown(await running.query("writer", asked))) == {"cart"}
    assert shown(await running.query("reader", asked)) == {}


SHARED = {
    *(
        "applications",
        "application_counts",
        "application_children",
        "application_choices",
        "applications_again",
        "attention",
    ),
    *("jump", "history", "memberships", "git_source_manifest", "runtime_names", "product_column"),
}


def test_only_what_follows_from_what_one_sees_is_shared() -> None:
    """A new operation of the console is shared only when somebody decides so here."""
    schema = build_schema()
    found = {name for name in operations() if is_sharable(schema, document(name), None, {})}
    assert found == SHARED


@pytest.mark.parametrize(
    ("text", "variables"),
    [
        ("{ applications { nodes { id } } me { name } }", {}),
        ("{ applications { nodes { permissions { edit { allowed } } } } }", {}),
        ("{ applications(filters: {favorite: true}) { nodes { id } } }", {}),
        (document("applications"), {"filters": {"favorite": False}}),
        ("mutation { applications { nodes { id } } }", {}),
        ("query A { applications { nodes { id } } } query B { applications { nodes { id } } }", {}),
        ("{ applications { nodes { ...No } } }", {}),
        ("{ applications { nodes { nothing } } }", {}),
        ("{ applications { nodes {", {}),
        ("{ __schema { types { name } } }", {}),
    ],
)
def test_what_is_not_known_to_be_the_same_is_not_shared(text: str, variables: dict[str, object]) -> None:
    assert not is_sharable(build_schema(), text, None, variables)
