"""What an ApplicationSet generates, from values alone."""

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from gitsync.appset.clusters import without_home
from gitsync.appset.generate import Generation, generate
from gitsync.appset.inputs import (
    ClusterInput,
    GeneratorInputs,
    GitAnswer,
    GitQuestion,
    HostAnswer,
    HostQuestion,
    Unanswered,
)
from gitsync.cli.inspect import inspect
from tests.support.yaml_text import read_yaml

NOW = datetime(2026, 3, 4, tzinfo=UTC)
CASES = read_yaml(Path(__file__).with_name("cases").joinpath("generation.yaml").read_text())["cases"]
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
    return GeneratorInputs(CLUSTERS, answers or {})


def answered(body: dict[str, Any]) -> Generation:
    """What is generated when every question about the repository `r` is answered with TREE."""
    answers: dict[Any, Any] = {}
    while True:
        generation = generate(body, inputs(answers), now=NOW)
        open_ = [one for one in generation.questions if isinstance(one, GitQuestion) and one.url == "r"]
        if not open_:
            return generation
        answers |= dict.fromkeys(open_, TREE)


def application_set(spec: dict[str, Any]) -> dict[str, Any]:
    return {
        "apiVersion": "argoproj.io/v1alpha1",
        "kind": "ApplicationSet",
        "metadata": {"name": "set", "namespace": "argocd"},
        "spec": spec,
    }


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["name"])
def test_generation_follows_from_the_set(case: dict[str, Any]) -> None:
    generation = answered(application_set(case["set"]))
    assert [one["metadata"]["name"] for one in generation.applications] == case["names"], generation.errors
    assert bool(generation.errors or generation.rejected) is bool(case.get("fails"))
    for position, word in enumerate(("first", "second")):
        if word in case:
            assert generation.applications[position]["spec"] == case[word]


def test_what_is_not_known_yet_is_asked() -> None:
    spec = {"generators": [{"git": {"repoURL": "r", "directories": [{"path": "*"}]}}], "template": {}}
    generation = generate(application_set(spec), inputs({}), now=NOW)
    assert generation.questions == (GitQuestion("r", "HEAD", directories=("*",)),)
    assert not generation.complete


def test_all_that_a_matrix_lacks_is_asked_at_once() -> None:
    names = {"list": {"elements": [{"a": "x"}, {"a": "y"}]}}
    files = {"git": {"repoURL": "r", "files": [{"path": "{{a}}.json"}]}}
    spec = {"generators": [{"matrix": {"generators": [names, files]}}], "template": {}}
    questions = generate(application_set(spec), inputs({}), now=NOW).questions
    assert [one.files for one in questions if isinstance(one, GitQuestion)] == [("x.json",), ("y.json",)]


def test_what_nobody_could_answer_is_an_error_and_makes_the_list_incomplete() -> None:
    spec = {"generators": [{"git": {"repoURL": "r", "directories": [{"path": "*"}]}}], "template": {}}
    question = GitQuestion("r", "HEAD", directories=("*",))
    generation = generate(application_set(spec), inputs({question: Unanswered("the host is down")}), now=NOW)
    assert [one.message for one in generation.errors] == ["the host is down"]
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


def set_file(folder: Path, name: str, *names: str, **spec: Any) -> str:
    elements = [{"name": one} for one in names]
    body = {
        "generators": [{"list": {"elements": elements}}],
        "template": {"metadata": {"name": "{{name}}"}, "spec": {"project": "default", "destination": {"name": "dev"}}},
        **spec,
    }
    file = folder / name
    file.write_text(json.dumps({**application_set(body), "metadata": {"name": name, "namespace": "argocd"}}))
    return str(file)


def test_inspect_gives_one_result_for_each_of_several_files(tmp_path: Path) -> None:
    broken = tmp_path / "broken"
    broken.write_text("kind: ConfigMap\napiVersion: v1\nmetadata: {name: a}\n")
    files = [set_file(tmp_path, "one", "a", "b"), str(broken), set_file(tmp_path, "two", "c")]
    result = CliRunner().invoke(inspect, ["appset", *files, "-o", "json"])
    assert result.exit_code == 1
    first, second, third = map(json.loads, result.stdout.splitlines())
    assert [one["metadata"]["name"] for one in first] == ["a", "b"]
    assert "holds no ApplicationSet" in second["error"]
    assert [one["metadata"]["name"] for one in third] == ["c"]


