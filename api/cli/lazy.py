"""Commands by import string: loaded when used, and without tying the packages together that they come from."""

from importlib import import_module

import click


def load_command(target: str) -> click.Command:
    """`package.module:name`."""
    module, _, name = target.partition(":")
    command: click.Command = getattr(import_module(module), name)
    return command
