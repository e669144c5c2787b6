"""Each folder in cases/ holds a desired object, the live one as a real API server returned it, and what differs."""

from pathlib import Path
from typing import Any

import pytest

from gitsync.diff.compute import compute_diff
from gitsync.inspect.files import key_of, read_single
from gitsync.manifest.object import DesiredObject, Origin
from model.change import FieldChange
from tests.support.yaml_text import read_yaml

CASES = sorted(Path(__file__).with_name("cases").iterdir())


def desired_of(body: dict[str, Any]) -> DesiredObject:
    return DesiredObject(key_of(body), body["apiVersion"].rpartition("/")[2], body, "", Origin("desired.yaml"))


def told(change: FieldChange) -> dict[str, str]:
    entries = {"path": change.path, "reason": change.reason, "manager": change.manager}
    return {name: value for name, value in entries.items() if value is not None}


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_diff_names_exactly_what_differs_and_who_wrote_it(case: Path) -> None:
    desired, live = read_single(str(case / "desired.yaml")), read_single(str(case / "live.yaml"))
    expected = read_expected(case)

    diff = compute_diff(desired_of(desired), live)

    assert diff.modified is expected["modified"]
    assert [told(change) for change in diff.changes] == expected["changes"]
    assert diff.arbiter_needed is expected["arbiterNeeded"]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_what_a_sync_would_leave_behind_is_in_sync(case: Path) -> None:
    desired, live = read_single(str(case / "desired.yaml")), read_single(str(case / "live.yaml"))
    diff = compute_diff(desired_of(desired), live)
    assert diff.predicted_live is not None
    if desired["kind"] == "Secret":
        return  # the prediction is masked
    claims = live["metadata"].get("managedFields", [])
    settled = {**diff.predicted_live, "metadata": {**diff.predicted_live["metadata"], "managedFields": claims}}
    assert not compute_diff(desired_of(desired), settled).modified


def read_expected(case: Path) -> dict[str, Any]:
    loaded: dict[str, Any] = read_yaml((case / "expected.yaml").read_text())
    return loaded
