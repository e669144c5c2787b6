"""`argosy`: the table of subcommands."""

from importlib import import_module

import click

_COMMANDS = {
    "serve": "api.cli.serve:serve",
    "demo": "api.cli.demo:demo",
    "runtime": "gitsync.cli:runtime",
    "inspect": "gitsync.cli:inspect",
    "runtimes": "api.cli.runtimes:runtimes",
    "user": "api.cli.user:user",
    "token": "api.cli.token:token",
    "app": "api.cli.application:app",
}


class _Lazy(click.Group):
    """Imports a subcommand only when it is needed."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return sorted(_COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        target = _COMMANDS.get(cmd_name)
        if target is None:
            return None
        module, _, name = target.partition(":")
        command: click.Command = getattr(import_module(module), name)
        return command


@click.group(cls=_Lazy)
@click.version_option(package_name="argosy")
def main() -> None:
    """Argosy, an open GitOps control plane on Argo's own objects."""
