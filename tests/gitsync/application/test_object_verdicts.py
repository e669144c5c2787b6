"""What one object means to its application: states shown and not shown, copies, extraneous objects, shared ones."""

import pytest

from gitsync.application.state import ApplicationState, MemoKey
from gitsync.application.verdict import judge_extra, judge_refused, shared_condition
from gitsync.manifest.annotations import compare_choice
from gitsync.manifest.object import DesiredObject, LiveObject, Origin
from model.health import Sync
from model.identity import ResourceKey
from model.kinds.meta import OwnerReference

KEY = ResourceKey("", "ConfigMap", "shop", "settings")
MEMO = MemoKey("", "1", "")
OWN = "shop:/ConfigMap:shop/settings"
COPIED = "shop:/ConfigMap:shop/original"


def live(owner: str, *, owners: tuple[OwnerReference, ...] = (), options: str = "") -> LiveObject:
    annotations = {"argocd.argoproj.io/compare-options": options} if options else {}
    return LiveObject(
        key=KEY, version="v1", uid="u", resource_version="1", annotations=annotations, owners=owners, owner=owner
    )


def state_of(one: LiveObject) -> ApplicationState:
    state = ApplicationState()
    verdict = judge_extra(one, MEMO)
    assert verdict is not None
    state.put(verdict)
    return state


def test_what_left_git_is_out_of_sync_and_would_be_pruned() -> None:
    state = state_of(live(OWN))
    (verdict,) = state
    assert (verdict.sync_shown, verdict.requires_pruning) == ("OutOfSync", True)
    assert state.sync is Sync.OUT_OF_SYNC
    assert state.would_prune_all


def test_an_extraneous_object_that_is_to_be_ignored_shows_its_state_and_does_not_count() -> None:
    state = state_of(live(OWN, options="IgnoreExtraneous"))
    (verdict,) = state
    assert (verdict.sync_shown, verdict.requires_pruning) == ("OutOfSync", True)
    assert state.sync is Sync.SYNCED


@pytest.mark.parametrize("there", [True, False])
def test_what_the_project_does_not_permit_is_unknown_whether_it_lives_or_not(there: bool) -> None:
    verdict = judge_refused(DesiredObject(KEY, "v1", {}, "digest", Origin("a.yaml", 0)), live(OWN) if there else None)
    assert (verdict.sync_shown, verdict.counts_for_health, verdict.exists) == ("Unknown", False, there)


def test_a_copy_is_shown_without_a_state_and_never_pruned() -> None:
    state = state_of(live(COPIED))
    (verdict,) = state
    assert (verdict.sync_shown, verdict.requires_pruning, verdict.desired) == ("", False, False)
    assert state.sync is Sync.SYNCED
    assert not state.would_prune_all


def test_what_another_object_owns_is_no_part_of_the_application_itself() -> None:
    owner = OwnerReference(api_version="apps/v1", kind="Deployment", name="web", uid="d")
    for mark in (OWN, COPIED, "no mark at all"):
        assert judge_extra(live(mark, owners=(owner,)), MEMO) is None
    assert judge_extra(live("no mark at all"), MEMO) is None


def test_shared_with_another_application_only_by_a_mark_made_for_this_very_object() -> None:
    assert shared_condition("mine", live(OWN), "it") is not None
    assert shared_condition("shop", live(OWN), "it") is None
    assert shared_condition("mine", live(COPIED), "it") is None
    assert shared_condition("mine", live(""), "it") is None


@pytest.mark.parametrize(
    ("own", "application", "on"),
    [
        ("", "", False),
        ("ServerSideDiff=true", "", True),
        ("", "ServerSideDiff=true", True),
        ("ServerSideDiff=false", "ServerSideDiff=true", False),
        ("IgnoreExtraneous, ServerSideDiff=true", "", True),
        ("IgnoreExtraneous", "ServerSideDiff=true,IncludeMutationWebhook=true", True),
    ],
)
def test_an_objects_own_compare_option_comes_before_its_applications(own: str, application: str, on: bool) -> None:
    annotations = [{"argocd.argoproj.io/compare-options": text} if text else {} for text in (own, application)]
    assert compare_choice("ServerSideDiff", annotations[0], annotations[1]) is on
