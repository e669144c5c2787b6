"""`argosy runtime logs`: a runtime's own log, here or into a file."""

from pathlib import Path

import click
import httpx

from api.cli import client

_LOG = """query Log($name: String!, $component: String, $lines: Int!) {
  runtimeLog(runtime: $name, component: $component, lines: $lines) { component text }
}"""
_SECONDS = 60.0


@click.command()
@click.argument("name")
@click.option("--component", help="Only this part, such as gitsync.link.")
@click.option("--tail", "lines", type=click.IntRange(1, 4_000), default=200, show_default=True, help="How many lines.")
@click.option("--download", type=click.Path(path_type=Path), help="Write all that is kept into this .tar.gz instead.")
@click.option("--server", help="Address of the control plane.")
@click.option("--api-token", help="API token; better in ARGOSY_TOKEN.")
def logs(
    name: str, component: str | None, lines: int, download: Path | None, server: str | None, api_token: str | None
) -> None:
    """Show the newest lines of a connected runtime's own log."""
    settings = client.client_settings(server, api_token)
    if download is None:
        found = client.execute(settings, _LOG, {"name": name, "component": component, "lines": lines})
        for line in found["runtimeLog"]:
            click.echo(line["text"])
        return
    url = f"{settings.server.rstrip('/')}/runtimes/{name}/logs"
    try:
        answer = httpx.get(url, headers=client.headers(settings), timeout=_SECONDS)
    except httpx.HTTPError as error:
        raise click.ClickException(f"{settings.server} does not answer: {error}") from error
    if answer.status_code != 200:
        raise click.ClickException(answer.json()["error"]["message"])
    download.write_bytes(answer.content)
    click.echo(f"{download}: {len(answer.content)} bytes")
