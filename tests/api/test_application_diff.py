"""What another revision would change is told to those who may see the application, by API and command line."""

import asyncio
import json

import pytest
from click.testing import CliRunner, Result

from api.cli.main import main
from model.link import DiffApplication
from tests.support.control_plane import Running
from tests.support.fake_runtime import FakeRuntime

QUESTION = """{ application(runtime: "demo", name: "cart") { diff(revisions: ["next"]) {
  revisions warnings changes { change note resource { kind name } diff { modified } } } } }"""


async def test_a_reader_is_told_what_would_change(running: Running, runtime: FakeRuntime) -> None:
    diff = (await running.query("reader", QUESTION))["application"]["diff"]
    assert [change["change"] for change in diff["changes"]] == ["CHANGE", "PRUNE"]
    assert diff["warnings"] == ["a warning"]
    asked = [body for body in runtime.requests if isinstance(body, DiffApplication)]
    assert [(body.actor, body.revisions) for body in asked] == [("reader", ("next",))]


@pytest.mark.parametrize("person", ["stranger"])
async def test_others_are_told_nothing_of_it(person: str, running: Running, runtime: FakeRuntime) -> None:
    assert (await running.query(person, QUESTION))["application"] is None
    assert not [body for body in runtime.requests if isinstance(body, DiffApplication)]


@pytest.mark.cpu_seconds(20)
async def test_the_command_line_shows_it_and_ends_with_1(running: Running, runtime: FakeRuntime) -> None:
    server = ["--server", running.address, "--token", await running.token("reader")]

    async def told(*arguments: str) -> Result:
        return await asyncio.to_thread(CliRunner().invoke, main, ["app", *server, "diff", "demo/cart", *arguments])

    shown = await told("--revision", "next", "-o", "json")
    assert shown.exit_code == 1
    assert [change["change"] for change in json.loads(shown.stdout)["changes"]] == ["CHANGE", "PRUNE"]
    assert "warning: a warning" in shown.stderr
    assert (await told("--revision", "next")).stdout.count("PRUNE") == 1
    assert (await told("--revision", "a", "--local", ".")).exit_code == 2
