"""Which of several processes looks after which cluster."""

import base64
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gitsync.fleet.shards import Division, Shares, owner, pinned_shard

HOME = "https://kubernetes.default.svc"
numbers = st.frozensets(st.integers(0, 8), min_size=1)
servers = st.text("abc.", min_size=1, max_size=8)


def secret(shard: str = "") -> dict[str, Any]:
    data = {"shard": base64.b64encode(shard.encode()).decode()} if shard else {}
    return {"metadata": {"name": "far"}, "data": data}


@given(servers, numbers, st.none() | st.integers(0, 9))
def test_each_cluster_has_one_owner_among_those_at_work(server: str, live: frozenset[int], pinned: int | None) -> None:
    owners = [number for number in live if Division(number, live).is_ours(server, pinned)]
    assert owners == [owner(server, live, pinned)]
    assert pinned not in live or owners == [pinned]


@given(servers, numbers, st.integers(0, 8))
def test_only_clusters_of_who_comes_or_goes_move(server: str, live: frozenset[int], other: int) -> None:
    before, after = owner(server, live - {other} or live), owner(server, live | {other})
    assert after in (before, other)


def test_clusters_are_spread() -> None:
    count = [0, 0, 0]
    for number in range(300):
        count[owner(f"https://cluster-{number}", frozenset({0, 1, 2}))] += 1
    assert min(count) > 60


def test_nothing_is_ours_while_we_cannot_tell_whether_we_have_our_number() -> None:
    assert not Division(1, frozenset()).is_ours("https://far")
    assert not Division(1, frozenset({0})).is_ours("https://far", 1)


@pytest.mark.parametrize(("text", "number"), [("2", 2), (" 0 ", 0), ("", None), ("-1", None), ("two", None)])
def test_the_shard_that_a_secret_names(text: str, number: int | None) -> None:
    assert pinned_shard(secret(text)) == number
    assert pinned_shard(None) is None


def test_destinations_are_told_apart_by_server_and_by_name() -> None:
    shares = Shares(HOME, "in-cluster")
    shares.note("far", "https://far", "far", secret("1"))
    shares.note("near", "https://near", "near", secret("0"))
    shares.division = Division(0, frozenset({0, 1}))
    assert shares.is_elsewhere("https://far", "")
    assert shares.is_elsewhere("", "far")
    assert not shares.is_elsewhere("https://near", "")
    assert not shares.is_elsewhere("", "near")
    assert (shares.follows("far"), shares.follows("near"), shares.follows("none")) == (False, True, False)
    shares.division = Division(0, frozenset({0}))  # the other went
    assert shares.follows("far")
    shares.forget("far")
    assert not shares.follows("far")


def test_the_home_cluster_is_followed_by_all_and_looked_after_by_one() -> None:
    live = frozenset({0, 1, 2})
    every = []
    for number in live:
        shares = Shares(HOME, "in-cluster")
        shares.note("home", HOME, "here", secret("2"))
        shares.division = Division(number, live)
        assert shares.follows("home")
        every.append((shares.is_elsewhere(HOME, ""), shares.is_elsewhere("", "here")))
    assert every == [(True, True), (True, True), (False, False)]


def test_a_destination_that_nobody_knows_or_that_two_have_is_told_by_the_first() -> None:
    for number in (0, 1):
        shares = Shares(HOME, "in-cluster")
        shares.note("one", "https://one", "twin", secret())
        shares.note("two", "https://two", "twin", secret())
        shares.division = Division(number, frozenset({0, 1}))
        assert shares.is_elsewhere("https://nowhere", "") is bool(number)
        assert shares.is_elsewhere("", "twin") is bool(number)
        assert shares.is_elsewhere("", "") is bool(number)
