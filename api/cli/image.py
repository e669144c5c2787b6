"""`argosy image`: what CI tells of the images that it built."""

from typing import Any

import click

from api.cli import client
from api.cli.output import output_option, show_table
from api.settings import ClientSettings

_REPORT = """mutation Report($input: ImageBuildInput!) { outcome: reportImageBuild(input: $input) {
  repositories build { image url } errors { message suggestion } } }"""


@click.group()
@click.option("--server", help="Address of the control plane.")
@click.option("--token", help="API token.")
@click.pass_context
def image(context: click.Context, server: str | None, token: str | None) -> None:
    """Tell of builds of images."""
    context.obj = client.client_settings(server, token)


@image.command()
@click.argument("image", metavar="REPOSITORY:TAG")
@click.option("--link", required=True, help="The page of the build; http or https.")
@click.option("--digest", help="sha256:..., as the push printed it.")
@click.option("--ci", help="The system: GitHub Actions, Jenkins ...")
@click.option("--name", help="Of the workflow or job.")
@click.option("--repository", help="Of the source that it was built from.")
@click.option("--branch")
@click.option("--commit")
@click.option("--pull-request", "pullRequests", multiple=True, help="Key of one that the build brings.")
@click.option("--issue", "issues", multiple=True, help="Key of one that the build brings.")
@click.option("--builder", help="Who or what ran the build.")
@click.option("--seconds", "durationSeconds", type=click.FloatRange(0), help="How long it took.")
@output_option
@click.pass_obj
def report(settings: ClientSettings, /, output: str, **given: Any) -> None:
    """Tell that an image was built, as the last step after its push: timelines show the build with what deploys it.

    It counts for applications that are ruled by a repository to which the token's owner may write.
    """
    outcome = client.execute(settings, _REPORT, {"input": given})["outcome"]
    for error in outcome["errors"]:
        raise click.ClickException(" ".join(filter(None, (f"{error['message']}.", error["suggestion"]))))
    built = outcome["build"]
    show_table([{**built, "counts for": ", ".join(outcome["repositories"])}], output)
