"""What of an AppProject nobody can honour is told, by cases."""

from pathlib import Path
from typing import Any

import pytest

from gitsync.fleet.permission import project_conditions
from gitsync.project.problems import project_problems
from tests.support.yaml_text import read_yaml

CASES = read_yaml(Path(__file__).with_name("cases").joinpath("problems.yaml").read_text())["cases"]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["name"])
def test_a_project_tells_what_it_cannot_mean(case: dict[str, Any]) -> None:
    found = project_problems({"metadata": {"name": "web"}, "spec": case["project"]})
    expected = case.get("told", [])
    assert len(found) == len(expected), found
    assert all(one.startswith(start) for one, start in zip(found, expected, strict=True)), found


def test_applications_of_the_project_warn_of_it() -> None:
    (condition,) = project_conditions({"metadata": {"name": "web"}, "spec": {"sourceRepo": []}})
    assert condition.type == "ConfigurationWarning"
    assert condition.message.startswith('project "web": spec.sourceRepo is no field')
