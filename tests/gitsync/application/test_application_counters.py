"""Counters over verdicts: what they say never depends on the order in which verdicts came."""

from hypothesis import given
from hypothesis import strategies as st

from gitsync.application.state import ApplicationState, MemoKey, ObjectVerdict
from gitsync.health.aggregate import ResourceHealth, aggregate_health
from model.health import Health, HealthReport, Sync
from model.identity import ResourceKey

MEMO = MemoKey("d", "1", "")


def verdict(
    name: str, *, sync: Sync = Sync.SYNCED, health: Health | None = None, exists: bool = True, prune: bool = False
) -> ObjectVerdict:
    return ObjectVerdict(
        key=ResourceKey("", "ConfigMap", "default", name),
        version="v1",
        memo=MEMO,
        sync=sync,
        health=HealthReport(health) if health else None,
        exists=exists,
        desired=not prune,
        requires_pruning=prune,
    )


def state_of(*verdicts: ObjectVerdict) -> ApplicationState:
    state = ApplicationState()
    for one in verdicts:
        state.put(one)
    return state


def test_an_application_without_objects_is_synced_and_healthy() -> None:
    assert (ApplicationState().sync, ApplicationState().health) == (Sync.SYNCED, Health.HEALTHY)


def test_one_object_out_of_sync_is_enough() -> None:
    assert state_of(verdict("a"), verdict("b", sync=Sync.OUT_OF_SYNC)).sync is Sync.OUT_OF_SYNC


def test_what_cannot_be_told_is_never_synced() -> None:
    assert state_of(verdict("a"), verdict("b", sync=Sync.UNKNOWN)).sync is Sync.UNKNOWN


def test_missing_objects_count_only_when_nothing_exists() -> None:
    missing = verdict("a", health=Health.MISSING, exists=False, sync=Sync.OUT_OF_SYNC)
    assert state_of(missing).health is Health.MISSING
    assert state_of(missing, verdict("b", health=Health.HEALTHY)).health is Health.HEALTHY


def test_a_verdict_that_changed_nothing_shown_says_so() -> None:
    state = state_of(verdict("a"))
    assert state.put(verdict("a")) is False
    assert state.put(verdict("a", sync=Sync.OUT_OF_SYNC)) is True


def test_the_message_names_three_causes_and_counts_the_rest() -> None:
    state = state_of(*(verdict(str(number), health=Health.DEGRADED) for number in range(5)))
    assert state.health_message().count("ConfigMap") == 3
    assert state.health_message().endswith("and 2 more")


def test_wiping_out_is_recognised() -> None:
    assert state_of(verdict("a", prune=True, sync=Sync.OUT_OF_SYNC)).would_prune_all
    assert not state_of(verdict("a", prune=True, sync=Sync.OUT_OF_SYNC), verdict("b")).would_prune_all
    assert not ApplicationState().would_prune_all


def test_only_prunes_missing_needs_every_difference_to_be_a_prune() -> None:
    prune = verdict("a", prune=True, sync=Sync.OUT_OF_SYNC)
    assert state_of(prune, verdict("b")).only_prunes_missing
    assert not state_of(prune, verdict("b", sync=Sync.OUT_OF_SYNC)).only_prunes_missing


VERDICTS = st.builds(
    verdict,
    st.sampled_from("abcdef"),
    sync=st.sampled_from(list(Sync)),
    health=st.sampled_from([None, Health.HEALTHY, Health.PROGRESSING, Health.DEGRADED, Health.SUSPENDED]),
)


@given(st.lists(st.tuples(VERDICTS, st.booleans()), max_size=60))
def test_counters_equal_a_recount(steps: list[tuple[ObjectVerdict, bool]]) -> None:
    state = ApplicationState()
    known: dict[ResourceKey, ObjectVerdict] = {}
    for one, gone in steps:
        if gone:
            state.remove(one.key)
            known.pop(one.key, None)
        else:
            state.put(one)
            known[one.key] = one
    fresh = state_of(*known.values())
    assert (state.sync, state.health, state.out_of_sync) == (fresh.sync, fresh.health, fresh.out_of_sync)
    resources = [ResourceHealth(one.key, one.health, live=one.exists) for one in known.values()]
    assert state.health is aggregate_health(resources).status
