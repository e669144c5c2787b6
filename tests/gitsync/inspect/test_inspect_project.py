"""`argosy inspect project` and `argosy inspect windows`, as a person or a test types them."""

import json
from pathlib import Path

from click.testing import CliRunner

from gitsync.cli.inspect import inspect

PROJECT = """apiVersion: argoproj.io/v1alpha1
kind: AppProject
metadata: {name: shop, namespace: argosy}
spec:
  sourceRepos: ["https://git.example.com/*"]
  destinations: [{server: "*", namespace: "shop*"}]
  syncWindows:
  - {kind: allow, schedule: "0 22 * * *", duration: 1h, applications: ["*"], timeZone: Europe/Berlin, manualSync: true}
"""
PERMITTED = """apiVersion: argoproj.io/v1alpha1
kind: Application
metadata: {name: web, namespace: argosy}
spec:
  project: shop
  source: {repoURL: https://git.example.com/apps.git, path: web}
  destination: {server: https://kubernetes.default.svc, namespace: shop}
"""


def test_windows_tells_if_a_sync_may_run_then_and_which_window_decided(tmp_path: Path) -> None:
    (tmp_path / "project.yaml").write_text(PROJECT)
    (tmp_path / "app.yaml").write_text(PERMITTED)
    arguments = ["windows", str(tmp_path / "project.yaml"), str(tmp_path / "app.yaml"), "--at"]
    closed = json.loads(CliRunner().invoke(inspect, [*arguments, "2026-07-01T12:00:00Z"]).stdout)
    assert (closed["allowed"], closed["manualAllowed"], closed["changesAt"]) == (False, True, "2026-07-01T20:00:00Z")
    assert closed["window"]["schedule"] == "0 22 * * *"
    open_ = json.loads(CliRunner().invoke(inspect, [*arguments, "2026-07-01T22:30:00+02:00"]).stdout)
    assert open_["allowed"]
    assert CliRunner().invoke(inspect, [*arguments, "soon"]).exit_code == 1


def test_project_tells_what_it_objects_to(tmp_path: Path) -> None:
    (tmp_path / "project.yaml").write_text(PROJECT)
    (tmp_path / "app.yaml").write_text(PERMITTED.replace("git.example.com", "elsewhere.example.com"))
    arguments = ["project", str(tmp_path / "project.yaml"), str(tmp_path / "app.yaml")]
    (found,) = json.loads(CliRunner().invoke(inspect, arguments).stdout)
    assert found["type"] == "InvalidSpecError"
    (tmp_path / "app.yaml").write_text(PERMITTED)
    assert json.loads(CliRunner().invoke(inspect, arguments).stdout) == []


def test_several_applications_get_one_answer_each_of_the_project_that_they_name(tmp_path: Path) -> None:
    strict = PROJECT.replace("name: shop,", "name: strict,").replace("https://git.example.com/*", "https://elsewhere/*")
    (tmp_path / "projects.yaml").write_text(f"{PROJECT}---\n{strict}")
    apps = [str(tmp_path / f"{name}.yaml") for name in ("shop", "strict", "none")]
    for app, named in zip(apps, ("project: shop", "project: strict", ""), strict=True):
        Path(app).write_text(PERMITTED.replace("project: shop", named) if named else "a: [")
    result = CliRunner().invoke(inspect, ["project", str(tmp_path / "projects.yaml"), *apps])
    permitted, refused, broken = map(json.loads, result.stdout.splitlines())
    assert (permitted, [one["type"] for one in refused], result.exit_code) == ([], ["InvalidSpecError"], 1)
    assert apps[2] in broken["error"]
    arguments = ["windows", str(tmp_path / "projects.yaml"), *apps[:2], "--at", "2026-07-01T12:00:00Z"]
    assert [json.loads(one)["allowed"] for one in CliRunner().invoke(inspect, arguments).stdout.splitlines()] == [
        False
    ] * 2
    told = CliRunner().invoke(inspect, [*arguments, "--at", "2026-07-01T20:30:00Z"]).stdout.splitlines()
    assert [json.loads(one)["allowed"] for one in told] == [False, True]
    assert CliRunner().invoke(inspect, [*arguments, "--at", "x", "--at", "y"]).exit_code == 2
