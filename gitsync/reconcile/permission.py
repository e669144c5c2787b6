"""What the project permits of what an application wants. Pure."""

from dataclasses import replace

from gitsync.manifest.object import JsonObject
from gitsync.project.permits import refusals, violations
from gitsync.reconcile.fleet import Member
from gitsync.reconcile.record import Desired
from model.kinds.application import Application, ApplicationCondition, Destination


def destination_of(application: Application, member: Member) -> Destination:
    """The destination with both name and server, since a project may speak of either."""
    return Destination(server=member.server, name=member.name, namespace=application.spec.destination.namespace)


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
