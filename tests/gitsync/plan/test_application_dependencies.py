"""What an application depends on, who blocks it, and cycles."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gitsync.plan.dependencies import Standing, blocked_by, cycle_through, declared, told_cycle
from model.health import Health, Sync
from model.identity import ApplicationKey

FINE = Standing(Sync.SYNCED, Health.HEALTHY)


def key(name: str, namespace: str = "argosy") -> ApplicationKey:
    return ApplicationKey(namespace, name)


@pytest.mark.parametrize(
    "annotation",
    [
        "db, other/cache",
        '["db", "other/cache"]',
        "- db\n- other/cache  # of another team\n",
        "[db,\n 'other/cache']",
        "db,db,other/cache,",
    ],
)
def test_names_are_separated_by_commas_or_are_a_list(annotation: str) -> None:
    assert declared(annotation, "argosy").keys == (key("db"), key("cache", "other"))


@pytest.mark.parametrize(
    "annotation", ["Data Base", "a/b/c", "db: yes", "../etc", ",".join(f"a{n}" for n in range(101))]
)
def test_what_is_no_name_is_a_problem_and_not_skipped(annotation: str) -> None:
    assert declared(annotation, "argosy").problem
    assert declared(annotation, "argosy").keys == ()


@pytest.mark.parametrize(
    ("standing", "word"),
    [
        (FINE, ""),
        (Standing(Sync.SYNCED, Health.PROGRESSING), "Progressing"),
        (Standing(Sync.OUT_OF_SYNC, Health.HEALTHY), "OutOfSync"),
        (Standing(Sync.UNKNOWN, Health.HEALTHY), "Unknown"),
        (Standing(Sync.SYNCED, Health.HEALTHY, operating=True), "syncing"),
        (Standing(Sync.SYNCED, Health.HEALTHY, settled=False), "being compared"),
        (Standing(Sync.SYNCED, Health.HEALTHY, deleting=True), "being deleted"),
    ],
)
def test_others_build_only_on_what_is_synced_healthy_and_at_rest(standing: Standing, word: str) -> None:
    assert standing.word == word


def test_the_message_names_who_blocks_and_why() -> None:
    standings = {key("db"): Standing(Sync.SYNCED, Health.PROGRESSING), key("ok"): FINE}
    asked = (key("db"), key("ok"), key("gone", "far"))
    assert blocked_by(asked, standings, namespace="argosy") == "blocked by db (Progressing), far/gone (does not exist)"
    many = tuple(key(f"a{number}") for number in range(5))
    assert blocked_by(many, {}, namespace="argosy").endswith("a2 (does not exist) and 2 more")
    assert blocked_by((key("ok"),), standings, namespace="argosy") == ""


def test_a_cycle_is_named_from_the_application_back_to_itself() -> None:
    edges = {key("a"): (key("x"), key("b")), key("b"): (key("c"),), key("c"): (key("a"),)}
    cycle = cycle_through(key("a"), lambda one: edges.get(one, ()))
    assert told_cycle(cycle, "argosy") == "blocked by a cycle of dependencies: a -> b -> c -> a"
    assert cycle_through(key("x"), lambda one: edges.get(one, ())) == ()
    assert cycle_through(key("s"), lambda one: (one,)) == (key("s"), key("s"))


GRAPHS = st.dictionaries(st.integers(0, 6), st.sets(st.integers(0, 6), max_size=3), max_size=7)


@given(GRAPHS)
def test_a_cycle_is_found_exactly_where_there_is_one(graph: dict[int, set[int]]) -> None:
    def follow(one: ApplicationKey) -> list[ApplicationKey]:
        return [key(str(other)) for other in sorted(graph.get(int(one.name), ()))]

    reach: dict[int, set[int]] = {node: set(graph.get(node, ())) for node in range(7)}
    for _ in range(7):
        reach = {node: direct.union(*(reach[other] for other in direct)) for node, direct in reach.items()}
    for node in range(7):
        cycle = cycle_through(key(str(node)), follow)
        assert bool(cycle) is (node in reach[node])
        assert all(there in follow(here) for here, there in pairwise(cycle))
        assert not cycle or cycle[0] == cycle[-1] == key(str(node))
