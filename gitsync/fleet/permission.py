"""What the project permits of what an application wants. Pure."""

from dataclasses import replace

import msgspec

from gitsync.application.record import Desired
from gitsync.fleet.members import Member
from gitsync.manifest.object import JsonObject
from gitsync.project.children import child_refusals
from gitsync.project.integrity import integrity_policy
from gitsync.project.permits import refusals, source_violations, violations
from gitsync.project.problems import project_problems
from model.kinds.application import Application, ApplicationCondition, ApplicationSource, Destination


def destination_of(application: Application, member: Member) -> Destination:
    """The destination with both name and server, since a project may speak of either."""
    return Destination(server=member.server, name=member.name, namespace=application.spec.destination.namespace)


def sources_refused(project: JsonObject, application: Application, sources: tuple[ApplicationSource, ...]) -> str:
    """Why the project does not permit these sources to the application, or ""."""
    spec = msgspec.structs.replace(application.spec, source=None, sources=sources)
    return "; ".join(source_violations(project, msgspec.structs.replace(application, spec=spec)))


def why_not_base(project: JsonObject | None, application: Application, url: str) -> str:
    """Why a repository may not be the base of a kustomization of the application, or ""."""
    if project is None or sources_refused(project, application, (ApplicationSource(repo_url=url),)):
        return "not among the sourceRepos of the project"
    if integrity_policy(project, url) is not None:
        return "of a repository whose commits must be signed, which is checked only for sources"
    return ""


def project_conditions(project: JsonObject) -> tuple[ApplicationCondition, ...]:
    """What every application says while its project has something in it that nobody can honour."""
    name = project["metadata"].get("name", "")
    return tuple(
        ApplicationCondition("ConfigurationWarning", f'project "{name}": {problem}')
        for problem in project_problems(project)
    )


def permitted(
    project: JsonObject, application: Application, member: Member, desired: Desired
) -> tuple[Desired, tuple[ApplicationCondition, ...]]:
    """`desired` with its refused objects marked, and everything that the project objects to.

    Objects of kinds that argocd-cm excludes are left out and told: nobody would see what becomes of them.
    """
    every = {**desired.objects, **desired.excluded}
    kinds = {(key.group, key.kind) for key in every}
    unseen = {kind for kind in kinds if member.cache.excludes(*kind)}
    excluded = {key: one for key, one in every.items() if (key.group, key.kind) in unseen}
    if excluded or desired.excluded:
        kept = {key: one for key, one in every.items() if key not in excluded}
        desired = replace(desired, objects=kept, excluded=excluded)
    destination = destination_of(application, member)
    objects = tuple(desired.objects.values())
    children = child_refusals(project, objects)
    conditions = (
        *violations(project, application, objects, destination=destination),
        *(ApplicationCondition("ExcludedResourceWarning", why) for why in children.values()),
    )
    told = tuple(
        ApplicationCondition("ExcludedResourceWarning", f"{key} is excluded in the settings") for key in excluded
    )
    if not conditions:
        return (desired if not desired.refused else replace(desired, refused={})), told
    refused = {**refusals(project, desired.objects, destination), **children}
    return replace(desired, refused=refused), (*told, *conditions)
