"""Statuses: complete, stable, and written only for a reason."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from gitsync.application.state import MemoKey, ObjectVerdict
from gitsync.application.status import StatusView, assemble, status_patch
from gitsync.manifest.merge_patch import apply_merge_patch, merge_patch
from gitsync.render.detect import SourceType
from model.health import Health, HealthReport, Sync
from model.identity import ResourceKey
from model.kinds.application import ApplicationCondition

NOW = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
LATER = NOW + timedelta(hours=1)
SPEC: dict[str, Any] = {
    "project": "default",
    "source": {"repoURL": "https://git.example.com/apps.git", "path": "web", "unknown": {"kept": True}},
    "destination": {"server": "https://kubernetes.default.svc", "namespace": "web"},
}
DEPLOYMENT = ObjectVerdict(
    key=ResourceKey("apps", "Deployment", "web", "web"),
    version="v1",
    memo=MemoKey("d", "1", ""),
    sync=Sync.SYNCED,
    health=HealthReport(Health.PROGRESSING, "1 of 3"),
    exists=True,
    desired=True,
    wave=2,
    images=("web:1",),
    urls=("https://web.example.com",),
)


def view(**changes: Any) -> StatusView:
    values: dict[str, Any] = {
        "spec": SPEC,
        "sync": Sync.SYNCED,
        "revision": "abc",
        "health": Health.PROGRESSING,
        "health_message": "",
        "verdicts": [DEPLOYMENT],
        "conditions": [],
        "source_type": "Directory",
        "control_namespace": "argosy",
    }
    return StatusView(**{**values, **changes})


def test_the_status_has_every_field_that_clients_read() -> None:
    status = assemble(view(), {}, now=NOW)
    assert status["sync"]["status"] == "Synced"
    assert status["sync"]["revision"] == "abc"
    assert status["sync"]["comparedTo"]["source"] == SPEC["source"]
    assert status["health"] == {"status": "Progressing", "lastTransitionTime": "2026-01-02T03:04:05Z"}
    assert status["summary"] == {"images": ["web:1"], "externalURLs": ["https://web.example.com"]}
    assert status["sourceType"] == "Directory"
    assert status["controllerNamespace"] == "argosy"
    assert status["resources"] == [
        {
            "group": "apps",
            "version": "v1",
            "kind": "Deployment",
            "namespace": "web",
            "name": "web",
            "status": "Synced",
            "health": {"status": "Progressing", "message": "1 of 3"},
            "syncWave": 2,
        }
    ]


def test_an_unchanged_application_is_not_written() -> None:
    status = assemble(view(), {}, now=NOW)
    assert status_patch(status, assemble(view(), status, now=LATER)) is None


def test_a_fresh_render_of_the_same_kind_of_source_is_not_written() -> None:
    for spec in (SPEC, {**SPEC, "sources": [SPEC["source"]]}):
        fresh = view(spec=spec, source_type=SourceType.DIRECTORY, source_types=(SourceType.DIRECTORY,))
        read_back = json.loads(json.dumps(assemble(fresh, {}, now=NOW)))
        assert status_patch(read_back, assemble(fresh, read_back, now=LATER)) is None


def test_a_changed_health_has_a_new_transition_time_and_an_unchanged_one_keeps_its_own() -> None:
    status = assemble(view(), {}, now=NOW)
    healthy = assemble(view(health=Health.HEALTHY), status, now=LATER)
    assert healthy["health"]["lastTransitionTime"] == "2026-01-02T04:04:05Z"
    assert assemble(view(), status, now=LATER)["health"] == status["health"]


def test_a_condition_keeps_its_time_while_it_says_the_same() -> None:
    broken = [ApplicationCondition("ComparisonError", "no such path")]
    status = assemble(view(conditions=broken), {}, now=NOW)
    again = assemble(view(conditions=broken), status, now=LATER)
    assert again["conditions"] == status["conditions"]
    gone = status_patch(status, assemble(view(), status, now=LATER))
    assert gone is not None
    assert gone["conditions"] is None


def test_when_nothing_can_be_told_no_object_is_called_synced() -> None:
    status = assemble(view(sync=Sync.UNKNOWN), {}, now=NOW)
    assert [one["status"] for one in status["resources"]] == ["Unknown"]


def test_what_was_written_before_is_kept_while_nothing_was_compared() -> None:
    before = assemble(view(), {}, now=NOW)
    kept = assemble(view(verdicts=[], sync=Sync.UNKNOWN, kept=before), before, now=LATER)
    assert kept["resources"] == before["resources"]


JSON = st.recursive(
    st.integers() | st.text(max_size=3) | st.booleans(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from("abc"), inner, max_size=3),
    max_leaves=12,
)
OBJECTS = st.dictionaries(st.sampled_from("abc"), JSON, max_size=3)


@given(OBJECTS, OBJECTS)
def test_a_merge_patch_leads_from_one_to_the_other(old: dict[str, Any], new: dict[str, Any]) -> None:
    assert apply_merge_patch(old, merge_patch(old, new)) == new
    assert merge_patch(new, new) == {}
