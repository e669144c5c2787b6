"""The demo as processes: Ctrl-C, a killed parent, and a second start leave nothing behind and nothing broken."""

import os
import signal
import socket
import sys
from pathlib import Path

import pytest

from tests.support.demo import running_demo
from tests.support.process_watch import processes_of, until_ended

pytestmark = [
    pytest.mark.e2e,
    pytest.mark.skipif(sys.platform != "linux", reason="looks into /proc"),
]


async def test_a_killed_demo_leaves_no_process_behind_starts_again_and_ends_as_a_whole_by_ctrl_c(
    tmp_path: Path,
) -> None:
    async with running_demo(tmp_path / "data") as demo:
        started = processes_of(demo.data_dir)
        os.kill(demo.pid, signal.SIGKILL)
        await until_ended(started)
    assert processes_of(tmp_path) == {}
    before, port = len((tmp_path / "demo.log").read_text()), int(demo.url.rpartition(":")[2])
    async with running_demo(tmp_path / "data", port=port) as again:
        async with again.signed_in("admin") as admin:
            await admin.until_healthy("platform", "storefront")
        started = processes_of(again.data_dir)
        assert len(started) >= 3, started
        assert any("-m gitsync.sandbox" in words for words in started.values())
        assert any("-m gitsync --name" in words for words in started.values())
        os.kill(again.pid, signal.SIGINT)
        await until_ended(started)
    assert processes_of(tmp_path) == {}
    log = (tmp_path / "demo.log").read_text()[before:]
    assert "Traceback" not in log, log


async def test_a_taken_port_is_said_in_one_sentence(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(RuntimeError):
            async with running_demo(tmp_path / "other", port=port):
                raise AssertionError("two servers on one port")
    log = (tmp_path / "demo.log").read_text()
    assert f"port {port} is taken" in log
    assert "Traceback" not in log
    assert processes_of(tmp_path) == {}
