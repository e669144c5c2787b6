"""The runtime's part of the `argosy` command: `inspect` is here, `runtime` is in a module of its own.

Exit codes: 0 answered, 1 the files could not be understood (or `diff --exit-code` found a difference), 2 wrong usage.
Commands import what they need when they run, so that one does not load Git and the other Kubernetes for nothing.
"""

import sys
from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from functools import partial, wraps
from pathlib import Path
from typing import Any, ParamSpec

import click

from gitsync.errors import GitsyncError

P = ParamSpec("P")

_FILE = click.Path(dir_okay=False, allow_dash=True)
_FILES = click.argument("files", metavar="FILE...", type=_FILE, nargs=-1, required=True)


def _output(default: str) -> Callable[[Callable[..., None]], Callable[..., None]]:
    return click.option(
        "-o", "--output", "form", type=click.Choice(["json", "yaml"]), default=default, show_default=True
    )


_CONFIG = click.option("--config", type=_FILE, help="Argo CD's ConfigMap argocd-cm, for its resource customizations.")
_REPO = click.option(
    "--repo", "repos", multiple=True, metavar="URL=DIR", help="Directory that stands in for a repository. Repeatable."
)


def _told(command: Callable[P, None]) -> Callable[P, None]:
    """Errors of the engine end as one sentence and exit code 1."""

    @wraps(command)
    def run(*args: P.args, **kwargs: P.kwargs) -> None:
        try:
            command(*args, **kwargs)
        except GitsyncError as error:
            click.echo(f"error: {error.message}", err=True)
            if error.suggestion:
                click.echo(error.suggestion, err=True)
            sys.exit(1)

    return run


@click.group()
def inspect() -> None:
    """What the engine would say about files, offline."""


@inspect.command()
@_FILES
@_CONFIG
@_output("json")
@_told
def health(files: tuple[str, ...], config: str | None, form: str) -> None:
    """Health of each object in FILE. Several files give one list each: a line of JSON, or a YAML document."""
    from gitsync.health.overrides import HealthRules
    from gitsync.inspect.config import read_configuration
    from gitsync.inspect.health import health_of_file

    rules = HealthRules(read_configuration(config).customizations, clock=_now)
    _each((partial(health_of_file, file, rules) for file in files), form, one=len(files) == 1)


@inspect.command()
@_FILES
@_CONFIG
@_output("json")
@_told
def actions(files: tuple[str, ...], config: str | None, form: str) -> None:
    """Actions that the object in FILE has, and why one is not possible now. Several files give one list each."""
    from gitsync.actions.rules import ActionRules
    from gitsync.inspect.actions import actions_of_file
    from gitsync.inspect.config import read_configuration

    rules, now = ActionRules(read_configuration(config).customizations), _now()
    _each((partial(actions_of_file, file, rules, now=now) for file in files), form, one=len(files) == 1)


@inspect.command()
@click.argument("name")
@_FILES
@click.option("-p", "--parameter", "given", multiple=True, metavar="KEY=VALUE", help="For the action. Repeatable.")
@_CONFIG
@_output("yaml")
@_told
def action(name: str, files: tuple[str, ...], given: tuple[str, ...], config: str | None, form: str) -> None:
    """Objects that action NAME would make of the one in FILE, new ones included. Several files give one list each."""
    from gitsync.actions.rules import ActionRules
    from gitsync.inspect.actions import action_on_file
    from gitsync.inspect.config import read_configuration
    from gitsync.inspect.output import write_objects

    pairs = [parameter.partition("=") for parameter in given]
    if any(not key or not equals for key, equals, _ in pairs):
        raise click.BadParameter("write -p KEY=VALUE", param_hint="-p")
    parameters, now = {key: value for key, _, value in pairs}, _now()
    rules = ActionRules(read_configuration(config).customizations)
    asked = [partial(action_on_file, file, name, parameters, rules, now=now) for file in files]
    if len(asked) == 1:
        write_objects(asked[0](), form)
    else:
        _each(asked, form, one=False)


