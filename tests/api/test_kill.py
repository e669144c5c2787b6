"""Killing the control plane at any moment loses nothing that it acknowledged."""

import asyncio
import os
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path

import pytest

from api.access.secret_token import RUNTIME, hash_token, new_token
from model.database import Database
from model.link import ApplicationChanged, SnapshotBegin, SnapshotEnd
from model.listing import Visibility
from model.store import application as application_store
from model.store import report as report_store
from model.store import runtime as runtime_store
from model.store.application import ApplicationSelection
from tests.support.fake_fleet import PLATFORM, summary
from tests.support.fake_runtime import FakeRuntime
from tests.support.ports import free_port

# `argosy serve` without the console, which each start would import.
SERVE = """
import asyncio, dataclasses
from api.cli.serve import run_server
from api.settings import from_environment
asyncio.run(run_server(dataclasses.replace(from_environment(), console=None)))
"""
EVERYTHING = ApplicationSelection(Visibility(frozenset({("demo", PLATFORM)})), "nobody")


@asynccontextmanager
async def serving(data_dir: Path, port: int) -> AsyncIterator[asyncio.subprocess.Process]:
    settings = {"ARGOSY_ADMIN_PASSWORD": "x", "ARGOSY_LOG": "critical"}
    place = {"ARGOSY_PORT": str(port), "ARGOSY_DATA_DIR": str(data_dir)}
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-c", SERVE),
        env={**os.environ, **settings, **place},
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.DEVNULL,
    )
    try:
        await answering(port)
        yield process
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()


async def answering(port: int) -> None:
    async with asyncio.timeout(60):
        while True:
            try:
                _, writer = await asyncio.open_connection("127.0.0.1", port)
            except OSError:
                await asyncio.sleep(0.05)  # another process starts: there is nothing to wait on
                continue
            writer.close()
            return


async def register(data_dir: Path) -> str:
    token = new_token(RUNTIME)
    database = await Database.open(f"sqlite:///{data_dir / 'argosy.db'}")
    async with database.write() as session:
        await runtime_store.add(session, "demo", token_hash=hash_token(token), hosted=False, now=datetime.now(UTC))
    await database.close()
    return token


async def stored(data_dir: Path) -> tuple[int, int]:
    """How many applications there are, and up to which report."""
    database = await Database.open(f"sqlite:///{data_dir / 'argosy.db'}")
    async with database.read() as session:
        position = await report_store.position(session, "demo")
        count = await application_store.count(session, EVERYTHING)
    await database.close()
    return count, position.seq if position else 0


@pytest.mark.e2e
async def test_a_killed_control_plane_has_everything_that_it_acknowledged(tmp_path: Path) -> None:
    """And one that is told to end does so in order, with the runtime's socket open."""
    token, port = await register(tmp_path), free_port()
    runtime = FakeRuntime("demo", token, f"http://127.0.0.1:{port}")
    pending = [ApplicationChanged(summary(index)) for index in range(150)]
    for round_number in range(3):
        async with serving(tmp_path, port) as process, runtime.connected():
            if runtime.resume_after is None:
                await runtime.report(SnapshotBegin(), pending[0], SnapshotEnd())
            else:
                assert runtime.resume_after >= runtime.acknowledged
                runtime.seq = runtime.resume_after  # what was taken in but not acknowledged need not be sent again
            before = runtime.acknowledged
            until = len(pending) if round_number == 2 else runtime.seq + 40
            while runtime.seq < until:
                await runtime.report_unacknowledged(pending[runtime.seq])
            if round_number == 2:
                await runtime.until(lambda: runtime.acknowledged == len(pending))
                process.send_signal(signal.SIGTERM)
                async with asyncio.timeout(60):
                    assert await process.wait() == 0
            else:
                await runtime.until(lambda before=before: runtime.acknowledged > before)  # type: ignore[misc]
                process.send_signal(signal.SIGKILL)
                await process.wait()
        count, seq = await stored(tmp_path)
        assert count == seq, "every report that was taken in brought exactly one application"
        assert seq >= runtime.acknowledged
    assert await stored(tmp_path) == (150, 150)


@pytest.mark.e2e
@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells a child that its parent was killed")
async def test_a_hosted_child_does_not_outlive_a_killed_parent(tmp_path: Path) -> None:
    marker = tmp_path / "child"
    parent = await asyncio.create_subprocess_exec(
        sys.executable,
        "-c",
        "import os, subprocess, sys, time\n"
        "child = 'import os,sys,time; open(sys.argv[1], \"w\").write(str(os.getpid())); time.sleep(60)'\n"
        "subprocess.Popen([sys.executable, '-m', 'api.runtimes.child', str(os.getpid()),"
        " sys.executable, '-c', child, sys.argv[1]])\n"
        "time.sleep(60)",
        str(marker),
    )
    async with asyncio.timeout(60):
        while not (marker.exists() and marker.read_text()):  # noqa: ASYNC110 - another process
            await asyncio.sleep(0.05)
        parent.kill()
        await parent.wait()
        pid = int(marker.read_text())
        while _alive(pid):  # noqa: ASYNC110 - another process
            await asyncio.sleep(0.05)


def _alive(pid: int) -> bool:
    stat = Path(f"/proc/{pid}/stat")
    return stat.exists() and stat.read_text().rpartition(")")[2].split()[0] != "Z"
