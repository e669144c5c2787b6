"""Client-side apply merges as kubectl does, by cases, and remembers what it applied."""

from pathlib import Path
from typing import Any

import msgspec
import pytest

from gitsync.diff.client_side import client_side_patch, last_applied_text, with_last_applied
from gitsync.diff.normalize import LAST_APPLIED
from gitsync.manifest.object import JsonObject
from tests.support.yaml_text import read_yaml

CASES = read_yaml(Path(__file__).with_name("client_side.yaml").read_text())["cases"]


def whole(part: dict[str, Any], kind: str) -> JsonObject:
    metadata = {"name": "web", "namespace": "shop", **part.get("metadata", {})}
    return {"apiVersion": "v1", "kind": kind, **part, "metadata": metadata}


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["name"])
def test_a_merge_keeps_what_is_others(case: dict[str, Any]) -> None:
    kind = case.get("kind", "ConfigMap")
    desired, live = whole(case["desired"], kind), whole(case["live"], kind)
    if "applied" in case:
        annotations = dict(live["metadata"].get("annotations") or {})
        annotations[LAST_APPLIED] = last_applied_text(whole(case["applied"], kind))
        live["metadata"]["annotations"] = annotations
    patch = client_side_patch(desired, live)
    text = patch.get("metadata", {}).get("annotations", {}).pop(LAST_APPLIED, None)
    assert (text is None) == (case.get("applied") == case["desired"])
    if patch.get("metadata") == {"annotations": {}}:
        del patch["metadata"]
    assert patch == case["patch"]


def test_what_was_applied_is_one_line_without_itself() -> None:
    made = with_last_applied(with_last_applied(whole({"data": {"b": "1", "a": "1"}}, "ConfigMap")))
    text = made["metadata"]["annotations"][LAST_APPLIED]
    assert text == text.strip() + "\n"
    applied = msgspec.json.decode(text)
    assert applied["metadata"] == {"annotations": {}, "name": "web", "namespace": "shop"}
    assert list(applied) == sorted(applied)


def test_a_prediction_writes_nothing_down() -> None:
    desired, live = whole({"data": {"a": "1"}}, "ConfigMap"), whole({"data": {"b": "1"}}, "ConfigMap")
    assert client_side_patch(desired, live, annotate=False) == {"data": {"a": "1"}}
