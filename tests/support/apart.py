"""Sandbox, runtime and kubectl as processes of their own, and a Git host in the test: what a platform team has.

Nothing here knows the insides of the runtime: Applications are written and read through the Kubernetes API, commits
are commits, and the runtime says what it did through /metrics and its log.
"""

import asyncio
import os
import re
import shutil
import signal
import sys
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import aiohttp

from gitsync.kube.access import access_from_kubeconfig
from gitsync.kube.client import Cluster
from gitsync.kube.errors import ClusterError
from gitsync.kube.watch import Changed, ListDone, watch_kind
from gitsync.manifest.object import JsonObject
from gitsync.sandbox.githost import Access, Author, GitHost
from model.identity import GroupVersionKind
from tests.support.ports import free_port
from tests.support.real_apiserver import end_with_parent
from tests.support.runtime import APPLICATION, NAMESPACE, application
from tests.support.warm import WarmProcess, start_runtime

AUTHOR = Author("Dana", "dana@shop.example.com")
START_SECONDS = 90
SPEED = 20  # simulated nodes run this much faster than the clock
POLL_SECONDS = 0.5
KUBECTL = shutil.which("kubectl")


class Program:
    """A process with its log in a file."""

    def __init__(self, log: Path, *command: str) -> None:
        self.log = log
        self._command = command
        self._process: asyncio.subprocess.Process | WarmProcess | None = None

    @property
    def pid(self) -> int:
        assert self._process is not None, "it was never started"
        return self._process.pid

    async def start(self) -> None:
        with self.log.open("ab") as log:
            self._process = await asyncio.create_subprocess_exec(
                *self._command,
                stdin=asyncio.subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                env={"PATH": os.environ["PATH"]},
                start_new_session=True,
                preexec_fn=end_with_parent if sys.platform == "linux" else None,
            )

    async def kill(self) -> None:
        await self._end(signal.SIGKILL)

    async def stop(self) -> None:
        await self._end(signal.SIGTERM)

    async def until(self, url: str) -> None:
        """Until it answers 200: a process has no event for that, so it is asked."""
        assert self._process is not None
        async with asyncio.timeout(START_SECONDS), aiohttp.ClientSession() as session:
            while True:
                assert self._process.returncode is None, self.log.read_text()
                try:
                    async with session.get(url, ssl=False) as response:
                        if response.status == 200:
                            return
                except aiohttp.ClientError:
                    pass
                await asyncio.sleep(0.05)

    async def _end(self, number: signal.Signals) -> None:
        if self._process is None or self._process.returncode is not None:
            return
        self._process.send_signal(number)
        try:
            await asyncio.wait_for(self._process.wait(), 15)
        finally:
            if self._process.returncode is None:
                self._process.kill()


class RuntimeProgram(Program):
    """`python -m gitsync`."""

    async def start(self) -> None:
        self._process = await start_runtime(self.log, self._command, {"PATH": os.environ["PATH"]})


