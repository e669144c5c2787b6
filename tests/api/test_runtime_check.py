"""`argosy runtime check`: the values of an installation are tried, what is wrong is named, and nothing is changed."""

import asyncio
from pathlib import Path

import pygit2
import pytest
from click.testing import CliRunner, Result

from api.cli.main import main
from tests.support.control_plane import Running
from tests.support.fake_runtime import FakeRuntime
from tests.support.sandbox import running_sandbox

pytestmark = pytest.mark.cpu_seconds(30)  # loads the libraries that talk to clusters and Git


async def check(running: Running, name: str, token: str, *words: str, link: str = "") -> Result:
    address = link or f"{running.address.replace('http', 'ws', 1)}/link"
    arguments = ["runtime", "check", name, "--link", address, "--token", token, *words]
    return await asyncio.to_thread(CliRunner().invoke, main, arguments)


async def test_values_that_fit_are_said_to_be_fine_and_leave_the_name_free(running: Running, tmp_path: Path) -> None:
    wanted = await running.runtime("eu-1")
    pygit2.init_repository(str(tmp_path / "config.git"), bare=True)
    async with running_sandbox() as cluster:
        more = ("--config-repo", str(tmp_path / "config.git"), "--kubeconfig", str(cluster.kubeconfig))
        done = await check(running, "eu-1", wanted.token, *more)
    assert done.exit_code == 0, done.output
    assert [line.split()[0] for line in done.stdout.splitlines()] == ["ok", "ok", "ok"]
    assert wanted.token not in done.output
    assert not running.plane.connected.available("eu-1")


async def test_a_token_of_nobody_and_one_of_another_name_are_told_apart(running: Running) -> None:
    wanted = await running.runtime("eu-1")
    done = await check(running, "eu-1", "argr_unknown")
    assert done.exit_code == 1
    assert "this token belongs to no runtime" in done.stderr
    assert "argosy runtime token eu-1" in done.stderr
    done = await check(running, "eu-2", wanted.token)
    assert done.exit_code == 1
    assert "expected a Hello of runtime eu-1" in done.stderr


async def test_a_name_that_is_in_use_is_told_and_its_runtime_stays_connected(
    running: Running, runtime: FakeRuntime
) -> None:
    done = await check(running, "demo", runtime.token)
    assert done.exit_code == 1
    assert "a runtime demo is connected already" in done.stderr
    assert running.plane.connected.available("demo")


async def test_what_cannot_be_reached_is_named_with_the_next_step(running: Running) -> None:
    wanted = await running.runtime("eu-1")
    done = await check(running, "eu-1", wanted.token, link="ws://127.0.0.1:1/link")
    assert done.exit_code == 1
    assert "it cannot be reached" in done.stderr
    assert "pods of this cluster" in done.stderr
    done = await check(running, "eu-1", wanted.token, "--config-repo", "http://127.0.0.1:1/config.git")
    assert done.exit_code == 1
    assert "shared configuration http://127.0.0.1:1/config.git" in done.stderr
    assert "ok     control plane" in done.stdout
