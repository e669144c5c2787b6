"""The demo: a sandbox process, a hosted runtime, the control plane and the console, with one command.

This module starts the sandbox, imports the control plane while that starts, too, and then serves as `argosy serve`
does; the runtime is the hosted one of that. Everything speaks the real protocols, so nothing here knows more than
addresses and passwords.
"""

import asyncio
import json
import os
import re
import secrets
import socket
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, replace
from pathlib import Path

from api.settings import HostedRuntime, InitialUser, Settings, child_environment

RUNTIME = "demo"
NAMESPACE = "argosy"
PEOPLE = ("admin", "dana", "victor", "eve")
SANDBOX_SECONDS = 60.0
STOP_SECONDS = 10.0


class DemoFailed(Exception):
    """The demo cannot start; the text says what to do."""


@dataclass(frozen=True, slots=True)
class DemoOptions:
    """`settings` gives host, port and data folder; `applications` is the size of the fleet beside the shop.

    `history`: with commits and releases over the last 90 days, which are made up and say so.
    `user_password` None: everybody has the administrator's.
    """

    settings: Settings
    applications: int = 0
    history: bool = True
    user_password: str | None = None


@dataclass(frozen=True, slots=True)
class DemoSecrets:
    """Made at the first start and kept beside the data, so that the printed password stays true."""

    admin_password: str
    webhook_secret: str


async def run_demo(options: DemoOptions) -> None:
    """Runs until it is told to stop, and takes every process that it started with it. Raises DemoFailed."""
    settings = options.settings
    _check_port(settings.host, settings.port)
    settings.data_dir.mkdir(parents=True, exist_ok=True)
    kept = _read_secrets(settings.data_dir / "demo.json", settings.admin_password)
    passwords = {name: options.user_password or kept.admin_password for name in PEOPLE}
    passwords["admin"] = kept.admin_password
    async with _sandbox(options, kept, passwords) as starting:
        from api.cli.serve import run_server  # takes a second, in which the sandbox starts

        git_url = await _git_url(starting)
        serving = replace(
            settings,
            admin_password=kept.admin_password,
            users=tuple(InitialUser(name, passwords[name], is_admin=name == "admin") for name in PEOPLE),
            hosted_runtime=HostedRuntime(
                RUNTIME,
                settings.data_dir / "kubeconfig",
                NAMESPACE,
                ("--config-repo", f"{settings.local_url}/git/config.git"),
            ),
            demo=True,
            demo_history=options.history,
            git_forward_url=git_url.removesuffix("/git"),
            webhook_secret=kept.webhook_secret,
        )
        ready = asyncio.Event()
        announcement = asyncio.create_task(_announce(ready, serving, passwords), name="announcement")
        try:
            await run_server(serving, ready=ready)
        finally:
            announcement.cancel()


def _check_port(host: str, port: int) -> None:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            raise DemoFailed(f"port {port} is taken; choose another one: make demo PORT=8001") from error


def _read_secrets(path: Path, admin_password: str | None) -> DemoSecrets:
    kept = json.loads(path.read_text()) if path.exists() else {}
    made = DemoSecrets(
        admin_password=admin_password or kept.get("admin_password") or secrets.token_urlsafe(9),
        webhook_secret=kept.get("webhook_secret") or secrets.token_urlsafe(24),
    )
    path.touch(mode=0o600)
    path.write_text(json.dumps({"admin_password": made.admin_password, "webhook_secret": made.webhook_secret}))
    return made


@asynccontextmanager
async def _sandbox(
    options: DemoOptions, kept: DemoSecrets, passwords: dict[str, str]
) -> AsyncIterator[asyncio.subprocess.Process]:
    """The sandbox process, which need not be ready yet."""
    settings = options.settings
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "gitsync.sandbox", "--data", str(settings.data_dir)),
        *("--seed", "demo", "--apps", str(options.applications), *(["--history"] if options.history else [])),
        *("--public-git-url", f"{settings.local_url}/git"),
        *("--webhook", f"{settings.local_url}/webhooks/git"),
        *("--parent", str(os.getpid())),
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        start_new_session=True,  # Ctrl-C goes to us, and we end it in order
        env=child_environment(
            ARGOSY_SANDBOX_USERS=json.dumps(passwords), ARGOSY_SANDBOX_WEBHOOK_SECRET=kept.webhook_secret
        ),
    )
    try:
        yield process
    finally:
        await _stop(process)


async def _git_url(sandbox: asyncio.subprocess.Process) -> str:
    """The address that its Git host really listens on, once it is ready."""
    try:
        async with asyncio.timeout(SANDBOX_SECONDS):
            return await _read_ready(sandbox)
    except TimeoutError as error:
        raise DemoFailed(f"the sandbox did not start within {SANDBOX_SECONDS:.0f} s") from error


async def _read_ready(process: asyncio.subprocess.Process) -> str:
    assert process.stdout is not None
    async for raw in process.stdout:
        line = raw.decode(errors="replace").rstrip()
        if found := re.match(r"ready .*\bgit=(\S+)", line):
            return found[1]
    raise DemoFailed("the sandbox ended before it was ready; its last lines are above")


async def _stop(process: asyncio.subprocess.Process) -> None:
    with suppress(ProcessLookupError):
        process.terminate()
    try:
        async with asyncio.timeout(STOP_SECONDS):
            await process.wait()
    except TimeoutError:
        process.kill()
        await process.wait()


async def _announce(ready: asyncio.Event, settings: Settings, passwords: dict[str, str]) -> None:
    await ready.wait()
    sys.stdout.write(banner(settings, passwords))
    sys.stdout.flush()


def banner(settings: Settings, passwords: dict[str, str]) -> str:
    """What a newcomer needs, and nothing else."""
    url = settings.local_url
    person = f"dana:{passwords['dana']}"
    clone = f"{url.replace('://', f'://{person}@')}/git/apps.git"
    return f"""
Argosy demo

  console    {url}
  sign in    admin / {passwords["admin"]}
             dana may write, victor may read, eve sees nothing{_others(passwords)}
  kubectl    kubectl --kubeconfig {settings.data_dir / "kubeconfig"} -n {NAMESPACE} get applications
  git        git clone {clone}
  graphql    {url}/graphql

Ctrl-C stops everything.
"""


def _others(passwords: dict[str, str]) -> str:
    same = passwords["dana"] == passwords["admin"]
    return " (same password)" if same else f" (password {passwords['dana']})"
