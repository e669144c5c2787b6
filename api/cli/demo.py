"""`argosy demo`: everything on this machine, to try."""

import asyncio
from dataclasses import replace
from pathlib import Path

import click

from api.demo import DemoFailed, DemoOptions, run_demo
from api.settings import demo_user_password, from_environment


@click.command()
@click.option("--host", help="Address to listen on.")
@click.option("--port", type=int, help="Port for people.")
@click.option("--data-dir", type=click.Path(path_type=Path), help="Where the demo keeps its data.")
@click.option("--apps", "applications", type=click.IntRange(0, 20_000), default=0, help="Small applications to add.")
@click.option("--history/--no-history", default=True, help="With made-up commits and releases of the last 90 days.")
def demo(host: str | None, port: int | None, data_dir: Path | None, applications: int, history: bool) -> None:
    """Start a sandbox cluster, a Git host, a runtime and the console (flags win over ARGOSY_* variables)."""
    settings = from_environment()
    settings = replace(
        settings,
        host=host or settings.host,
        port=settings.port if port is None else port,
        data_dir=(data_dir or settings.data_dir).absolute(),
    )
    try:
        asyncio.run(run_demo(DemoOptions(settings, applications, history, demo_user_password())))
    except DemoFailed as error:
        raise click.ClickException(str(error)) from error
