"""Keeps track of orphans: found when an application is compared, and again soon after something in its namespace came
or went.

Costs nothing where no project asks for them.
"""

from collections.abc import Collection

from gitsync.application.record import Record, Records, Stage
from gitsync.fleet.members import Member
from gitsync.fleet.permission import destination_of
from gitsync.kube.index import LiveEvent, application_of
from gitsync.manifest.object import JsonObject, LiveObject
from gitsync.project.orphans import OrphanRules, orphan_rules
from gitsync.project.permits import refusals
from model.identity import ApplicationKey
from model.kinds.application import ApplicationCondition


class Orphans:
    """Which applications look at which namespaces, and what they found."""

    def __init__(self, records: Records) -> None:
        self._records = records
        self._looking: dict[tuple[str, str], set[ApplicationKey]] = {}
        self._places: dict[ApplicationKey, tuple[str, str]] = {}

    def note(self, record: Record, member: Member, project: JsonObject) -> None:
        """Finds the orphans beside an application that was just compared."""
        rules, namespace = orphan_rules(project), record.application.spec.destination.namespace
        self.forget(record.key)
        record.orphans = frozenset()
        record.clear(Stage.ORPHANS)
        if rules is None or not namespace:
            return
        place = (member.server, namespace)
        self._places[record.key] = place
        self._looking.setdefault(place, set()).add(record.key)
        found = [one.key for one in member.cache.index.loose_in(namespace) if self._is_orphan(one, member, rules)]
        refused = refusals(project, found, destination_of(record.application, member))
        record.orphans = frozenset(found) - refused.keys()
        if rules.warn and record.orphans:
            message = f"Application has {len(record.orphans)} orphaned resources"
            record.conditions[Stage.ORPHANS] = (ApplicationCondition("OrphanedResourceWarning", message),)

    def concerned(self, server: str, event: LiveEvent) -> Collection[ApplicationKey]:
        """Applications that should look again: an object that nothing owns came, went, or changed hands."""
        live = event.object
        looking = self._looking.get((server, live.key.namespace))
        if not looking or live.owners:
            return ()
        same = event.old is not None and event.new is not None and event.old.owner == event.new.owner
        return () if same else tuple(looking)

    def forget(self, key: ApplicationKey) -> None:
        place = self._places.pop(key, None)
        if place is not None:
            looking = self._looking.get(place, set())
            looking.discard(key)
            if not looking:
                self._looking.pop(place, None)

    def _is_orphan(self, live: LiveObject, member: Member, rules: OrphanRules) -> bool:
        return (
            not rules.ignores(live.key)
            and not self._records.claimants(member.server, live.key)
            and not (live.owner and self._records.of_instance(application_of(live.owner)))
        )