@dataclass(frozen=True, slots=True)
class Apart:
    """`cluster` is the test's own connection. `runtime` and `sandbox` may be killed and started again."""

    folder: Path
    kubeconfig: Path
    cluster: Cluster
    host: GitHost
    runtime: Program
    sandbox: Program | None
    metrics_url: str

    async def start_runtime(self) -> None:
        await self.runtime.start()
        await self.runtime.until(f"{self.metrics_url}/readyz")
        await self.cluster.discovery.refresh()

    async def start_sandbox(self) -> None:
        assert self.sandbox is not None
        await self.sandbox.start()
        await self.sandbox.until(f"{self.cluster.access.server}/healthz")

    async def push(self, files: Mapping[str, str | None], repository: str = "apps") -> str:
        """Commits (None: removes the file) to main; the commit's id."""
        content = {path: text.encode() if text is not None else None for path, text in files.items()}
        return await self.host.commit_files(repository, "main", content, message="Change", author=AUTHOR)

    async def create(self, name: str, **spec: object) -> None:
        await self.cluster.create(application(self.host.clone_url("apps"), name, **spec))

    async def get(self, api_version: str, kind: str, name: str, namespace: str = "default") -> JsonObject | None:
        return await self.cluster.get(GroupVersionKind.parse(api_version, kind), namespace, name)

    async def until(self, name: str, holds: Callable[[JsonObject], bool], *, seconds: float = 60) -> JsonObject:
        """The Application as soon as `holds` is true of it."""
        async for body in self.follow(name, seconds=seconds):
            if holds(body):
                return body
        raise AssertionError("a watch never ends by itself")

    async def follow(self, name: str, *, seconds: float) -> AsyncIterator[JsonObject]:
        """Every state of the Application. Raises AssertionError with the last one when the time is up."""
        latest: JsonObject | None = None
        signals = watch_kind(self.cluster, APPLICATION, namespace=NAMESPACE)
        try:
            async with asyncio.timeout(seconds):
                async for signal_ in signals:
                    items = signal_.items if isinstance(signal_, ListDone) else ()
                    items = (signal_.item,) if isinstance(signal_, Changed) else items
                    for item in items:
                        if item.body()["metadata"]["name"] == name:
                            latest = item.body()
                            yield latest
        except TimeoutError:
            status = (latest or {}).get("status")
            raise AssertionError(f"{name} did not get there in {seconds} s: {status}") from None
        finally:
            await signals.aclose()

    async def metrics(self) -> dict[str, float]:
        """The runtime's own numbers by name, without their prefix."""
        async with aiohttp.ClientSession() as session, session.get(f"{self.metrics_url}/metrics") as response:
            text = await response.text()
        found = re.findall(r"^argosy_runtime_(\S+) (\S+)$", text, re.MULTILINE)
        return {name: float(value) for name, value in found}

    async def until_idle(self, *, seconds: float = 60) -> None:
        """Until nothing waits, and two looks at the numbers a while apart find no work done between them."""
        async with asyncio.timeout(seconds):
            before = await self.metrics()
            while True:
                await asyncio.sleep(2.5)  # longer than the longest pause before a status is written
                after = await self.metrics()
                done = ("reconciliations_total", "operations_total", "status_writes_total")
                waiting = ("queue_depth", "queue_working", "operations_running", "statuses_pending")
                if all(before[name] == after[name] for name in done) and not any(after[name] for name in waiting):
                    return
                before = after

    async def kubectl(self, *arguments: str, stdin: str = "", fails: bool = False) -> str:
        process = await asyncio.create_subprocess_exec(
            *(str(KUBECTL), "--kubeconfig", str(self.kubeconfig), "--cache-dir", str(self.folder / "kubectl")),
            *arguments,
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
        )
        output, _ = await process.communicate(stdin.encode())
        assert bool(process.returncode) is fails, f"kubectl {' '.join(arguments)}: {output.decode()}"
        return output.decode()


@asynccontextmanager
async def running_apart(folder: Path, *, kubeconfig: Path | None = None, speed: float = SPEED) -> AsyncIterator[Apart]:
    """A runtime alone, against the cluster of `kubeconfig` or a sandbox process. Repository `apps` is public."""
    async with AsyncExitStack() as stack:
        sandbox = None
        if kubeconfig is None:
            port, kubeconfig = free_port(), folder / "sandbox" / "kubeconfig"
            sandbox = Program(
                folder / "sandbox.log",
                *(sys.executable, "-m", "gitsync.sandbox", "--data", str(folder / "sandbox")),
                *("--port", str(port), "--speed", str(speed)),
            )
            stack.push_async_callback(sandbox.stop)
            await sandbox.start()
            await sandbox.until(f"https://127.0.0.1:{port}/healthz")
        host = GitHost(folder / "host", clock=lambda: datetime.now(UTC))
        await host.create_repository("apps", public=True)
        host.add_user("dana", "dana-password")
        host.set_access("apps", "dana", Access.WRITE)
        await host.start()
        stack.push_async_callback(host.stop)
        cluster = await Cluster.connect(access_from_kubeconfig(kubeconfig))
        stack.push_async_callback(cluster.close)
        await ensure_namespace(cluster, NAMESPACE)
        metrics_port = free_port()
        runtime = RuntimeProgram(
            folder / "runtime.log",
            *("--kubeconfig", str(kubeconfig), "--namespace", NAMESPACE),
            *("--data-dir", str(folder / "runtime"), "--metrics-port", str(metrics_port)),
            *("--poll-seconds", str(POLL_SECONDS)),
        )
        stack.push_async_callback(runtime.stop)
        apart = Apart(folder, kubeconfig, cluster, host, runtime, sandbox, f"http://127.0.0.1:{metrics_port}")
        await apart.start_runtime()
        yield apart


async def ensure_namespace(cluster: Cluster, name: str) -> None:
    try:
        await cluster.create({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}})
    except ClusterError as failure:
        if failure.status != 409:
            raise
