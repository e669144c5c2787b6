"""The whole of it in one process: sandbox API with controllers and nodes, Git host, runtime."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from gitsync.kube.access import ClusterAccess, access_from_kubeconfig
from gitsync.sandbox.controllers import start_controllers
from gitsync.sandbox.githost import Access, GitHost
from gitsync.sandbox.sandbox import Sandbox, SandboxSettings
from tests.support.runtime import Rig, running_rig

SPEED = 20.0  # simulated nodes and controllers run this much faster than the clock


@dataclass(frozen=True, slots=True)
class World:
    """A cluster and a Git host; runtimes come and go."""

    sandbox: Sandbox
    host: GitHost
    access: ClusterAccess
    folder: Path


def _now() -> datetime:
    return datetime.now(UTC)


@asynccontextmanager
async def running_world(folder: Path, *, public: bool = True) -> AsyncIterator[World]:
    """Repository `apps` is public unless said otherwise; dana may write it."""
    sandbox = Sandbox(SandboxSettings(folder / "cluster", "admin-token", speed=SPEED), wall=_now)
    await sandbox.start()
    controllers = start_controllers(sandbox.objects, sandbox.clock, nodes=2)
    sandbox.serve_logs(controllers.logs)
    host = GitHost(folder / "host", clock=_now)
    await host.create_repository("apps", public=public)
    host.add_user("dana", "dana-password")
    host.set_access("apps", "dana", Access.WRITE)
    await host.start()
    try:
        yield World(sandbox, host, access_from_kubeconfig(sandbox.kubeconfig), folder)
    finally:
        await host.stop()
        controllers.stop()
        await sandbox.stop()


@asynccontextmanager
async def running_sandbox_rig(folder: Path, **settings: Any) -> AsyncIterator[tuple[World, Rig]]:
    async with (
        running_world(folder) as world,
        running_rig(world.access, world.host, folder / "runtime", **settings) as rig,
    ):
        yield world, rig
