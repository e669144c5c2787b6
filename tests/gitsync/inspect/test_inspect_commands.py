"""`argosy inspect`, as a person or a test types it."""

import json
from pathlib import Path
from typing import Any

import pytest
import yaml
from click.testing import CliRunner, Result

from gitsync.cli.inspect import inspect
from gitsync.inspect.files import read_application
from gitsync.inspect.output import as_yaml
from gitsync.manifest.parse import parse_manifests
from tests.support.yaml_text import read_all_yaml, read_yaml

APPLICATION = """
apiVersion: argoproj.io/v1alpha1
kind: Application
metadata: {name: shop, namespace: argocd}
spec:
  destination: {server: https://kubernetes.default.svc, namespace: shop}
  source: {repoURL: https://git.example/shop.git, path: app}
  syncPolicy: {automated: {prune: true}, syncOptions: null}
  ignoreDifferences: [{group: apps, kind: Deployment, jsonPointers: [/spec/replicas]}]
"""
DEPLOYMENT = """
apiVersion: apps/v1
kind: Deployment
metadata: {name: web}
spec: {replicas: 1, template: {spec: {containers: [{name: web, image: "web:1"}]}}}
"""
LIVE = DEPLOYMENT.replace("replicas: 1", "replicas: 3").replace("name: web}", "name: web, namespace: shop, uid: u}", 1)


@pytest.fixture
def files(tmp_path: Path) -> dict[str, str]:
    (tmp_path / "repo" / "app").mkdir(parents=True)
    (tmp_path / "repo" / "app" / "web.yaml").write_text(DEPLOYMENT)
    texts = {
        "app": APPLICATION,
        "desired": DEPLOYMENT,
        "live": LIVE,
        "empty": "",
        "broken": "a: [",
        "two": LIVE + "---" + LIVE,
    }
    for name, text in texts.items():
        (tmp_path / name).write_text(text)
    return {"repo": str(tmp_path / "repo"), **{name: str(tmp_path / name) for name in texts}}


def run(*arguments: str) -> Result:
    return CliRunner().invoke(inspect, arguments)


def answer(*arguments: str) -> Any:
    result = run(*arguments)
    assert result.exit_code == 0, result.output
    return json.loads(result.stdout)


def test_health_judges_each_object_of_a_file(files: dict[str, str]) -> None:
    (entry,) = answer("health", files["live"])
    assert entry == {
        "group": "apps",
        "kind": "Deployment",
        "name": "web",
        "status": "Progressing",
        "message": "Waiting for rollout to finish: 0 out of 3 new replicas have been updated...",
    }


def test_health_without_a_rule_is_null(files: dict[str, str], tmp_path: Path) -> None:
    (tmp_path / "cm").write_text("apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}")
    assert answer("health", str(tmp_path / "cm"))[0]["status"] is None


def test_diff_tells_every_difference(files: dict[str, str]) -> None:
    told = answer("diff", "--desired", files["desired"], "--live", files["live"])
    assert told["modified"] is True
    assert [(change["path"], change["live"], change["desired"]) for change in told["changes"]] == [
        ("spec.replicas", 3, 1)
    ]
    assert told["normalizedLive"]["spec"]["replicas"] == 3
    assert told["predictedLive"]["spec"]["replicas"] == 1


def test_diff_heeds_the_application(files: dict[str, str]) -> None:
    told = answer("diff", "--desired", files["desired"], "--live", files["live"], "--app", files["app"])
    assert told["modified"] is False


@pytest.mark.parametrize(
    "data",
    [
        {"resource.customizations.ignoreDifferences.apps_Deployment": "jsonPointers: [/spec/replicas]"},
        {"resource.customizations.ignoreDifferences.all": "jsonPointers: [/spec/replicas]"},
        {"resource.customizations": "apps/Deployment:\n  ignoreDifferences: |\n    jsonPointers: [/spec/replicas]\n"},
    ],
)
def test_diff_heeds_the_configuration(files: dict[str, str], tmp_path: Path, data: dict[str, str]) -> None:
    config = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "argocd-cm"}, "data": data}
    (tmp_path / "cm").write_text(json.dumps(config))
    told = answer("diff", "--desired", files["desired"], "--live", files["live"], "--config", str(tmp_path / "cm"))
    assert told["modified"] is False


