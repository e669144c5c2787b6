"""Checks the manifest of an Application against the world before it is committed: repositories, charts, clusters,
projects, names.

Repositories are looked into only for who may read them, so that a manifest cannot be used to find out what is there.
"""

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import msgspec

from gitsync.access.probe import AccessProbe
from gitsync.application.record import Records, sentence
from gitsync.changes.application import Manifest
from gitsync.changes.check import UNAVAILABLE, problem, shape_problems, sources_of, warnings_of
from gitsync.errors import GitsyncError
from gitsync.fleet.members import Fleet, Member
from gitsync.git.errors import RepositoryError, RepositoryUnreachable, RevisionNotFound
from gitsync.git.repositories import Repositories
from gitsync.git.tree import EntryType, Files, clean_path, find
from gitsync.manifest.object import JsonObject
from gitsync.project.permits import violations
from gitsync.render.chart_fetch import ChartFetcher
from model.identity import ApplicationKey
from model.kinds.application import Application, ApplicationSource, Destination
from model.kinds.meta import ObjectMeta
from model.link_change import Problem

_SECONDS = 8.0  # for everything that is asked of others
_NOT_THERE = "Check the URL, or try again when the Git host is back; nothing was changed."


@dataclass(frozen=True, slots=True)
class World:
    """What a manifest is held against."""

    records: Records
    fleet: Fleet
    projects: Mapping[str, JsonObject]
    repositories: Repositories
    charts: ChartFetcher
    probe: AccessProbe
    namespace: str
    may_be_in: Callable[[str], bool] = lambda namespace: False  # namespaces besides that one


WorldSource = Callable[[], World]


@dataclass(frozen=True, slots=True)
class Findings:
    errors: tuple[Problem, ...]
    warnings: tuple[Problem, ...] = ()


async def validate(world: World, manifest: Manifest, *, person: str, is_new: bool, only_project: str = "") -> Findings:
    """Everything that is wrong; what the text alone tells first, since without it nothing else can be asked.

    `only_project`: the Git Source takes applications of no other project.
    """
    if shape := shape_problems(manifest):
        return Findings(tuple(shape), tuple(warnings_of(manifest)))
    application = msgspec.convert(manifest.body, Application, strict=False)
    key = ApplicationKey(application.metadata.namespace or world.namespace, application.metadata.name)
    found = [*_name(world, manifest, key, is_new), *_destination_and_project(world, manifest, application)]
    if only_project and (application.spec.project or "default") != only_project:
        message = f"the Git Source is restricted: its applications are of project {only_project}"
        found.append(problem(manifest, "spec.project", message, f"Set it to {only_project}."))
    warnings = warnings_of(manifest)
    sources = [_source(world, manifest, field, source, person) for field, source in sources_of(application.spec)]
    try:
        async with asyncio.timeout(_SECONDS):
            for one in await asyncio.gather(*sources):
                found += one
    except TimeoutError:
        message = f"the repositories could not be asked within {_SECONDS:.0f} s"
        warnings.append(problem(manifest, "spec.source", message, "Try again, or commit without this check."))
    return Findings(tuple(found), tuple(warnings))


def _name(world: World, manifest: Manifest, key: ApplicationKey, is_new: bool) -> list[Problem]:
    if key.namespace != world.namespace and not world.may_be_in(key.namespace):
        message = f"applications live in namespace {world.namespace} of this runtime, not in {key.namespace}"
        return [problem(manifest, "metadata.namespace", message, "Leave the namespace out.")]
    if is_new and world.records.get(key) is not None:
        message = f"there is an application {key} already"
        return [problem(manifest, "metadata.name", message, "Choose another name, or edit that one.")]
    return []


def _destination_and_project(world: World, manifest: Manifest, application: Application) -> list[Problem]:
    destination = application.spec.destination
    place = "spec.destination.server" if destination.server else "spec.destination.name"
    found, where = list[Problem](), destination
    try:
        member: Member = world.fleet.find(destination)
        where = Destination(server=member.server, name=member.name, namespace=destination.namespace)
    except GitsyncError as failure:
        found.append(problem(manifest, place, failure.message, failure.suggestion))
    name = application.spec.project or "default"
    project = world.projects.get(name)
    if project is None:
        known = ", ".join(sorted(world.projects)) or "none"
        message = f"there is no project {name!r}"
        return [*found, problem(manifest, "spec.project", message, f"Choose one of: {known}.")]
    metadata = ObjectMeta(name=application.metadata.name, namespace=application.metadata.namespace or world.namespace)
    judged = msgspec.structs.replace(application, metadata=metadata)
    for condition in violations(project, judged, (), destination=where):
        if condition.type.endswith("Error"):
            found.append(problem(manifest, _field_of(condition.message), condition.message))
    return found


def _field_of(message: str) -> str:
    """Which part of the spec a project objects to."""
    if message.startswith("application repo"):
        return "spec.source.repoURL"
    return "spec.destination" if "destination" in message else "spec.project"


async def _source(
    world: World, manifest: Manifest, field: str, source: ApplicationSource, person: str
) -> list[Problem]:
    if source.chart:
        return await _chart(world, manifest, field, source)
    url = f"{field}.repoURL"
    if person:
        verdict = await world.probe.verdict(person, source.repo_url)
        if verdict.unknown:
            return [problem(manifest, url, verdict.reason, _NOT_THERE, code=UNAVAILABLE)]
        if not verdict.read:
            message = f"there is no repository {source.repo_url}, or you may not read it"
            return [problem(manifest, url, message, "Check the URL and your Git credential.")]
    try:
        resolved = await world.repositories.resolve(source.repo_url, source.target_revision, fresh=True)
        if source.ref and not source.path:
            return []
        tree = await world.repositories.tree(source.repo_url, resolved.commit)
        missing = await tree.run(lambda files: _missing(files, source.path))
    except RevisionNotFound as failure:
        return [problem(manifest, f"{field}.targetRevision", failure.message, failure.suggestion)]
    except RepositoryUnreachable as failure:
        return [problem(manifest, url, failure.message, _NOT_THERE, code=UNAVAILABLE)]
    except RepositoryError as failure:
        return [problem(manifest, url, failure.message, failure.suggestion)]
    if missing:
        return [
            problem(manifest, f"{field}.path", f"{missing} in {source.target_revision or 'HEAD'}", "Check the path.")
        ]
    return []


def _missing(files: Files, path: str) -> str:
    """What is wrong with a path in a commit, or ""."""
    entry = find(files, clean_path(path)).entry
    if entry is None:
        return f"there is nothing at {path!r}"
    return "" if entry.type is EntryType.TREE else f"{path!r} is no directory"


async def _chart(world: World, manifest: Manifest, field: str, source: ApplicationSource) -> list[Problem]:
    try:
        await world.charts.resolve(source.repo_url, source.chart, source.target_revision, fresh=True)
    except GitsyncError as failure:
        return [problem(manifest, f"{field}.{_part_at_fault(failure.message)}", sentence(failure))]
    return []


def _part_at_fault(message: str) -> str:
    """Which part of the source of a chart: a repository that cannot be asked says nothing about the chart."""
    if "no version" in message:
        return "targetRevision"
    return "chart" if "has no chart" in message else "repoURL"
