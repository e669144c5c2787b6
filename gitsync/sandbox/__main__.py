"""`python -m gitsync.sandbox`: the whole sandbox in one process, until SIGTERM, SIGINT, or the end of its parent."""

import asyncio
import gc
import os
import secrets
import signal
import sys
from contextlib import AsyncExitStack
from datetime import UTC, datetime
from pathlib import Path

import uvloop

from gitsync.sandbox.controllers import start_controllers
from gitsync.sandbox.errors import SandboxError
from gitsync.sandbox.githost import GitHost, Webhook
from gitsync.sandbox.sandbox import Sandbox, SandboxSettings
from gitsync.sandbox.seed import GitUser, seed_demo
from gitsync.sandbox.settings import ProcessSettings, read_settings

_PARENT_CHECK_SECONDS = 1.0


def _now() -> datetime:
    return datetime.now(UTC)


def _admin_token(data_dir: Path) -> str:
    """The same token at every start, so that a kubeconfig that somebody copied stays good."""
    path = data_dir / "sandbox-token"
    if not path.exists():
        path.touch(mode=0o600)
        path.write_text(secrets.token_hex(16))
    return path.read_text().strip()


async def run(settings: ProcessSettings) -> None:
    """Starts everything, prints the ready line, waits for the end, stops everything."""
    settings.data_dir.mkdir(parents=True, exist_ok=True)
    stopped = _stop_signals(settings.parent)
    async with AsyncExitStack() as stack:
        api = SandboxSettings(
            data_dir=settings.data_dir,
            admin_token=_admin_token(settings.data_dir),
            port=settings.port,
            speed=settings.speed,
            keep_objects=True,
        )
        sandbox = Sandbox(api, wall=_now)
        await sandbox.start()
        stack.push_async_callback(sandbox.stop)
        controllers = start_controllers(sandbox.objects, sandbox.clock, nodes=settings.nodes)
        stack.callback(controllers.stop)
        sandbox.serve_logs(controllers.logs)
        git_host = GitHost(settings.data_dir / "git", clock=_now, public_url=settings.public_git_url)
        git_url = await git_host.start(port=settings.git_port)
        stack.push_async_callback(git_host.stop)
        await _seed(settings, sandbox, git_host, git_url)
        gc.freeze()
        sys.stdout.write(f"ready kubeconfig={sandbox.kubeconfig} git={git_url}\n")
        sys.stdout.flush()
        await stopped.wait()


async def _seed(settings: ProcessSettings, sandbox: Sandbox, git_host: GitHost, git_url: str) -> None:
    for name, password in settings.git_users:
        git_host.add_user(name, password)
    if settings.seed == "demo":
        await seed_demo(
            sandbox.objects,
            git_host,
            data_dir=settings.data_dir,
            public_git_url=settings.public_git_url or git_url,
            users=[GitUser(name, password) for name, password in settings.git_users],
            applications=settings.applications,
            history=settings.history,
            now=_now(),
        )
    if settings.webhook_url:  # only now: whoever listens there starts after us, and reads all refs when it does
        git_host.add_webhook(Webhook(settings.webhook_url, settings.webhook_secret))


def _stop_signals(parent: int) -> asyncio.Event:
    """An event that is set when it is time to go."""
    stopped = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stopped.set)

    def look_for_parent() -> None:
        if os.getppid() != parent:
            stopped.set()
        else:
            loop.call_later(_PARENT_CHECK_SECONDS, look_for_parent)

    if parent > 1:
        look_for_parent()
    return stopped


def main() -> int:
    """Exit code 1 with one line on standard error when the sandbox cannot start."""
    settings = read_settings(sys.argv[1:])
    gc.set_threshold(50_000, 20, 100)  # a full collection over a cluster's worth of dicts would hold up everybody
    try:
        uvloop.run(run(settings))
    except (SandboxError, OSError) as error:
        sys.stderr.write(f"sandbox: {error}\n")
        return 1
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
