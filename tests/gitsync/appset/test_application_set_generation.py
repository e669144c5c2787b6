"""What an ApplicationSet generates, from values alone."""

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import yaml
from click.testing import CliRunner

from gitsync.appset.generate import generate
from gitsync.appset.inputs import ClusterInput, GeneratorInputs, GitAnswer, GitQuestion, HostAnswer, HostQuestion
from gitsync.cli import inspect

NOW = datetime(2026, 3, 4, tzinfo=UTC)
CASES = yaml.safe_load(Path(__file__).with_name("cases").joinpath("generation.yaml").read_text())["cases"]
TREE = GitAnswer(
    ("apps", "apps/web", "apps/old", "apps/My_App", "apps/.hidden", ".github", "conf"),
    {
        "conf/eu/c.json": b'[{"name": "one", "deep": {"a": "x"}, "n": 1000000, "list": ["y"]}, {"name": "two"}]',
        "conf/eu/deeper/readme.md": b"# no",
    },
)
CLUSTERS = (
    ClusterInput("dev", "https://dev", {"env": "dev"}),
    ClusterInput("Big_One", "https://prod", {"env": "prod"}),
)


def inputs(answers: dict[Any, Any] | None = None) -> GeneratorInputs:
    return GeneratorInputs(CLUSTERS, {GitQuestion("r", "HEAD"): TREE} if answers is None else answers)


def application_set(spec: dict[str, Any]) -> dict[str, Any]:
    return {
        "apiVersion": "argoproj.io/v1alpha1",
        "kind": "ApplicationSet",
        "metadata": {"name": "set", "namespace": "argocd"},
        "spec": spec,
    }


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["name"])
def test_generation_follows_from_the_set(case: dict[str, Any]) -> None:
    generation = generate(application_set(case["set"]), inputs(), now=NOW)
    assert [one["metadata"]["name"] for one in generation.applications] == case["names"], generation.errors
    assert bool(generation.errors) is bool(case.get("fails"))
    for position, word in enumerate(("first", "second")):
        if word in case:
            assert generation.applications[position]["spec"] == case[word]


def test_what_is_not_known_yet_is_asked() -> None:
    spec = {"generators": [{"git": {"repoURL": "r", "directories": [{"path": "*"}]}}], "template": {}}
    generation = generate(application_set(spec), inputs({}), now=NOW)
    assert generation.questions == (GitQuestion("r", "HEAD"),)
    assert not generation.complete


def test_answers_of_hosts_are_filtered() -> None:
    generator = {"github": {"owner": "o", "repo": "r"}, "filters": [{"branchMatch": "^feat-"}]}
    spec = {"generators": [{"pullRequest": generator}], "template": {"metadata": {"name": "pr-{{number}}"}}}
    (question,) = generate(application_set(spec), inputs({}), now=NOW).questions
    assert isinstance(question, HostQuestion)
    entries = ({"number": "1", "branch": "feat-x", "labels": ["a"]}, {"number": "2", "branch": "fix"})
    generation = generate(application_set(spec), inputs({question: HostAnswer(entries)}), now=NOW)
    assert [one["metadata"]["name"] for one in generation.applications] == ["pr-1"]


def test_resources_stay_on_deletion_when_the_policy_says_so() -> None:
    spec = {"generators": [{"list": {"elements": [{"a": "x"}]}}], "template": {"metadata": {"name": "{{a}}"}}}
    (one,) = generate(application_set(spec), inputs(), now=NOW).applications
    assert one["metadata"]["finalizers"] == ["resources-finalizer.argocd.argoproj.io"]
    spec["syncPolicy"] = {"preserveResourcesOnDeletion": True}  # type: ignore[assignment]  # a spec is any JSON
    (one,) = generate(application_set(spec), inputs(), now=NOW).applications
    assert "finalizers" not in one["metadata"]


def test_inspect_shows_the_applications(tmp_path: Path) -> None:
    (tmp_path / "repo" / "apps" / "web").mkdir(parents=True)
    spec = {
        "goTemplate": True,
        "generators": [{"git": {"repoURL": "https://git.example/r.git", "directories": [{"path": "apps/*"}]}}],
        "template": {"metadata": {"name": "{{.path.basename}}"}, "spec": {"project": "default"}},
    }
    (tmp_path / "set").write_text(json.dumps(application_set(spec)))
    repo = f"https://git.example/r={tmp_path / 'repo'}"
    result = CliRunner().invoke(inspect, ["appset", str(tmp_path / "set"), "--repo", repo, "-o", "json"])
    assert result.exit_code == 0, result.output
    assert [one["metadata"]["name"] for one in json.loads(result.stdout)] == ["web"]
    assert CliRunner().invoke(inspect, ["appset", str(tmp_path / "set")]).exit_code == 1
