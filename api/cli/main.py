"""`argosy`: the table of subcommands."""

import click

from api.cli.lazy import load_command

_COMMANDS = {
    "app": ("api.cli.application:app", "See and steer applications."),
    "appset": ("api.cli.application_set:appset", "See ApplicationSets, and what they would do."),
    "audit": ("api.cli.audit:audit", "See who changed what, as Git tells it."),
    "cluster": ("api.cli.cluster:cluster", "Look after the clusters that runtimes deploy to."),
    "demo": ("api.cli.demo:demo", "Start everything on one port, with a sandbox cluster and Git host."),
    "git-token": ("api.cli.git_token:git_token", "Look after your own Git tokens."),
    "git-source": ("api.cli.git_source:git_source", "Look after the repositories that manifests are committed to."),
    "image": ("api.cli.image:image", "Tell of builds of images, from CI."),
    "inspect": ("gitsync.cli.inspect:inspect", "Say what the engine thinks of files, offline."),
    "rollout": ("api.cli.rollout:rollout", "Progressive delivery: see, steer, simulate and explain Rollouts."),
    "runtime": ("api.cli.runtime:runtime", "Look after runtimes; without a subcommand: be one."),
    "serve": ("api.cli.serve:serve", "Start the control plane."),
    "token": ("api.cli.token:token", "Look after API tokens."),
    "user": ("api.cli.user:user", "Look after local users."),
}


class _Lazy(click.Group):
    """Imports a subcommand only when it is needed."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return sorted(_COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        return load_command(_COMMANDS[cmd_name][0]) if cmd_name in _COMMANDS else None

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl([(name, text) for name, (_, text) in sorted(_COMMANDS.items())])


@click.group(cls=_Lazy)
@click.version_option(package_name="argosy")
def main() -> None:
    """Argosy, an open GitOps control plane on Argo's own objects."""
