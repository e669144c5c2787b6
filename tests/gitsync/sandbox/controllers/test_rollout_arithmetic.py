"""How many replicas each ReplicaSet gets next."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gitsync.sandbox.controllers.rollout import Group, Limits, limits_of, new_size, old_sizes, proportional_sizes

LIMITS = [
    # replicas, strategy, surge, unavailable
    (4, {}, 1, 1),
    (10, {}, 3, 2),
    (1, {}, 1, 0),
    (0, {}, 0, 0),
    (4, {"type": "Recreate"}, 0, 0),
    (4, {"rollingUpdate": {"maxSurge": 0, "maxUnavailable": 0}}, 0, 1),
    (4, {"rollingUpdate": {"maxSurge": "50%", "maxUnavailable": 0}}, 2, 0),
    (3, {"rollingUpdate": {"maxSurge": "34%", "maxUnavailable": "34%"}}, 2, 1),
    (2, {"rollingUpdate": {"maxUnavailable": 5}}, 1, 2),
]


@pytest.mark.parametrize(("replicas", "strategy", "surge", "unavailable"), LIMITS)
def test_percentages_round_up_for_surge_and_down_for_unavailable(
    replicas: int, strategy: dict[str, object], surge: int, unavailable: int
) -> None:
    spec = {"replicas": replicas, "strategy": {"type": "RollingUpdate", **strategy}}
    assert limits_of({"spec": spec}) == Limits(replicas, surge, unavailable)


STEPS = [
    # replicas, surge, unavailable, new (replicas, available), old, expected new, expected old changes
    (3, 1, 0, (0, 0), [(3, 3)], 1, {}),
    (3, 1, 0, (1, 0), [(3, 3)], 1, {}),
    (3, 1, 0, (1, 1), [(3, 3)], 1, {"old-0": 2}),
    (3, 1, 0, (1, 1), [(2, 2)], 2, {}),
    (4, 1, 1, (0, 0), [(4, 4)], 1, {"old-0": 3}),
    (3, 1, 0, (1, 0), [(3, 1)], 1, {}),
    (3, 1, 1, (1, 0), [(2, 0), (1, 1)], 1, {"old-0": 1}),
    (2, 0, 2, (0, 0), [(2, 2)], 0, {"old-0": 0}),
    (1, 1, 0, (5, 5), [], 1, {}),
]


@pytest.mark.parametrize(("replicas", "surge", "unavailable", "new", "old", "new_after", "old_after"), STEPS)
def test_a_step_of_a_rolling_update(
    replicas: int,
    surge: int,
    unavailable: int,
    new: tuple[int, int],
    old: list[tuple[int, int]],
    new_after: int,
    old_after: dict[str, int],
) -> None:
    limits = Limits(replicas, surge, unavailable)
    olds = [Group(f"old-{number}", *sizes) for number, sizes in enumerate(old)]
    assert new_size(limits, Group("new", *new), olds) == new_after
    assert old_sizes(limits, Group("new", *new), olds) == old_after


sizes = st.integers(min_value=0, max_value=20)


@given(
    replicas=sizes, surge=sizes, unavailable=sizes, new=sizes, old=st.lists(st.tuples(sizes, sizes), max_size=4),
    available=sizes,
)  # fmt: skip
def test_a_step_never_breaks_the_promises(
    replicas: int, surge: int, unavailable: int, new: int, old: list[tuple[int, int]], available: int
) -> None:
    limits = Limits(replicas, surge, min(unavailable, replicas))
    new_group = Group("new", new, min(new, available))
    olds = [Group(f"old-{number}", size, min(size, up)) for number, (size, up) in enumerate(old)]
    total = new + sum(group.replicas for group in olds)
    grown = new_size(limits, new_group, olds)
    assert grown <= max(new, replicas)
    assert grown <= new or total - new + grown <= limits.most
    changed = old_sizes(limits, new_group, olds)
    serving = new_group.available + sum(group.available for group in olds)
    left = new_group.available + sum(min(group.available, changed.get(group.name, group.replicas)) for group in olds)
    assert all(size >= 0 for size in changed.values())
    assert left >= min(serving, limits.fewest_available)


@given(replicas=sizes, surge=sizes, groups=st.lists(sizes, min_size=1, max_size=5))
def test_scaling_amid_a_rollout_fills_the_room_exactly(replicas: int, surge: int, groups: list[int]) -> None:
    limits = Limits(replicas, surge, 0)
    before = [Group(f"set-{number}", size) for number, size in enumerate(groups)]
    after = proportional_sizes(limits, before)
    assert all(size >= 0 for size in after.values())
    assert sum(after.values()) == (limits.most if replicas else 0)


def test_scaling_amid_a_rollout_keeps_the_proportions() -> None:
    groups = [Group("new", 5, of_most=13), Group("old", 8, of_most=13)]
    assert proportional_sizes(Limits(15, 4, 0), groups) == {"new": 7, "old": 12}
