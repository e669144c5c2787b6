"""Commands by import string: loaded when used, and without tying the packages together that they come from."""

from collections.abc import Callable
from importlib import import_module
from typing import Any

import click


def load_command(target: str) -> click.Command:
    """`package.module:name`."""
    command: click.Command = load(target)
    return command


def attempt(work: Callable[[], Any]) -> Any:
    """What fails on the cluster's side ends the command with its sentence."""
    failure = load("gitsync.errors:GitsyncError")
    try:
        return work()
    except failure as error:
        raise click.ClickException(" ".join(filter(None, (error.message, error.suggestion)))) from error


def load(target: str) -> Any:
    """`package.module:name`, whatever it is."""
    module, _, name = target.partition(":")
    return getattr(import_module(module), name)
