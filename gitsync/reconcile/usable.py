"""Whether a spec says enough to look at the application at all. Pure."""

from collections.abc import Mapping

from gitsync.application.record import Record
from gitsync.errors import Stalled
from gitsync.fleet.members import UnknownDestination
from gitsync.manifest.object import JsonObject


class UnknownProject(Stalled):
    """The application names a project that does not exist."""


class UnreadableSpec(Stalled):
    """A field of the spec has a value of the wrong type."""


def require_spec(record: Record, projects: Mapping[str, JsonObject]) -> None:
    """Raises UnreadableSpec, UnknownProject and UnknownDestination."""
    if record.unreadable:
        raise UnreadableSpec(f"the spec cannot be read: {record.unreadable}", suggestion="Correct that field.")
    project = record.application.spec.project or "default"
    if project not in projects:
        raise UnknownProject(
            f"Application referencing project {project} which does not exist",
            suggestion="Create the AppProject, or correct spec.project.",
        )
    if record.application.spec.destination.server and record.application.spec.destination.name:
        raise UnknownDestination(
            "application destination can't have both name and server defined", suggestion="Remove one of them."
        )
