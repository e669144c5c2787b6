"""Logs of runtimes are for administrators: as lines, as a file for each component, over the command line."""

import asyncio
import io
import tarfile
from pathlib import Path

import httpx
from click.testing import CliRunner

from api.cli.main import main
from model.link_change import ManageRuntime
from tests.support.control_plane import Running
from tests.support.fake_runtime import FakeRuntime


async def get(running: Running, person: str | None, path: str) -> httpx.Response:
    headers = {"Authorization": f"Bearer {await running.token(person)}"} if person else {}
    async with httpx.AsyncClient(base_url=running.address, trust_env=False) as client:
        return await client.get(path, headers=headers)


async def test_all_logs_come_as_one_file_for_each_component(running: Running, runtime: FakeRuntime) -> None:
    answer = await get(running, "admin", "/runtimes/demo/logs")
    assert answer.headers["content-type"] == "application/gzip"
    with tarfile.open(fileobj=io.BytesIO(answer.content)) as tar:
        files = {member.name: tar.extractfile(member) for member in tar.getmembers()}
        assert set(files) == {"demo/gitsync.link.log", "demo/gitsync.sync.log"}
        link = files["demo/gitsync.link.log"]
        assert link is not None
        assert link.read() == b'{"event":"link is up"}\n'
    answer = await get(running, "admin", "/runtimes/demo/logs?component=gitsync.sync")
    assert answer.text == '{"event":"operation ended"}\n'


async def test_others_get_no_logs(running: Running, runtime: FakeRuntime) -> None:
    codes = [(await get(running, who, "/runtimes/demo/logs")).status_code for who in ("reader", "stranger", None)]
    assert codes == [403, 404, 401]
    assert (await get(running, "admin", "/runtimes/nowhere/logs")).status_code == 404


async def test_a_runtime_that_is_away_has_no_logs_to_show(running: Running) -> None:
    await running.runtime("away")
    answer = await get(running, "admin", "/runtimes/away/logs")
    assert (answer.status_code, "not connected" in answer.text) == (503, True)


async def test_the_command_line_shows_lines_and_writes_the_file(
    running: Running, runtime: FakeRuntime, tmp_path: Path
) -> None:
    server = ("--server", running.address, "--api-token", await running.token("admin"))

    async def logs(*words: str) -> str:
        done = await asyncio.to_thread(CliRunner().invoke, main, ["runtime", "logs", "demo", *words, *server])
        assert done.exit_code == 0, done.output
        return done.stdout

    assert (await logs("--tail", "1")).strip() == '{"event":"operation ended"}'
    await logs("--download", str(tmp_path / "logs.tar.gz"))
    assert tarfile.is_tarfile(tmp_path / "logs.tar.gz")


async def test_the_command_line_lets_a_runtime_manage_itself(running: Running, runtime: FakeRuntime) -> None:
    server = ("--server", running.address, "--api-token", await running.token("admin"))
    done = await asyncio.to_thread(CliRunner().invoke, main, ["runtime", "manage", "demo", *server])
    assert done.exit_code == 0, done.output
    assert "runtime demo manages itself, by commit " in done.stdout
    assert [one.author.name for one in runtime.requests if isinstance(one, ManageRuntime)] == ["admin"]