def test_diff_of_a_missing_object(files: dict[str, str]) -> None:
    told = answer("diff", "--desired", files["desired"], "--live", files["empty"])
    assert (told["modified"], told["normalizedLive"]) == (True, None)


def test_diff_can_tell_by_its_exit_code(files: dict[str, str]) -> None:
    assert run("diff", "--exit-code", "--desired", files["desired"], "--live", files["live"]).exit_code == 1


def test_secrets_come_out_masked(tmp_path: Path) -> None:
    (tmp_path / "s").write_text("apiVersion: v1\nkind: Secret\nmetadata: {name: s}\nstringData: {p: canary-value}")
    (tmp_path / "l").write_text("apiVersion: v1\nkind: Secret\nmetadata: {name: s}\ndata: {p: b3RoZXI=, q: eA==}")
    result = run("diff", "--desired", str(tmp_path / "s"), "--live", str(tmp_path / "l"))
    assert json.loads(result.stdout)["modified"] is True
    assert not any(word in result.output for word in ("canary", "b3RoZXI=", "eA=="))


def test_render_gives_the_manifests_of_the_directory(files: dict[str, str]) -> None:
    result = run("render", files["app"], "--repo", f"https://git.example/shop={files['repo']}")
    assert read_all_yaml(result.stdout) == [read_yaml(DEPLOYMENT)]


def test_render_shows_what_was_read(files: dict[str, str]) -> None:
    repo = f"https://git.example/shop={files['repo']}"
    assert {"kind": "blob", "path": "app/web.yaml"} in answer(
        "render", files["app"], "--repo", repo, "--closure", "-o", "json"
    )


def test_render_answers_for_several_applications_and_one_that_fails_stops_no_other(files: dict[str, str]) -> None:
    result = run("render", files["app"], files["desired"], files["app"], "--repo", _shop(files), "-o", "json")
    first, second, third = [json.loads(line) for line in result.stdout.splitlines()]
    assert result.exit_code == 1
    assert first == third == [read_yaml(DEPLOYMENT)]
    assert "holds no Application" in second["error"]


def test_of_several_sources_the_last_of_equal_objects_is_rendered(files: dict[str, str]) -> None:
    other = Path(files["repo"]) / "other"
    other.mkdir()
    (other / "web.yaml").write_text(DEPLOYMENT.replace("web:1", "web:2"))
    app = read_yaml(APPLICATION)
    source = app["spec"].pop("source")
    app["spec"]["sources"] = [source, {**source, "path": "other"}]
    Path(files["app"]).write_text(yaml.safe_dump(app))
    (body,) = answer("render", files["app"], "--repo", _shop(files), "-o", "json")
    assert body["spec"]["template"]["spec"]["containers"][0]["image"] == "web:2"


def test_render_knows_what_argocd_cm_switches_off(files: dict[str, str], tmp_path: Path) -> None:
    (Path(files["repo"]) / "app" / "b.jsonnet").write_text("{apiVersion: 'v1', kind: 'Secret', metadata: {name: 'b'}}")
    (tmp_path / "config").write_text(
        "kind: ConfigMap\napiVersion: v1\nmetadata: {name: c}\ndata: {jsonnet.enable: 'false'}"
    )
    told = ("--config", str(tmp_path / "config"))
    assert len(answer("render", files["app"], "--repo", _shop(files), "-o", "json")) == 2
    assert len(answer("render", files["app"], "--repo", _shop(files), "-o", "json", *told)) == 1


def _shop(files: dict[str, str]) -> str:
    return f"https://git.example/shop={files['repo']}"


