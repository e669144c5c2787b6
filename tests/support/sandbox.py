"""A sandbox in this process, for tests of everything that talks to a Kubernetes API."""

import secrets
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory

from gitsync.sandbox.sandbox import Sandbox, SandboxSettings


@asynccontextmanager
async def running_sandbox(
    *, controllers: bool = False, nodes: int = 3, speed: float = 1.0, data_dir: Path | None = None
) -> AsyncIterator[Sandbox]:
    """Starts a sandbox on a free port and stops it at the end.

    What tests use of it: `url`, `token`, `kubeconfig` (path), `certificates.authority` (path), `objects` (in-process
    access), `faults`, `access`, `clock`, `store`. With `controllers` pods run on simulated nodes, `speed` times faster.
    """
    with TemporaryDirectory() as own:
        settings = SandboxSettings(
            data_dir=data_dir or Path(own),
            admin_token=secrets.token_hex(16),
            speed=speed,
            keep_objects=data_dir is not None,
        )
        sandbox = Sandbox(settings, wall=lambda: datetime.now(UTC))
        await sandbox.start()
        running = None
        if controllers:
            from gitsync.sandbox.controllers import start_controllers

            running = start_controllers(sandbox.objects, sandbox.clock, nodes=nodes)
            sandbox.serve_logs(running.logs)
        try:
            yield sandbox
        finally:
            if running is not None:
                running.stop()
            await sandbox.stop()
