"""`argosy inspect plan`: every action in its place, with its reason, for one application or for many."""

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from gitsync.cli.inspect import inspect
from tests.support.yaml_text import read_yaml

CASES = sorted((Path(__file__).parent / "plans").glob("*.yaml"), key=lambda path: path.name)


def run(*arguments: str) -> Result:
    return CliRunner().invoke(inspect, ("plan", *arguments))


def told(action: dict[str, Any]) -> str:
    words = [action["action"], action["phase"], str(action["wave"]), action["kind"], action["name"]]
    words += [action["hook"]] if "hook" in action else []
    words += ["needs-approval"] if action.get("needsApproval") else []
    reason = action["reason"].partition(": waits until")[0]
    return f"{' '.join(words)} -- {reason}"


def write(folder: Path, case: Path) -> tuple[str, str, list[str]]:
    read = read_yaml(case.read_text())
    app, live = folder / f"{case.stem}.app.yaml", folder / f"{case.stem}.live.yaml"
    app.write_text(read["app"])
    live.write_text(read["live"])
    return str(app), str(live), read["plan"]


def configured(folder: Path, case: Path) -> tuple[str, ...]:
    """The case's own argocd-cm, if it has one."""
    data = read_yaml(case.read_text()).get("config")
    if data is None:
        return ()
    body = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "argocd-cm"}, "data": data}
    (folder / "config.yaml").write_text(json.dumps(body))
    return "--config", str(folder / "config.yaml")


@pytest.mark.parametrize("case", CASES, ids=lambda path: path.stem)
def test_actions_stand_in_their_order_with_reasons(case: Path, tmp_path: Path) -> None:
    app, live, expected = write(tmp_path, case)
    result = run(app, "--live", live, *configured(tmp_path, case))
    assert result.exit_code == 0, result.output
    assert [told(action) for action in json.loads(result.stdout)] == expected


def test_several_files_give_a_line_each(tmp_path: Path) -> None:
    written = [write(tmp_path, case) for case in CASES if not configured(tmp_path, case)]
    lives = [word for _, live, _ in written for word in ("--live", live)]
    result = run(*(app for app, _, _ in written), *lives)
    assert result.exit_code == 0, result.output
    answers = [json.loads(line) for line in result.stdout.splitlines()]
    assert [[told(action) for action in answer] for answer in answers] == [expected for _, _, expected in written]


def test_a_file_without_an_answer_stops_no_other(tmp_path: Path) -> None:
    app, live, expected = write(tmp_path, CASES[0])
    (tmp_path / "empty").write_text("")
    result = run(str(tmp_path / "empty"), app, "--live", live)
    assert result.exit_code == 1
    first, second = (json.loads(line) for line in result.stdout.splitlines())
    assert "holds no Application" in first["error"]
    assert [told(action) for action in second] == expected


def test_live_objects_come_once_or_for_each_application(tmp_path: Path) -> None:
    app, live, _ = write(tmp_path, CASES[0])
    result = run(app, app, app, "--live", live, "--live", live)
    assert result.exit_code == 1
    assert "2 files of live objects for 3 applications" in result.output