def test_plan_gives_actions_with_reasons(files: dict[str, str], tmp_path: Path) -> None:
    mark = "shop:/ConfigMap:shop/old"
    metadata = {"name": "old", "namespace": "shop", "annotations": {"argocd.argoproj.io/tracking-id": mark}}
    old = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata}
    (tmp_path / "both").write_text(LIVE + "---\n" + json.dumps(old))
    repo = f"https://git.example/shop={files['repo']}"
    actions = answer("plan", files["app"], "--live", str(tmp_path / "both"), "--repo", repo)
    assert [(action["action"], action["kind"], action["name"], action["reason"]) for action in actions] == [
        ("prune", "ConfigMap", "old", "no longer in Git"),
        ("apply", "Deployment", "web", "differs from Git"),
    ]
    kept = answer("plan", files["app"], "--live", str(tmp_path / "both"), "--repo", repo, "--no-prune")
    assert kept[0]["action"] == "skip-prune"


def test_plan_takes_manifests_that_stand_beside_the_application(files: dict[str, str], tmp_path: Path) -> None:
    (tmp_path / "together").write_text(APPLICATION + "---" + DEPLOYMENT)
    (action,) = answer("plan", str(tmp_path / "together"), "--live", files["empty"])
    assert (action["namespace"], action["reason"]) == ("shop", "missing in the cluster")


@pytest.mark.parametrize(
    ("arguments", "code", "told"),
    [
        (("health", "nowhere"), 1, "nowhere"),
        (("health", "{broken}"), 1, "broken"),
        (("diff", "--desired", "{two}", "--live", "{live}"), 1, "2 objects"),
        (("diff", "--desired", "{app}", "--live", "{live}"), 1, "different objects"),
        (("render", "{desired}"), 1, "holds no Application"),
        (("render", "{app}", "--repo", "https://git.example/shop=/nowhere"), 1, "/nowhere"),
        (("render", "{app}", "--repo", "nonsense"), 2, "URL=DIR"),
        (("diff", "--desired", "{desired}"), 2, "--live"),
        (("nonsense",), 2, "nonsense"),
    ],
)
def test_what_goes_wrong_is_said_in_a_sentence(
    files: dict[str, str], arguments: tuple[str, ...], code: int, told: str
) -> None:
    result = run(*(argument.format(**files) for argument in arguments))
    assert result.exit_code == code
    assert told in result.output
    assert "Traceback" not in result.output


def test_a_lua_health_check_of_the_configuration_is_run(files: dict[str, str], tmp_path: Path) -> None:
    script = "return {status = 'Degraded', message = obj.metadata.name}"
    data = {"resource.customizations.health.example.com_Widget": script}
    config = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "argocd-cm"}, "data": data}
    (tmp_path / "cm").write_text(json.dumps(config))
    (tmp_path / "widget").write_text(
        json.dumps({"apiVersion": "example.com/v1", "kind": "Widget", "metadata": {"name": "gear"}})
    )
    told = json.loads(run("health", str(tmp_path / "widget"), "--config", str(tmp_path / "cm")).stdout)
    assert [(entry["status"], entry["message"]) for entry in told] == [("Degraded", "gear")]


@pytest.mark.parametrize("text", ["1e3", "0x1F", "yes", "1_000", "a\nb", "2026-01-01", "~", "0o17", "1:30"])
def test_text_stays_text_in_yaml(tmp_path: Path, text: str) -> None:
    body = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "a"}, "data": {"a": text}}
    (document,) = parse_manifests(as_yaml([body]).encode(), file="x")
    assert document.body == body


def test_actions_are_listed_and_run(tmp_path: Path) -> None:
    file = tmp_path / "shop"
    body = {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "shop"}, "spec": {"replicas": 1}}
    file.write_text(json.dumps(body))
    listed = json.loads(run("actions", str(file)).stdout)
    assert [(entry["name"], entry["disabled"]) for entry in listed] == [
        ("restart", False),
        ("scale", False),
        ("pause", False),
        ("resume", True),
    ]
    (scaled,) = json.loads(run("action", "scale", str(file), "-p", "replicas=3", "-o", "json").stdout)
    assert scaled == {**body, "spec": {"replicas": 3}}
    assert run("action", "fly", str(file)).exit_code == 1
    assert run("action", "scale", str(file), "-p", "replicas").exit_code == 2


