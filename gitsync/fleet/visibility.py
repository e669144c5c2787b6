"""What of the live objects of an application its project lets anybody see.

An object of a kind, or in a namespace, that the project does not permit is neither compared nor pruned nor shown, and
with it goes what only it owns. What Git wants and the project refuses is shown as just that, without its live state.
"""

from collections.abc import Mapping

from gitsync.application.record import Record
from gitsync.fleet.members import Member
from gitsync.fleet.permission import destination_of
from gitsync.manifest.object import JsonObject, LiveObject
from gitsync.project.permits import refusals, restricts_objects
from model.identity import ResourceKey

_MAX_OWNER_DEPTH = 16


class Visibility:
    """`projects` is the map of now, by name."""

    def __init__(self, projects: Mapping[str, JsonObject]) -> None:
        self._projects = projects

    def refuses(self, record: Record, member: Member, key: ResourceKey) -> bool:
        """Whether the project does not let the application have such an object."""
        project = self._project(record)
        if project is None or not restricts_objects(project):
            return False
        return bool(refusals(project, (key,), destination_of(record.application, member)))

    def hides(self, record: Record, member: Member, live: LiveObject) -> bool:
        """Whether a live object is kept out of the application's tree, for itself or for all that own it."""
        project = self._project(record)
        if project is None or not restricts_objects(project):
            return False
        return self._hides(record, member, live, _MAX_OWNER_DEPTH)

    def _hides(self, record: Record, member: Member, live: LiveObject, depth: int) -> bool:
        if record.state.get(live.key) is not None:
            return False
        if self.refuses(record, member, live.key):
            return True
        index = member.cache.index
        parents = [parent for owner in live.owners if (parent := index.with_uid(owner.uid)) is not None]
        return bool(parents) and depth > 0 and all(self._hides(record, member, one, depth - 1) for one in parents)

    def _project(self, record: Record) -> JsonObject | None:
        return self._projects.get(record.application.spec.project or "default")
