"""`argosy serve`: the control plane as a process."""

import asyncio
import gc
import inspect
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from importlib import import_module
from pathlib import Path
from typing import Any

import click
import structlog
import uvicorn
from starlette.types import ASGIApp

from api.app import create_app
from api.logs import configure_logs
from api.settings import HostedRuntime, Settings, from_environment
from model.link import MAX_FRAME_BYTES

PING_SECONDS = 20.0
GRACE_SECONDS = 5
KEEP_ALIVE_SECONDS = 75  # above the 60 s of common load balancers: who closes first must be the one that asks

log = structlog.get_logger(__name__)


@click.command()
@click.option("--host", help="Address to listen on.")
@click.option("--port", type=int, help="Port to listen on.")
@click.option("--data-dir", type=click.Path(path_type=Path), help="Where the database and caches are.")
@click.option("--database-url", help="sqlite:///FILE or postgresql://...; default: a file in the data directory.")
@click.option("--kubeconfig", type=click.Path(path_type=Path, exists=True), help="Start a hosted runtime on it.")
@click.option("--namespace", default="argosy", show_default=True, help="Home namespace of the hosted runtime.")
@click.option("--runtime-name", default="default", show_default=True, help="Name of the hosted runtime.")
@click.option("--hosted-kubeconfig", help="Cluster for hosted runtimes that people set up; in-cluster: this one.")
@click.option("--demo", is_flag=True, help="Serve the explorer at /graphql too.")
def serve(
    host: str | None,
    port: int | None,
    data_dir: Path | None,
    database_url: str | None,
    kubeconfig: Path | None,
    namespace: str,
    runtime_name: str,
    hosted_kubeconfig: str | None,
    demo: bool,
) -> None:
    """Start the control plane (flags win over ARGOSY_* variables)."""
    settings = from_environment()
    settings = replace(
        settings,
        host=host or settings.host,
        port=settings.port if port is None else port,
        data_dir=data_dir or settings.data_dir,
        database_url=database_url or settings.database_url,
        hosted_home=hosted_kubeconfig or settings.hosted_home,
        demo=demo,
        hosted_runtime=HostedRuntime(runtime_name, kubeconfig, namespace) if kubeconfig else None,
    )
    asyncio.run(run_server(settings))


async def run_server(settings: Settings, *, ready: asyncio.Event | None = None) -> None:
    """Serves until it is told to stop (SIGINT, SIGTERM). `ready` is set once requests are answered."""
    gc.set_threshold(50_000, 20, 100)  # full collections would otherwise hold up subscribers for 300 ms
    configure_logs(settings.log_level)
    server = _Server(server_config(settings), ready)
    try:
        await server.serve()
    except SystemExit as error:  # uvicorn's way to say that it could not start
        raise CannotListen(
            f"cannot listen on {settings.host}:{settings.port}, or the start failed; see above"
        ) from error


class CannotListen(click.ClickException):
    """The port is taken, or the start failed."""


class _Server(uvicorn.Server):
    def __init__(self, config: uvicorn.Config, ready: asyncio.Event | None) -> None:
        super().__init__(config)
        self._ready = ready

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """SIGINT and SIGTERM end the server in order, and the process with code 0: uvicorn would raise them again."""
        loop = asyncio.get_running_loop()
        for number in (signal.SIGINT, signal.SIGTERM):
            loop.add_signal_handler(number, self.handle_exit, number, None)
        try:
            yield
        finally:
            for number in (signal.SIGINT, signal.SIGTERM):
                loop.remove_signal_handler(number)

    async def startup(self, sockets: list[Any] | None = None) -> None:
        await super().startup(sockets)
        if self.started:
            log.info("control plane ready", url=f"http://{self.config.host}:{self.config.port}")
            if self._ready is not None:
                self._ready.set()


def server_config(settings: Settings) -> uvicorn.Config:
    return uvicorn.Config(
        create_app(settings, console=load_console(settings.console)),
        host=settings.host,
        port=settings.port,
        log_level=settings.log_level.lower(),
        access_log=False,
        server_header=False,
        ws="websockets-sansio",
        ws_max_size=MAX_FRAME_BYTES,
        ws_ping_interval=PING_SECONDS,
        ws_ping_timeout=PING_SECONDS,
        ws_per_message_deflate=False,
        timeout_graceful_shutdown=GRACE_SECONDS,
        timeout_keep_alive=KEEP_ALIVE_SECONDS,
        proxy_headers=False,
    )


def load_console(target: str | None) -> ASGIApp | None:
    """The console named by its import string, or None when it is not built: the API works without it."""
    if target is None:
        return None
    module, _, name = target.partition(":")
    try:
        found = getattr(import_module(module), name)
        console: ASGIApp = found() if inspect.isfunction(found) and not inspect.signature(found).parameters else found
    except (ImportError, AttributeError, RuntimeError) as error:  # RuntimeError: there, but not built
        log.warning("the console is not available; serving the API alone", reason=str(error))
        return None
    return console
