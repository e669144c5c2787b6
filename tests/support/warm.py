"""Runtime processes from an interpreter that has imported everything already: each of them would take a second for it.

They are processes like others: a kill takes them, their log is a file, and they end with the test's process.
"""

import asyncio
import multiprocessing
import os
import signal
import sys
from collections.abc import Mapping
from multiprocessing.context import ForkServerProcess
from pathlib import Path

import gitsync.runtime.rollouts_alone
import gitsync.runtime.runtime  # noqa: F401 - what a runtime imports when it starts
from gitsync.cli.runtime import runtime
from tests.support.real_apiserver import end_with_parent

_CONTEXT = multiprocessing.get_context("forkserver")
_CONTEXT.set_forkserver_preload([__name__])


class WarmProcess:
    """What `asyncio.subprocess.Process` offers, as far as tests ask for it."""

    def __init__(self, process: ForkServerProcess) -> None:
        self._process = process

    @property
    def pid(self) -> int:
        assert self._process.pid is not None
        return self._process.pid

    @property
    def returncode(self) -> int | None:
        return self._process.exitcode

    def send_signal(self, number: signal.Signals) -> None:
        if self.returncode is None:
            os.kill(self.pid, number)

    def kill(self) -> None:
        self.send_signal(signal.SIGKILL)

    async def wait(self) -> int:
        ended = asyncio.Event()
        loop, sentinel = asyncio.get_running_loop(), self._process.sentinel
        loop.add_reader(sentinel, ended.set)
        try:
            await ended.wait()
        finally:
            loop.remove_reader(sentinel)
        self._process.join()
        assert self.returncode is not None
        return self.returncode


async def start_runtime(log: Path, arguments: tuple[str, ...], environment: Mapping[str, str]) -> WarmProcess:
    """`python -m gitsync` with these arguments."""
    process = _CONTEXT.Process(target=_become_runtime, args=(str(log), arguments, dict(environment)))
    await asyncio.to_thread(process.start)  # the first one waits until everything is imported
    return WarmProcess(process)


def _become_runtime(log: str, arguments: tuple[str, ...], environment: Mapping[str, str]) -> None:
    os.setsid()
    if sys.platform == "linux":
        end_with_parent()
    output = os.open(log, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o644)
    for number in (1, 2):
        os.dup2(output, number)
    os.environ.clear()
    os.environ.update(environment)
    runtime(arguments, prog_name="python -m gitsync")
