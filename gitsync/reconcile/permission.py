"""What the project permits of what an application wants. Pure."""

from dataclasses import replace

import msgspec

from gitsync.manifest.object import JsonObject
from gitsync.project.permits import refusals, source_violations, violations
from gitsync.reconcile.fleet import Member
from gitsync.reconcile.record import Desired
from model.kinds.application import Application, ApplicationCondition, ApplicationSource, Destination


def destination_of(application: Application, member: Member) -> Destination:
    """The destination with both name and server, since a project may speak of either."""
    return Destination(server=member.server, name=member.name, namespace=application.spec.destination.namespace)


def sources_refused(project: JsonObject, application: Application, sources: tuple[ApplicationSource, ...]) -> str:
    """Why the project does not permit these sources to the application, or ""."""
    spec = msgspec.structs.replace(application.spec, source=None, sources=sources)
    return "; ".join(source_violations(project, msgspec.structs.replace(application, spec=spec)))


def permitted(
    project: JsonObject, application: Application, member: Member, desired: Desired
) -> tuple[Desired, tuple[ApplicationCondition, ...]]:
    """`desired` with its refused objects marked, and everything that the project objects to."""
    destination = destination_of(application, member)
    objects = tuple(desired.objects.values())
    conditions = violations(project, application, objects, destination=destination)
    if not conditions:
        return (desired if not desired.refused else replace(desired, refused={})), ()
    return replace(desired, refused=dict(refusals(project, desired.objects, destination))), conditions
