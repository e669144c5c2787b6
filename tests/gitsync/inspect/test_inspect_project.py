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
