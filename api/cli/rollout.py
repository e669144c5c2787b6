"""`argosy rollout`: Rollouts of applications, seen and steered; what they are going to do, and why they do not."""

from importlib import import_module

import click

from api.cli import client
from api.cli.rollout_fleet import fleet
from api.cli.rollout_steering import COMMANDS

# By import string: these look at files with the engine, which the control plane does not load.
_OFFLINE = {
    "explain": ("gitsync.cli.rollout:explain", "Say why a Rollout in a file is not healthy."),
    "simulate": ("gitsync.cli.rollout:simulate", "Say what an update of a Rollout is going to do, step by step."),
}


class _Lazy(click.Group):
    """Imports a subcommand only when it is needed."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return sorted({*super().list_commands(ctx), *_OFFLINE})

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in _OFFLINE:
            return super().get_command(ctx, cmd_name)
        module, _, name = _OFFLINE[cmd_name][0].partition(":")
        command: click.Command = getattr(import_module(module), name)
        return command


@click.group(cls=_Lazy)
@click.option("--server", help="Address of the control plane.")
@click.option("--token", help="API token.")
@click.pass_context
def rollout(context: click.Context, server: str | None, token: str | None) -> None:
    """Progressive delivery: see and steer Rollouts, simulate and explain them."""
    context.obj = client.client_settings(server, token)


for _command in (*COMMANDS, fleet):
    rollout.add_command(_command)
