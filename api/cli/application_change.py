"""`argosy app create|edit|delete|validate`: changes to applications, each a commit in Git in the caller's name."""

from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import click

from api.cli import client
from api.cli.address import address
from api.cli.output import output_option, show_json
from api.settings import ClientSettings

Command = TypeVar("Command", bound=Callable[..., Any])

PAYLOAD = """{
  operationId pullRequestUrl diff commit { sha message branch repoURL url author { name } }
  errors { code message field line suggestion conflict { theirs } }
}"""
_CREATE = f"mutation Create($input: CreateApplicationInput!) {{ outcome: createApplication(input: $input) {PAYLOAD} }}"
_EDIT = f"mutation Edit($input: EditApplicationInput!) {{ outcome: editApplication(input: $input) {PAYLOAD} }}"
_DELETE = f"mutation Delete($input: DeleteApplicationInput!) {{ outcome: deleteApplication(input: $input) {PAYLOAD} }}"
_VALIDATE = """mutation Validate($input: ValidateApplicationInput!) {
  outcome: validateApplication(input: $input) {
    valid errors { code message field line suggestion } warnings { code message field line suggestion }
  }
}"""
_FILE = """query File($runtime: String!, $name: String!, $namespace: String) {
  application(runtime: $runtime, name: $name, namespace: $namespace) { manifestFile { path blob manifest } }
}"""

manifest_file = click.option(
    "-f",
    "--file",
    "manifest",
    type=click.File("r"),
    help="The Application manifest; - for standard input.",
)


def commit_options(command: Command) -> Command:
    """What a person may say about a commit."""
    for option in (
        click.option("--pull-request", is_flag=True, help="Push to a new branch and open a pull request."),
        click.option("--operation-id", help="The same id asked for twice is one commit."),
        click.option("--description", help="Body of the commit message."),
        click.option("-m", "--message", help="First line of the commit message."),
    ):
        command = option(command)
    return command


@click.command()
@click.option("--runtime", required=True)
@click.option("--git-source", required=True, help="The Git Source that the manifest is committed to.")
@click.option("--file-name", help="Path of the new file inside the Git Source; default: <name>.yaml.")
@manifest_file
@commit_options
@output_option
@click.pass_obj
def create(
    settings: ClientSettings, /, runtime: str, git_source: str, file_name: str | None, manifest: Any, **options: Any
) -> None:
    """Create an application: commit its manifest to a Git Source."""
    text = _required(manifest)
    value = {"runtime": runtime, "gitSource": git_source, "fileName": file_name, "manifest": text}
    _commit(settings, _CREATE, value, "Create an application", options)


@click.command()
@address
@manifest_file
@commit_options
@output_option
@click.pass_obj
def edit(settings: ClientSettings, /, application: dict[str, str | None], manifest: Any, **options: Any) -> None:
    """Edit an application's manifest in Git: with --file, or in your editor."""
    value: dict[str, Any] = {"application": application}
    if manifest is not None:
        value["manifest"] = manifest.read()
    else:
        value |= _edited(settings, application)
    _commit(settings, _EDIT, value, f"Edit application {application['name']}", options)


@click.command()
@address
@click.option("--confirm", help="The application's name again; asked for if missing.")
@commit_options
@output_option
@click.pass_obj
def delete(
    settings: ClientSettings, /, application: dict[str, str | None], confirm: str | None, **options: Any
) -> None:
    """Delete an application: remove its manifest from Git. The cluster follows."""
    confirmed = confirm if confirm is not None else click.prompt("Write the application's name to delete it")
    value = {"application": application, "confirmName": confirmed}
    _commit(settings, _DELETE, value, f"Delete application {application['name']}", options)


@click.command()
@click.option("--runtime", required=True)
@click.option("--git-source", help="The Git Source that it is meant for.")
@click.option("--existing", is_flag=True, help="The application exists already.")
@manifest_file
@output_option
@click.pass_obj
def validate(
    settings: ClientSettings, runtime: str, git_source: str | None, existing: bool, manifest: Any, output: str
) -> None:
    """Check a manifest without committing it. Ends with 1 if something is wrong."""
    text = _required(manifest)
    value = {"runtime": runtime, "gitSource": git_source, "manifest": text, "isNew": not existing}
    found = client.execute(settings, _VALIDATE, {"input": value})["outcome"]
    if output == "json":
        show_json(found)
    else:
        for kind in ("errors", "warnings"):
            for one in found[kind]:
                click.echo(f"{kind[:-1]}: {_sentence(one)}")
        if found["valid"]:
            click.echo("valid")
    if not found["valid"]:
        raise SystemExit(1)


COMMANDS = (create, edit, delete, validate)


def _required(manifest: Any) -> str:
    if manifest is None:
        raise click.UsageError("give the manifest with --file")
    text: str = manifest.read()
    return text


def _edited(settings: ClientSettings, application: dict[str, str | None]) -> dict[str, Any]:
    """The document of the application as it leaves the person's editor, and which file it came from."""
    found = (client.execute(settings, _FILE, application)["application"] or {}).get("manifestFile")
    if found is None:
        raise click.ClickException(f"no file in Git that you may edit holds {application['name']}")
    if found["manifest"] is None:
        raise click.ClickException(f"{found['path']} holds several objects; give the whole manifest with --file")
    text = click.edit(found["manifest"], extension=Path(found["path"]).suffix or ".yaml")
    if text is None or text == found["manifest"]:
        raise click.ClickException("nothing was changed")
    return {"manifest": text, "baseBlob": found["blob"], "asWritten": True}


def _commit(
    settings: ClientSettings, mutation: str, value: dict[str, Any], default: str, options: dict[str, Any]
) -> None:
    value |= {
        "commit": {"message": options["message"] or default, "description": options["description"]},
        "pullRequest": options["pull_request"],
        "operationId": options["operation_id"],
    }
    show_commit(client.execute(settings, mutation, {"input": value})["outcome"], options["output"])


def show_commit(outcome: dict[str, Any], output: str) -> None:
    """The commit, or the errors and exit code 1."""
    if output == "json":
        show_json(outcome)
    elif commit := outcome["commit"]:
        click.echo(f"commit {commit['sha'][:12]} on {commit['branch']} of {commit['repoURL']}")
        if outcome["pullRequestUrl"]:
            click.echo(f"pull request {outcome['pullRequestUrl']}")
    if outcome["errors"]:
        for one in outcome["errors"]:
            click.echo(f"Error: {_sentence(one)}", err=True)
        raise SystemExit(1)


def _sentence(error: dict[str, Any]) -> str:
    place = ", ".join(filter(None, (error["field"], f"line {error['line']}" if error["line"] else "")))
    text = f"{place}: {error['message']}" if place else str(error["message"])
    return f"{text} ({error['suggestion']})" if error["suggestion"] else text
