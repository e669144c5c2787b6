"""Previews of ApplicationSets: asked of the runtime in the viewer's name, for those who may commit."""

import asyncio
import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from api.cli.main import main
from tests.support.control_plane import Running
from tests.support.fake_runtime import FakeRuntime

PREVIEW = """query Preview($input: ApplicationSetPreviewInput!) {
  applicationSetPreview(input: $input) {
    applications complete changesCount changes { name action reason manifest live } withheld errors warnings
  }
}"""


async def test_a_writer_sees_what_would_be_done(running: Running, runtime: FakeRuntime) -> None:
    given = {"runtime": "demo", "gitSource": "platform", "manifest": "kind: ApplicationSet"}
    answer = (await running.query("writer", PREVIEW, input=given))["applicationSetPreview"]
    assert answer["applications"] == ["cart"]
    assert answer["changes"] == [
        {
            "name": "cart",
            "action": "UPDATE",
            "reason": "differs from what is generated",
            "manifest": {"spec": 1},
            "live": {"spec": 2},
        }
    ]
    assert answer["withheld"] == ["writer"]  # in whose name the runtime was asked


async def test_a_manifest_or_a_name_is_needed_and_not_both(running: Running, runtime: FakeRuntime) -> None:
    given = {"runtime": "demo", "gitSource": "platform"}
    assert await running.errors("writer", PREVIEW, input=given) == ["VALIDATION_ERROR"]
    assert await running.errors("writer", PREVIEW, input={**given, "manifest": "x", "name": "y"}) == [
        "VALIDATION_ERROR"
    ]


@pytest.mark.cpu_seconds(20)
async def test_the_command_line_shows_it(running: Running, runtime: FakeRuntime, tmp_path: Path) -> None:
    server = ["--server", running.address, "--token", await running.token("writer")]
    where = ["--runtime", "demo", "--git-source", "platform"]
    file = tmp_path / "set.yaml"
    file.write_text("kind: ApplicationSet")

    async def told(*arguments: str) -> Result:
        return await asyncio.to_thread(CliRunner().invoke, main, ["appset", *server, "preview", *where, *arguments])

    shown = await told("--file", str(file))
    assert shown.exit_code == 0, shown.output
    assert "UPDATE" in shown.stdout
    assert "withheld: writer" in shown.stderr
    assert json.loads((await told("cart", "-o", "json")).stdout)["changes"][0]["name"] == "cart"
    assert (await told()).exit_code == 2
