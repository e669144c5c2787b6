"""Rules that are data: every file is well formed, and says of realistic objects what their controllers mean."""

import copy
import re
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from gitsync.health.assess import assess_health
from gitsync.health.declared import rule_groups, rules_of
from gitsync.health.rule_file import parse_rule_file
from gitsync.health.rule_node import RuleError
from tests.support.yaml_text import read_yaml

FOLDER = Path(__file__).with_name("declared")
CONDITION = re.compile(r"([^=]+)=(\w+)(?:/([^:]*))?(?:: (.*))?")
TABLES = {table.stem: read_yaml(table.read_text()) for table in sorted(FOLDER.glob("*.yaml"))}
CASES = [(table["group"], case) for table in TABLES.values() for case in table["cases"]]


def condition(written: str) -> dict[str, str]:
    """`Ready=False/Reason: message`."""
    found = CONDITION.fullmatch(written)
    assert found is not None, written
    kind, status, reason, message = found.groups()
    return {"type": kind, "status": status, "reason": reason or "", "message": message or ""}


def built(group: str, case: dict[str, Any]) -> dict[str, Any]:
    """The object of a case: `gen` generation, `notes` annotations, `spec`, `s` status, `c` its conditions."""
    kind = next(iter(case))
    metadata = {"name": "shop", "namespace": "shop", "annotations": case.get("notes", {})}
    if "gen" in case:
        metadata["generation"] = case["gen"]
    status = dict(case.get("s", {}))
    if "c" in case:
        status["conditions"] = [condition(written) for written in case["c"]]
    return {
        "apiVersion": f"{group}/v1",
        "kind": kind,
        "metadata": metadata,
        "spec": case.get("spec", {}),
        "status": status,
    }


@pytest.mark.parametrize(("group", "case"), CASES, ids=[f"{group}-{number}" for number, (group, _) in enumerate(CASES)])
def test_declared_health_follows_from_the_object(group: str, case: dict[str, Any]) -> None:
    report = assess_health(built(group, case))
    assert (str(report.status) if report else None) == case[next(iter(case))]
    if "says" in case:
        assert report is not None
        assert report.message == case["says"]


def test_every_rule_file_is_well_formed_and_has_four_cases() -> None:
    assert {group.replace("*", "_") for group in rule_groups()} == set(TABLES)
    for group in rule_groups():
        rules = rules_of(group)
        assert rules is not None
        assert len(TABLES[group.replace("*", "_")]["cases"]) >= 4, group


def test_no_object_is_too_broken_for_a_declared_rule() -> None:
    for group, case in CASES:
        body = built(group, case)
        for broken in (None, 1, "text", [1], {"conditions": 1}, {"conditions": [1]}, {"phase": {}, "parents": [1]}):
            assess_health({**body, "status": broken, "spec": broken})
            assess_health({**body, "metadata": broken})


def test_a_declared_rule_takes_less_time_than_copying_its_object() -> None:
    """Beside each other in one process, since a busy machine slows both."""
    bodies = [built(group, case) for group, case in CASES]

    def seconds(work: Callable[[dict[str, Any]], object]) -> float:
        started = time.thread_time()
        for body in bodies:
            work(body)
        return time.thread_time() - started

    seconds(assess_health)  # the files are read at first use
    assert min(seconds(assess_health) for _ in range(5)) < min(seconds(copy.deepcopy) for _ in range(5))


WRONG = {
    "2: source is missing": "group: a\nkinds: {}",
    "3: unknown key colour": "group: a\nsource: x\ncolour: red\nkinds: {}",
    "4: the last rule": "group: a\nsource: x\nkinds:\n  A: [{healthy: {condition: Ready}}]",
    "5: a rule needs exactly one": "group: a\nsource: x\nkinds:\n  A:\n    - {well: 1}\n    - {otherwise: none}",
    "5: a test needs one of": "group: a\nsource: x\nkinds:\n  A:\n    - {healthy: {x: 1}}\n    - {otherwise: none}",
    "5: a condition is True": (
        "group: a\nsource: x\nkinds:\n  A:\n    - {healthy: {condition: R, is: yes}}\n    - {otherwise: none}"
    ),
    "5: not a regular expression": (
        "group: a\nsource: x\nkinds:\n  A:\n    - {healthy: {field: a, like: '('}}\n    - {otherwise: none}"
    ),
    "5: Bound is given twice": (
        "group: a\nsource: x\nkinds:\n  A:\n    - {phase: p, healthy: Bound, degraded: Bound}\n    - {otherwise: none}"
    ),
    "4: otherwise is one of": "group: a\nsource: x\nkinds:\n  A: [{otherwise: maybe}]",
    "4: A is given twice": "group: a\nsource: x\nkinds:\n  A, A: [{otherwise: none}]",
}


@pytest.mark.parametrize("told", WRONG)
def test_what_is_wrong_in_a_rule_file_is_told_with_its_line(told: str) -> None:
    line, _, words = told.partition(": ")
    with pytest.raises(RuleError, match=re.escape(words)) as caught:
        parse_rule_file(WRONG[told], file="a.yaml")
    assert caught.value.message.startswith(f"a.yaml:{line}:" if line != "2" else "a.yaml:1:")


NAMED = read_yaml(Path(__file__).with_name("named_groups.yaml").read_text())


@pytest.mark.parametrize("case", NAMED, ids=lambda case: next(iter(case)))
def test_every_named_group_is_judged_also_in_odd_states(case: dict[str, Any]) -> None:
    api_version, _, kind = next(iter(case)).partition(" ")
    named = {kind if key == f"{api_version} {kind}" else key: value for key, value in case.items()}
    report = assess_health({**built("", named), "apiVersion": api_version})
    assert report is not None
    assert report.status == case[f"{api_version} {kind}"]
