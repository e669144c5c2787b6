"""The rules of health, one table per family of kinds."""

from pathlib import Path
from typing import Any

import pytest

from gitsync.health.assess import RULES, assess_health
from gitsync.health.facts import facts_of
from tests.support.yaml_text import read_yaml

TABLES = sorted(Path(__file__).with_name("cases").glob("*.yaml"))
CASES = [(table.stem, case) for table in TABLES for case in read_yaml(table.read_text())["cases"]]


@pytest.mark.parametrize(("table", "case"), CASES, ids=[f"{table}: {case['name']}" for table, case in CASES])
def test_health_follows_from_the_object(table: str, case: dict[str, Any]) -> None:
    report = assess_health(case["object"])
    assert (str(report.status) if report else None) == case["status"]
    if "message" in case:
        assert report is not None
        assert report.message == case["message"]


@pytest.mark.parametrize(("table", "case"), CASES, ids=[f"{table}: {case['name']}" for table, case in CASES])
def test_facts_carry_the_same_health_and_never_fail(table: str, case: dict[str, Any]) -> None:
    assert facts_of(case["object"]).health == assess_health(case["object"])


def test_every_rule_has_a_case() -> None:
    kinds = {(str(case["object"]["apiVersion"]).rpartition("/")[0], case["object"]["kind"]) for _, case in CASES}
    assert set(RULES) - kinds <= {("argoproj.io", "Experiment")}


@pytest.mark.parametrize("kind", sorted(RULES))
@pytest.mark.parametrize("broken", [None, 1, "text", [], [1], {"conditions": 1}, {"containerStatuses": [1]}])
def test_no_object_is_too_broken_to_be_judged(kind: tuple[str, str], broken: object) -> None:
    group, name = kind
    version = "v2" if group == "autoscaling" else "v1"
    api_version = f"{group}/{version}" if group else "v1"
    for body in (
        {"apiVersion": api_version, "kind": name, "metadata": {}, "spec": broken, "status": broken},
        {"apiVersion": api_version, "kind": name, "metadata": broken, "status": {"conditions": broken}},
    ):
        facts_of(body)


@pytest.mark.parametrize("happened", ["True", "False"])
@pytest.mark.parametrize(
    "reason",
    [
        "FailedComputeMetricsReplicas",
        "FailedGetExternalMetric",
        "FailedGetObjectMetric",
        "FailedGetPodsMetric",
        "FailedGetResourceMetric",
        "FailedGetScale",
        "FailedUpdateScale",
        "InvalidSelector",
    ],
)
def test_each_reason_of_a_failing_autoscaler_degrades_it_whatever_its_condition_says(
    reason: str, happened: str
) -> None:
    conditions = [
        {"type": "AbleToScale", "status": "True", "reason": "ReadyForNewScale"},
        {"type": "ScalingActive", "status": happened, "reason": reason},
    ]
    body = {"apiVersion": "autoscaling/v2", "kind": "HorizontalPodAutoscaler", "status": {"conditions": conditions}}
    report = assess_health(body)
    assert report is not None
    assert report.status == "Degraded"


@pytest.mark.parametrize(
    ("phase", "status"),
    [
        ("", "Progressing"),
        ("Pending", "Progressing"),
        ("Running", "Progressing"),
        ("Succeeded", "Healthy"),
        ("Failed", "Degraded"),
        ("Error", "Degraded"),
        ("Sideways", "Unknown"),
    ],
)
def test_a_workflow_does_as_its_phase_says(phase: str, status: str) -> None:
    report = assess_health({"apiVersion": "argoproj.io/v1alpha1", "kind": "Workflow", "status": {"phase": phase}})
    assert report is not None
    assert report.status == status
