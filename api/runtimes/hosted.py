"""The hosted runtime: a child process that dials this control plane like any other runtime.

It gets a new token at every start of the control plane, by its environment; it is started again with growing pauses
when it ends, and ends with its parent.
"""

import asyncio
import os
import sys
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import structlog

from api.access.secret_token import RUNTIME, hash_token, new_token
from api.settings import IN_CLUSTER, HostedRuntime, Settings, child_environment
from model.listing import RegisteredRuntime
from model.store import runtime as runtime_store

if TYPE_CHECKING:
    from api.plane import ControlPlane

STOP_SECONDS = 10.0
BEAT_SECONDS = 5.0

log = structlog.get_logger(__name__)


class RuntimeEnded(Exception):
    """The child ended; the supervisor starts it again."""


@dataclass(slots=True)
class HostedProcesses:
    """Those that run here, as they were started; settled by one at a time."""

    running: dict[str, HostedRuntime] = field(default_factory=dict)
    settling: asyncio.Lock = field(default_factory=asyncio.Lock)


async def settle_hosted(plane: "ControlPlane") -> None:
    """Starts, restarts and ends processes until they are those that are wanted: all, where this replica is the first
    one, else none."""
    processes = plane.hosted
    async with processes.settling:
        wanted = await _wanted(plane) if plane.roster.is_first else {}
        for name in [name for name, runtime in processes.running.items() if wanted.get(name) != runtime]:
            await plane.supervisor.end(_part(name))
            del processes.running[name]
        for name, runtime in wanted.items():
            if name not in processes.running:
                await _start(plane, runtime)
                processes.running[name] = runtime


async def _wanted(plane: "ControlPlane") -> dict[str, HostedRuntime]:
    """Of the settings, and those that people set up."""
    own = plane.settings.hosted_runtime
    wanted = {own.name: own} if own is not None else {}
    async with plane.database.read() as session:
        known = await runtime_store.all_runtimes(session)
    for runtime in known:
        if (hosted := hosted_of(plane.settings, runtime)) is not None:
            wanted.setdefault(runtime.name, hosted)
        elif runtime.hosting is not None and runtime.name not in plane.hosted.running:
            log.debug("a hosted runtime stays down: no cluster is named for it", runtime=runtime.name)
    return wanted


async def _start(plane: "ControlPlane", runtime: HostedRuntime) -> None:
    """Registers the runtime and keeps its process running."""
    token = new_token(RUNTIME)
    await _register(plane, runtime.name, token)

    async def keep(beat: Callable[[], None]) -> None:
        await _run(plane, runtime, token, beat)

    plane.supervisor.start(_part(runtime.name), keep, beat_seconds=BEAT_SECONDS)


def hosted_of(settings: Settings, runtime: RegisteredRuntime) -> HostedRuntime | None:
    """How a runtime runs that somebody set up; None where this control plane cannot run it."""
    if runtime.hosting is None or settings.hosted_home is None:
        return None
    kubeconfig = None if settings.hosted_home == IN_CLUSTER else Path(settings.hosted_home)
    config = ("--config-repo", runtime.hosting.config_repo) if runtime.hosting.config_repo else ()
    return HostedRuntime(runtime.name, kubeconfig, runtime.hosting.namespace, config)


def _part(name: str) -> str:
    return f"runtime-{name}"


async def _register(plane: "ControlPlane", name: str, token: str) -> None:
    async with plane.database.write() as session:
        if not await runtime_store.set_token(session, name, hash_token(token)):
            await runtime_store.add(session, name, token_hash=hash_token(token), hosted=True, now=plane.clock())


async def _run(plane: "ControlPlane", runtime: HostedRuntime, token: str, beat: Callable[[], None]) -> None:
    process = await asyncio.create_subprocess_exec(
        *_command(plane, runtime),
        env=child_environment(ARGOSY_LINK_TOKEN=token),
        stdin=asyncio.subprocess.DEVNULL,
        start_new_session=True,  # Ctrl-C goes to the parent, which ends the child in order
    )
    log.info("hosted runtime started", runtime=runtime.name, pid=process.pid)
    try:
        while process.returncode is None:
            beat()
            with suppress(TimeoutError):
                async with asyncio.timeout(BEAT_SECONDS):
                    await process.wait()
    finally:
        await _stop(process)
    raise RuntimeEnded(f"runtime {runtime.name!r} ended with code {process.returncode}")


def _command(plane: "ControlPlane", runtime: HostedRuntime) -> list[str]:
    link = plane.settings.local_url.replace("http", "ws", 1) + "/link"
    return [
        *(sys.executable, "-m", "api.runtimes.child", str(os.getpid())),
        *(sys.executable, "-m", "gitsync", "--name", runtime.name, "--hosted"),
        *(("--kubeconfig", str(runtime.kubeconfig)) if runtime.kubeconfig else ()),
        *("--namespace", runtime.namespace),
        *("--link", link, "--data-dir", str(plane.settings.data_dir / "runtimes" / runtime.name)),
        *runtime.arguments,
    ]


async def _stop(process: asyncio.subprocess.Process) -> None:
    if process.returncode is not None:
        return
    with suppress(ProcessLookupError):
        process.terminate()
    try:
        async with asyncio.timeout(STOP_SECONDS):
            await process.wait()
    except TimeoutError:
        with suppress(ProcessLookupError):
            process.kill()
        await process.wait()