def test_inspect_tells_what_would_be_done_to_what_there_is(tmp_path: Path) -> None:
    owner = {"kind": "ApplicationSet", "name": "set", "uid": "u", "controller": True}
    live = [
        {"apiVersion": "argoproj.io/v1alpha1", "kind": "ApplicationSet", "metadata": {"name": "set", "uid": "u"}},
        application_like("stays", owner, project="other"),
        application_like("goes", owner),
        application_like("foreign", {}),
    ]
    file = tmp_path / "live"
    file.write_text("\n---\n".join(map(json.dumps, live)))
    wanted = set_file(tmp_path, "set", "stays", "new", "foreign")
    result = CliRunner().invoke(inspect, ["appset", wanted, "--live", str(file), "-o", "json"])
    assert result.exit_code == 0, result.output
    (found,) = json.loads(result.stdout)
    assert [(one["action"], one["name"]) for one in found["changes"]] == [
        ("update", "stays"),
        ("create", "new"),
        ("delete", "goes"),
    ]
    assert found["withheld"] == ["foreign exists and is not this ApplicationSet's"]


def application_like(name: str, owner: dict[str, Any], **spec: Any) -> dict[str, Any]:
    metadata = {"name": name, "namespace": "argocd", "ownerReferences": [owner] if owner else []}
    return {"apiVersion": "argoproj.io/v1alpha1", "kind": "Application", "metadata": metadata, "spec": spec}


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


def test_finalizers_of_a_patch_come_to_those_of_the_application() -> None:
    def finalizers(**more: Any) -> list[str] | None:
        spec = {
            "generators": [{"list": {"elements": [{"a": "x"}]}}],
            "template": {"metadata": {"name": "{{a}}"}},
            "templatePatch": "metadata: {finalizers: [example.org/mine]}",
            **more,
        }
        (one,) = generate(application_set(spec), inputs(), now=NOW).applications
        found: list[str] | None = one["metadata"].get("finalizers")
        return found

    ours = "resources-finalizer.argocd.argoproj.io"
    assert finalizers() == [ours, "example.org/mine"]
    assert finalizers(syncPolicy={"preserveResourcesOnDeletion": True}) == ["example.org/mine"]
    named = {"metadata": {"name": "{{a}}", "finalizers": [f"{ours}/background"]}}
    assert finalizers(template=named) == [f"{ours}/background", "example.org/mine"]


def test_applications_are_where_their_set_is_whatever_the_template_says() -> None:
    template = {"metadata": {"name": "{{a}}", "namespace": "kube-system"}}
    spec = {"generators": [{"list": {"elements": [{"a": "x"}]}}], "template": template}
    (one,) = generate(application_set(spec), inputs(), now=NOW).applications
    assert one["metadata"]["namespace"] == "argocd"


def test_a_home_cluster_that_is_shut_out_is_generated_for_by_nobody() -> None:
    template = {"metadata": {"name": "{{nameNormalized}}"}}
    body = application_set({"generators": [{"clusters": {}}], "template": template})
    generation = generate(body, GeneratorInputs(without_home(CLUSTERS)), now=NOW)
    assert [one["metadata"]["name"] for one in generation.applications] == ["big-one", "dev"]


def test_a_templated_project_is_warned_of() -> None:
    spec = {"generators": [{"list": {"elements": [{"team": "shop"}]}}]}
    template = {"metadata": {"name": "{{team}}"}, "spec": {"project": "{{team}}"}}
    (warning,) = generate(application_set({**spec, "template": template}), inputs(), now=NOW).warnings
    assert "chooses the project" in warning
    fixed = {"metadata": {"name": "{{team}}"}, "spec": {"project": "shop"}}
    assert generate(application_set({**spec, "template": fixed}), inputs(), now=NOW).warnings == ()


def test_an_error_in_a_patch_says_that_it_is_there() -> None:
    spec = {"goTemplate": True, "goTemplateOptions": ["missingkey=error"], "generators": [{"list": {"elements": [{}]}}]}
    body = application_set({**spec, "template": {"metadata": {"name": "x"}}, "templatePatch": "spec: {a: '{{.b}}'}"})
    (error,) = generate(body, inputs(), now=NOW).errors
    assert error.message.startswith("templatePatch: line 1: ")