@inspect.command()
@click.option("--desired", required=True, multiple=True, type=_FILE, help="The object as Git wants it. Repeatable.")
@click.option(
    "--live", required=True, multiple=True, type=_FILE, help="As the cluster has it; an empty file: missing. One each."
)
@click.option("--app", "app", type=_FILE, help="The Application, for its ignoreDifferences and syncOptions.")
@click.option("--exit-code", is_flag=True, help="Exit with 1 when an object is modified.")
@_CONFIG
@_output("json")
@_told
def diff(
    desired: tuple[str, ...], live: tuple[str, ...], app: str | None, exit_code: bool, config: str | None, form: str
) -> None:
    """Compare one desired object with its live state, or the first of several with the first of several, and so on."""
    from gitsync.inspect.config import read_configuration
    from gitsync.inspect.diff import diff_of_files
    from gitsync.inspect.files import read_application
    from model.kinds.application import ApplicationSpec

    if len(desired) != len(live):
        raise click.UsageError(f"{len(desired)} desired and {len(live)} live files: give one --live for each --desired")
    spec = read_application(app).spec if app else ApplicationSpec()
    configuration, modified = read_configuration(config), False

    def compared(wanted: str, existing: str) -> Any:
        nonlocal modified
        answer = diff_of_files(wanted, existing, spec=spec, configuration=configuration)
        modified |= answer["modified"]
        return answer

    _each((partial(compared, *pair) for pair in zip(desired, live, strict=True)), form, one=len(desired) == 1)
    if exit_code and modified:
        sys.exit(1)


def _each(questions: Iterable[Callable[[], Any]], form: str, *, one: bool) -> None:
    from gitsync.inspect.output import write_each

    if not write_each(questions, form, one=one):
        sys.exit(1)


@inspect.command()
@click.argument("apps", metavar="APP...", type=_FILE, nargs=-1, required=True)
@_REPO
@_CONFIG
@click.option("--project", type=_FILE, help="The AppProject, for the flags of kustomize that it allows.")
@click.option("--kube-version", help="Of the cluster that charts are told of. Default: the newest that is known.")
@click.option("--api-version", "api_versions", multiple=True, metavar="GROUP/VERSION[/KIND]", help="Charts are told.")
@click.option("--closure", is_flag=True, help="Show what was read of the repositories instead.")
@_output("yaml")
@_told
def render(
    apps: tuple[str, ...],
    repos: tuple[str, ...],
    config: str | None,
    project: str | None,
    kube_version: str | None,
    api_versions: tuple[str, ...],
    closure: bool,
    form: str,
) -> None:
    """Manifests of the Application in each file APP. Several files give one list each: a line of JSON, or a YAML
    document."""
    from gitsync.inspect.config import read_configuration
    from gitsync.inspect.files import read_single
    from gitsync.inspect.output import write_objects
    from gitsync.inspect.render import NEWEST_KUBERNETES, Told, all_at_once, closure_of_file, objects_of_file

    directories = _directories(repos)
    told = Told(
        config=read_configuration(config),
        project=read_single(project) if project else None,
        kube_version=kube_version or NEWEST_KUBERNETES,
        api_versions=api_versions,
    )
    answer = closure_of_file if closure else objects_of_file
    questions = [partial(answer, app, directories, told) for app in apps]
    if len(apps) > 1:
        with all_at_once(questions) as asked:
            _each(asked, form, one=False)
    elif closure:
        _each(questions, form, one=True)
    else:
        write_objects(objects_of_file(apps[0], directories, told), form)


@inspect.command()
@click.argument("apps", metavar="APP...", type=_FILE, nargs=-1, required=True)
@click.option(
    "--live", required=True, multiple=True, type=_FILE, help="Live objects; an empty file: nothing. Once, or per APP."
)
@click.option("--desired", type=_FILE, help="Rendered manifests, instead of rendering the application's sources.")
@click.option("--prune/--no-prune", default=None, help="Default: as the application says.")
@_REPO
@_CONFIG
@_output("json")
@_told
def plan(apps: tuple[str, ...], repos: tuple[str, ...], config: str | None, form: str, **given: Any) -> None:
    """Ordered actions of the next sync of the Application in each file APP.

    Manifests that stand beside the Application in APP are taken as what it wants; else its sources are rendered.
    Several files give one result each: a line of JSON, or a YAML document.
    """
    from gitsync.inspect.config import read_configuration
    from gitsync.inspect.plan import PlanQuestion, plan_file
    from gitsync.inspect.render import all_at_once

    question = PlanQuestion(repositories=_directories(repos), configuration=read_configuration(config), **given)
    files = [(app, question.live_of(position, len(apps))) for position, app in enumerate(apps)]
    with all_at_once([partial(plan_file, app, live, question) for app, live in files]) as asked:
        _each(asked, form, one=len(apps) == 1)