def lines(*arguments: str) -> list[Any]:
    result = run(*arguments)
    return [json.loads(line) for line in result.stdout.splitlines()]


def test_several_files_give_one_answer_each(files: dict[str, str]) -> None:
    desired, live = files["desired"], files["live"]
    assert [[entry["name"] for entry in told] for told in lines("health", live, desired, files["two"])] == [
        ["web"],
        ["web"],
        ["web", "web"],
    ]
    assert [told[0]["name"] for told in lines("actions", live, desired)] == ["restart", "restart"]
    scaled = lines("action", "scale", live, desired, "-p", "replicas=4", "-o", "json")
    assert [told[0]["spec"]["replicas"] for told in scaled] == [4, 4]
    pairs = ["--desired", desired, "--live", live, "--desired", desired, "--live", desired]
    assert [told["modified"] for told in lines("diff", *pairs)] == [True, False]


def test_one_file_of_several_that_cannot_be_read_stops_no_other(files: dict[str, str]) -> None:
    result = run("health", files["live"], files["broken"], files["desired"])
    assert result.exit_code == 1
    first, second, third = (json.loads(line) for line in result.stdout.splitlines())
    assert first[0]["name"] == third[0]["name"] == "web"
    assert files["broken"] in second["error"]


def test_each_desired_file_needs_a_live_one(files: dict[str, str]) -> None:
    assert run("diff", "--desired", files["live"], "--desired", files["live"], "--live", files["live"]).exit_code == 2


def test_a_thousand_files_in_one_call(files: dict[str, str], tmp_path: Path) -> None:
    names = [str(tmp_path / f"{number}.yaml") for number in range(1000)]
    for number, name in enumerate(names):
        Path(name).write_text(LIVE.replace("name: web", f"name: web-{number}"))
    told = lines("health", *names)
    assert [entry["name"] for (entry,) in told] == [f"web-{number}" for number in range(1000)]


def test_an_application_that_applies_on_the_clients_side_is_compared_by_what_it_applied_last(tmp_path: Path) -> None:
    base: dict[str, Any] = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "a", "namespace": "shop"}}
    applied = json.dumps({**base, "data": {"a": "1", "b": "1"}})
    fields = {"f:data": {"f:a": {}}}
    entry = {"manager": "argocd-controller", "operation": "Apply", "fieldsType": "FieldsV1", "fieldsV1": fields}
    note = {"kubectl.kubernetes.io/last-applied-configuration": applied}
    metadata = {**base["metadata"], "annotations": note, "managedFields": [entry]}
    spec = {"syncPolicy": {"syncOptions": ["ServerSideApply=false"]}}
    files = {
        "desired": {**base, "data": {"a": "1"}},
        "live": {**base, "metadata": metadata, "data": {"a": "1", "b": "1"}},
        "app": {"apiVersion": "argoproj.io/v1alpha1", "kind": "Application", "metadata": {"name": "x"}, "spec": spec},
    }
    for name, body in files.items():
        (tmp_path / name).write_text(json.dumps(body))
    told = ("diff", "--desired", str(tmp_path / "desired"), "--live", str(tmp_path / "live"))
    assert not answer(*told)["modified"]
    assert [one["path"] for one in answer(*told, "--app", str(tmp_path / "app"))["changes"]] == ["data.b"]


def test_null_takes_away_in_values_and_is_nothing_elsewhere(files: dict[str, str], tmp_path: Path) -> None:
    text = APPLICATION.replace("path: app}", "path: app, helm: {valuesObject: {a: null, b: {c: null}}, values: null}}")
    (tmp_path / "nulls").write_text(text)
    application = read_application(str(tmp_path / "nulls"))
    assert application.spec.source is not None
    assert application.spec.source.helm == {"valuesObject": {"a": None, "b": {"c": None}}}
