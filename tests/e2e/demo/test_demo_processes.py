"""The demo as processes: one that cannot start says why, and leaves none behind."""

import socket
import sys
from pathlib import Path

import pytest

from tests.support.demo import running_demo
from tests.support.process_watch import processes_of

pytestmark = [
    pytest.mark.e2e,
    pytest.mark.skipif(sys.platform != "linux", reason="looks into /proc"),
]


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