@inspect.command()
@click.argument("project", type=_FILE)
@click.argument("apps", metavar="APP...", type=_FILE, nargs=-1, required=True)
@_output("json")
@_told
def project(project: str, apps: tuple[str, ...], form: str) -> None:
    """What the AppProject in file PROJECT objects to in the Application in each file APP, and in manifests beside it.

    Of several projects in the file the one that the Application names. Secrets of repositories and clusters beside it
    count, and so do global projects with their argocd-cm. Several files give one list each.
    """
    from gitsync.inspect.files import read_objects
    from gitsync.inspect.project import project_of_file

    around = read_objects(project)
    _each((partial(project_of_file, app, around, project) for app in apps), form, one=len(apps) == 1)


@inspect.command()
@click.argument("project", type=_FILE)
@click.argument("apps", metavar="APP...", type=_FILE, nargs=-1, required=True)
@click.option(
    "--at",
    "moments",
    required=True,
    multiple=True,
    metavar="TIME",
    help="Such as 2026-03-29T02:30:00Z; without zone: UTC. Once, or per APP.",
)
@_output("json")
@_told
def windows(project: str, apps: tuple[str, ...], moments: tuple[str, ...], form: str) -> None:
    """Whether the sync windows of the AppProject let the Application in each file APP be synced at a time, and which
    one decided. Several files give one result each."""
    from gitsync.inspect.files import read_objects, read_time
    from gitsync.inspect.project import windows_of_file

    if len(moments) not in (1, len(apps)):
        raise click.UsageError(f"{len(moments)} times for {len(apps)} files: give --at once, or once for each APP")
    around, times = read_objects(project), [read_time(moment) for moment in moments]
    asked = zip(apps, times if len(times) > 1 else times * len(apps), strict=True)
    _each((partial(windows_of_file, app, around, project, at) for app, at in asked), form, one=len(apps) == 1)


def _now() -> datetime:
    return datetime.now(UTC)


@inspect.command()
@_FILES
@click.option("--clusters", type=_FILE, help="Cluster Secrets, for the clusters generator.")
@click.option("--live", type=_FILE, help="Applications, sets and projects that there are: tells what would be done.")
@_REPO
@_output("yaml")
@_told
def appset(files: tuple[str, ...], clusters: str | None, live: str | None, repos: tuple[str, ...], form: str) -> None:
    """Applications that the ApplicationSets in FILE would generate. Several files give one list each.

    With --live: what would be created, changed and deleted, one result for each set.
    """
    from gitsync.appset.clusters import clusters_among
    from gitsync.inspect.appset import appset_of_file, errors_of, generations_of_file, preview_of_file, told
    from gitsync.inspect.files import read_objects
    from gitsync.inspect.output import write_objects

    known = clusters_among(read_objects(clusters)) if clusters else ()
    directories, now = _directories(repos), _now()
    if live is not None:
        there = read_objects(live)
        asked = [partial(preview_of_file, file, there, known, directories, now=now) for file in files]
        _each(asked, form, one=len(files) == 1)
    elif len(files) > 1:
        _each((partial(appset_of_file, file, known, directories, now=now) for file in files), form, one=False)
    else:
        # What could be generated is told even if something could not, and that beside it.
        generations = generations_of_file(files[0], known, directories, now=now)
        write_objects((one for generation in generations for one in generation.applications), form)
        for line in (line for generation in generations for line in told(generation)):
            click.echo(line, err=True)
        if any(map(errors_of, generations)):
            sys.exit(1)


def _directories(repos: tuple[str, ...]) -> dict[str, Path]:
    pairs = [repo.rpartition("=") for repo in repos]
    if any(not equals or not url or not directory for url, equals, directory in pairs):
        raise click.BadParameter("write --repo URL=DIR", param_hint="--repo")
    return {url: Path(directory) for url, _, directory in pairs}
