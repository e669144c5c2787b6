"""What a bench runs against: a cluster (the sandbox or a real kube-apiserver), a Git host, and a runtime.

Each is a process of its own, so that its cost can be told apart.
"""

import asyncio
import os
import signal
import socket
import sys
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

import aiohttp

from gitsync.sandbox.githost import Access, Author, GitHost
from tests.bench.kube_http import KubeHttp, connect
from tests.bench.process import Cost, cost_of

HOME = "argosy"
ROBOT, ROBOT_PASSWORD = "robot", "bench"
AUTHOR = Author("Bench", "bench@example.com")
START_SECONDS = 90


class ProcessFailed(RuntimeError):
    """A process of the rig ended or did not get ready."""


@dataclass(frozen=True, slots=True)
class ClusterRig:
    """A running cluster: how to reach it, and the processes that it is made of."""

    name: str
    kubeconfig: Path
    pids: Mapping[str, int]
    kube: KubeHttp

    def costs(self) -> dict[str, Cost]:
        return {name: cost_of(pid) for name, pid in self.pids.items()}


@dataclass(slots=True)
class RunningProcess:
    process: asyncio.subprocess.Process
    lines: list[str] = field(default_factory=list)

    @property
    def pid(self) -> int:
        return self.process.pid


@asynccontextmanager
async def spawned(
    *command: str, ready: str = "", log: Path, environment: Mapping[str, str] | None = None
) -> AsyncIterator[RunningProcess]:
    """A child process in a session of its own, ended with its children at the exit; waits for a line with `ready`."""
    with log.open("ab") as errors:
        process = await asyncio.create_subprocess_exec(
            *command,
            stdout=asyncio.subprocess.PIPE,
            stderr=errors,
            start_new_session=True,
            env={**os.environ, **(environment or {})},
        )
    running = RunningProcess(process)
    try:
        if ready:
            await asyncio.wait_for(_read_until(running, ready, log), START_SECONDS)
        yield running
    finally:
        await _stop(process)


async def _read_until(running: RunningProcess, ready: str, log: Path) -> None:
    assert running.process.stdout is not None
    async for raw in running.process.stdout:
        running.lines.append(line := raw.decode(errors="replace").rstrip())
        if ready in line:
            return
    raise ProcessFailed(f"ended before it was ready; see {log}:\n" + log.read_text(errors="replace")[-2000:])


async def _stop(process: asyncio.subprocess.Process) -> None:
    for sent in (signal.SIGTERM, signal.SIGKILL):
        if process.returncode is not None:
            return
        os.killpg(process.pid, sent)
        try:
            await asyncio.wait_for(process.wait(), 10)
        except TimeoutError:
            continue


@asynccontextmanager
async def sandbox_cluster(folder: Path) -> AsyncIterator[ClusterRig]:
    async with AsyncExitStack() as stack:
        running = await stack.enter_async_context(
            spawned(
                sys.executable,
                "-m",
                "gitsync.sandbox",
                "--data",
                str(folder / "sandbox"),
                ready="ready",
                log=folder / "sandbox.log",
            )
        )
        kubeconfig = folder / "sandbox" / "kubeconfig"
        kube = await stack.enter_async_context(connect(kubeconfig))
        yield ClusterRig("sandbox", kubeconfig, {"sandbox": running.pid}, kube)


@asynccontextmanager
async def git_host(folder: Path) -> AsyncIterator[GitHost]:
    """A Git host in this process, with the repository `apps` that the robot may read."""
    host = GitHost(folder / "git", clock=lambda: datetime.now(UTC))
    await host.start()
    host.add_user(ROBOT, ROBOT_PASSWORD)
    try:
        await host.create_repository("apps")
        host.set_access("apps", ROBOT, Access.WRITE)
        yield host
    finally:
        await host.stop()


@dataclass(frozen=True, slots=True)
class RuntimeRig:
    pid: int
    metrics_url: str

    def cost(self) -> Cost:
        return cost_of(self.pid)

    async def metrics(self) -> dict[str, float]:
        """Every sample of /metrics, by its name with labels."""
        async with aiohttp.ClientSession() as session, session.get(self.metrics_url) as response:
            text = await response.text()
        pairs = (line.rsplit(" ", 1) for line in text.splitlines() if line and not line.startswith("#"))
        return {name: float(value) for name, value in pairs}


@asynccontextmanager
async def runtime(folder: Path, cluster: ClusterRig, *more: str) -> AsyncIterator[RuntimeRig]:
    port = free_port()
    command = ("-m", "gitsync", "--kubeconfig", str(cluster.kubeconfig), "--namespace", HOME)
    options = ("--data-dir", str(folder / "runtime"), "--metrics-port", str(port))
    async with spawned(sys.executable, *command, *options, *more, log=folder / "runtime.log") as running:
        rig = RuntimeRig(running.pid, f"http://127.0.0.1:{port}/metrics")
        await _until_ready(port, running, folder / "runtime.log")
        yield rig


async def _until_ready(port: int, running: RunningProcess, log: Path) -> None:
    async with aiohttp.ClientSession() as session:
        for _ in range(START_SECONDS * 10):
            try:
                async with session.get(f"http://127.0.0.1:{port}/readyz") as response:
                    if response.status == 200:
                        return
            except aiohttp.ClientError:
                pass
            if running.process.returncode is not None:
                break
            await asyncio.sleep(0.1)
    raise ProcessFailed(f"the runtime did not get ready; see {log}:\n" + log.read_text(errors="replace")[-2000:])


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
