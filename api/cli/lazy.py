"""Commands by import string: loaded when used, and without tying the packages together that they come from."""

from importlib import import_module
from typing import Any

import click


def load_command(target: str) -> click.Command:
    """`package.module:name`."""
    command: click.Command = load(target)
    return command


def load(target: str) -> Any:
    """`package.module:name`, whatever it is."""
    module, _, name = target.partition(":")
    return getattr(import_module(module), name)
