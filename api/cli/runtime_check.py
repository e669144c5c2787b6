"""`argosy runtime check`: the values of an installation, tried before anything is made."""

import asyncio
from pathlib import Path
from typing import Any

import click

from api.cli.lazy import attempt, load


@click.command()
@click.argument("name")
@click.option("--link", "link_url", required=True, help="WebSocket address of the control plane: wss://host/link.")
@click.option("--token", envvar="ARGOSY_LINK_TOKEN", help="The runtime's token; better in ARGOSY_LINK_TOKEN.")
@click.option("--token-file", type=click.Path(path_type=Path), help="File with the token.")
@click.option("--config-repo", default="", help="Shared configuration repository: whether it can be read.")
@click.option("--git-username", envvar="ARGOSY_GIT_USERNAME", default="", help="For --config-repo.")
@click.option("--git-password", envvar="ARGOSY_GIT_PASSWORD", default="", help="Better in ARGOSY_GIT_PASSWORD.")
@click.option("--kubeconfig", type=click.Path(path_type=Path), help="Also ask what its account may do there.")
@click.option("--context", default="", help="Context of the kubeconfig.")
def check(
    name: str,
    link_url: str,
    token: str | None,
    token_file: Path | None,
    config_repo: str,
    git_username: str,
    git_password: str,
    kubeconfig: Path | None,
    context: str,
) -> None:
    """Try the values with which a runtime is to be installed; nothing is made or changed.

    The chart runs this in the cluster before it installs anything; --set check.enabled=false skips it there.
    """
    credential = None
    if git_username or git_password:
        credential = load("gitsync.git.credentials:GitCredential")(git_username, git_password)
    given = load("gitsync.installation.check:Wanted")(
        name=name,
        link_url=link_url,
        token=_token(token, token_file),
        config_repo=config_repo,
        git_credential=credential,
        kubeconfig=kubeconfig,
        context=context,
    )
    wrong = attempt(lambda: asyncio.run(_told(given)))
    if wrong:
        raise click.ClickException(f"{name} cannot be installed like this: {wrong} wrong")


async def _told(given: Any) -> int:
    """How many things are wrong."""
    wrong = 0
    async for one in load("gitsync.installation.check:findings")(given):
        if not one.wrong:
            click.echo(f"ok     {one.about}")
            continue
        wrong += 1
        click.echo(f"wrong  {one.about}: {one.wrong.rstrip('.')}. {one.next_step}".rstrip(), err=True)
    return wrong


def _token(token: str | None, file: Path | None) -> str:
    if file is None and token:
        return token
    if file is None:
        raise click.UsageError("the check needs the runtime's token: --token-file or ARGOSY_LINK_TOKEN")
    try:
        return file.read_text().strip()
    except OSError as error:
        raise click.ClickException(f"{file} cannot be read: {error.strerror}") from error
