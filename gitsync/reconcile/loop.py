"""The story of a push.

A ref moved, or an Application changed, or an object drifted: the application concerned is queued, and nobody else.
Looking at it means five steps, each of which may end it with a condition that says why: find its cluster, find out
what Git wants, ask its project, compare, and decide if a sync is due. What came out is told to the status, the
control plane and the viewers; each of them writes or sends only what changed.

While an application is not looked at, events of its objects keep its verdicts true (`live_changed`), at a cost that
does not depend on how many objects or applications there are.
"""

from collections.abc import Callable, Collection, Mapping
from datetime import datetime

import structlog

from gitsync.application.record import Record, Records, Stage, read_application, why_unreadable
from gitsync.application.refresh import Refresh, RefreshRequest, asked_for
from gitsync.configuration.engine_config import EngineConfig, configuration_conditions
from gitsync.errors import GitsyncError, Stalled, Waiting
from gitsync.fleet.home import Home
from gitsync.fleet.impersonation import Acting
from gitsync.fleet.members import Fleet, Member
from gitsync.fleet.permission import destination_of, permitted, project_conditions
from gitsync.kube.index import LiveEvent, application_of
from gitsync.manifest.object import JsonObject
from gitsync.project.permits import refusals
from gitsync.project.windows import Ruling
from gitsync.reconcile import autosync
from gitsync.reconcile.compare import Comparer
from gitsync.reconcile.deletion import Deletions
from gitsync.reconcile.dependencies import BLOCKED, Dependencies
from gitsync.reconcile.orphans import Orphans
from gitsync.reconcile.queue import FairQueue
from gitsync.reconcile.rollback_hold import RollbackHolds, condition_of, hold_of
from gitsync.reconcile.usable import require_spec
from gitsync.reporting.feed import TreeFeeds
from gitsync.reporting.reporter import NEEDS_NO_EXPLANATION
from gitsync.reporting.status_writer import StatusWriter
from gitsync.settings import LoopSettings
from gitsync.sourcing.sources import Sources
from gitsync.supervisor import Supervisor
from gitsync.syncing.sync import Syncs
from gitsync.syncing.sync_window import blocked_condition, rule, seconds_until
from model.identity import ApplicationKey, ResourceKey
from model.kinds.application import Application, ApplicationCondition
from model.operation import Phase

log = structlog.get_logger("gitsync.loop")

_ORPHANS_SECONDS = 1.0  # what comes and goes in a namespace is looked at together
_NEW_KIND_SECONDS = 0.5  # until discovery knows the kinds of a definition that was just established
_HELD_SECONDS = 1.0  # a deletion that waits for others looks again, if nothing wakes it before


class Loop:
    """Looks at applications when there is a reason to. `report` tells the control plane that one changed."""

    def __init__(
        self,
        *,
        settings: LoopSettings,
        records: Records,
        home: Home,
        fleet: Fleet,
        sources: Sources,
        comparer: Comparer,
        syncs: Syncs,
        deletions: Deletions,
        acting: Acting,
        statuses: StatusWriter,
        holds: RollbackHolds,
        feeds: TreeFeeds,
        supervisor: Supervisor,
        report: Callable[[ApplicationKey], None],
        now: Callable[[], datetime],
    ) -> None:
        self._settings = settings
        self._records = records
        self._home = home
        self._fleet = fleet
        self._sources = sources
        self._comparer = comparer
        self._syncs = syncs
        self._deletions = deletions
        self._acting = acting
        self._statuses = statuses
        self._holds = holds
        self._feeds = feeds
        self._supervisor = supervisor
        self._report = report
        self._now = now
        self.dependencies = Dependencies(records, operating=syncs.running, now=now)
        self._orphans = Orphans(records)
        self.watching_only = ""
        self.queue: FairQueue[ApplicationKey] = FairQueue(
            self._work,
            lane_of=self._lane,
            lane_concurrency=settings.lane_concurrency,
            total_concurrency=settings.total_concurrency,
        )
        self.reconciled = 0
        holds.again = lambda key: self.want(key, Refresh.NORMAL)
        holds.seen = lambda raw: self.application_seen(raw, read_application(raw))

    # ---- one application

    async def _work(self, key: ApplicationKey) -> None:
        await self._supervisor.guard(f"application {key}", self._look(key))

    async def _look(self, key: ApplicationKey) -> None:
        record = self._records.get(key)
        if record is None or not self._home.synced:
            return
        record.on_frozen_cluster = self._is_on_frozen_cluster(record)
        self._note_owner(record)
        if record.frozen:
            return
        refresh, record.refresh = record.refresh or Refresh.RESOLVE, None
        asked = record.refresh_asked
        self.reconciled += 1
        if record.deleting:
            if not self.watching_only:
                self._delete(record)
            return
        record.comparing = True
        try:
            await self._compare(record, refresh)
        except Waiting as waiting:
            record.wish(refresh)
            self.queue.add_after(key, waiting.retry_after_seconds)
            return
        finally:
            record.comparing = False
        if asked == record.refresh_asked:
            record.refresh_served = asked
        self._decide(record)
        self.shown_changed(record)
        if not self.watching_only:
            await self._deletions.guard(record)

    def _delete(self, record: Record) -> None:
        """In the reverse order of dependencies."""
        if why := self.dependencies.holding_deletion(record):
            record.conditions[Stage.DEPENDENCY] = (ApplicationCondition(BLOCKED, f"Deletion {why}"),)
            self.shown_changed(record)
            self.queue.add_after(record.key, _HELD_SECONDS)
            return
        record.clear(Stage.DEPENDENCY)
        self._deletions.carry_out(record)

    def _is_on_frozen_cluster(self, record: Record) -> bool:
        try:
            return self._fleet.find(record.application.spec.destination).frozen
        except GitsyncError:
            return False

    def _note_owner(self, record: Record) -> None:
        """What another process of the runtime looks after is only watched here, from the moment that it is so."""
        was, record.elsewhere = record.elsewhere, self._fleet.is_elsewhere(record.application.spec.destination)
        if record.elsewhere and not was:
            self._forget_work(record)
            record.adopt_status()

    async def _compare(self, record: Record, refresh: Refresh) -> None:
        """Find the cluster, find out what Git wants, ask the project, compare. A failure becomes a condition."""
        stage = Stage.SPEC
        try:
            require_spec(record, self._home.projects)
            record.conditions[Stage.CONFIGURATION] = (
                *configuration_conditions(self._home.config),
                *project_conditions(self._project(record)),
            )
            member = self._fleet.find(record.application.spec.destination)
            self._records.place(record, member.server)
            stage = Stage.COMPARE
            member.require()
            stage = Stage.SOURCE
            desired = await self._sources.desire(record, member, refresh=refresh)
            desired, objections = permitted(self._project(record), record.application, member, desired)
            record.acting_as = self._acting.account(record, member, required=False)
            self._records.want(record, desired)
            record.take(desired)
            record.clear(Stage.SPEC, Stage.SOURCE, Stage.COMPARE)
            record.conditions[Stage.MANIFESTS] = (*desired.conditions, *objections)
            await self._comparer.compare(record, member, desired)
            self._orphans.note(record, member, self._project(record))
            record.failures = 0
            if record.conditions.get(Stage.COMPARE):
                self.queue.add_after(record.key, self._settings.retry_failed_seconds)
        except Waiting:
            raise
        except GitsyncError as failure:
            self._failed(record, stage, failure)

    def _project(self, record: Record) -> JsonObject:
        return self._home.projects[record.application.spec.project or "default"]

    def refused(self, record: Record, member: Member, keys: Collection[ResourceKey]) -> Mapping[ResourceKey, str]:
        """Why the project does not let the application touch some of these objects."""
        return refusals(self._project(record), keys, destination_of(record.application, member))

    def _failed(self, record: Record, stage: Stage, failure: GitsyncError) -> None:
        """Shown as a condition; tried again by itself, ever more seldom, unless only a change of the spec can help."""
        record.fail(stage, failure, type_="InvalidSpecError" if stage is Stage.SPEC else "ComparisonError")
        if not isinstance(failure, Stalled):
            wait_seconds = self._settings.retry_failed_seconds * 2.0 ** min(record.failures, 8)
            self.queue.add_after(record.key, min(wait_seconds, self._settings.retry_failed_max_seconds))
        record.failures += 1

    def _decide(self, record: Record) -> None:
        """Start the operation that somebody asked for, or the automated sync that is due."""
        if self.watching_only or record.deleting or record.frozen or not self._home.synced:
            return
        if self._syncs.running(record):
            if record.desired is not None:
                self._syncs.supersede(record, record.desired)
            return
        if self._syncs.start_requested(record):
            return
        record.clear(Stage.SYNC)
        self.dependencies.tell_broken(record)
        if record.comparison_failed or record.desired is None or record.reverting:
            return
        if (hold := hold_of(record.application)) is not None:
            record.conditions[Stage.SYNC] = (condition_of(hold),)
            self._holds.look(record, hold)
            return
        decision = autosync.decide(autosync.situation_of(record), settings=self._settings, now=self._now())
        match decision:
            case autosync.Start() if (ruling := self._closed_window(record)) is not None:
                record.conditions[Stage.SYNC] = (blocked_condition(ruling),)
                record.wish(Refresh.COMPARE)
                self.queue.add_after(record.key, seconds_until(ruling, self._now()))
            case autosync.Start() if self.dependencies.check(record):
                log.debug("automated sync is blocked", application=str(record.key))
            case autosync.Start(operation=operation, reason=reason):
                log.info("automated sync", application=str(record.key), reason=reason)
                self._syncs.start(record, operation)
            case autosync.WaitFor(seconds=seconds):
                record.wish(Refresh.COMPARE)
                self.queue.add_after(record.key, seconds)
            case autosync.Skip(condition=condition):
                if condition is not None:
                    record.conditions[Stage.SYNC] = (condition,)

    def _closed_window(self, record: Record) -> Ruling | None:
        """What forbids an automated sync now."""
        ruling = rule(self.project_of(record), record.application, self._fleet, at=self._now(), manual=False)
        return None if ruling is None or ruling.allowed else ruling

    def project_of(self, record: Record) -> JsonObject | None:
        return self._home.projects.get(record.application.spec.project or "default")

    # ---- reasons to look

    def queue_all(self, refresh: Refresh = Refresh.COMPARE) -> None:
        for record in self._records:
            self.want(record.key, refresh)

    def want(self, key: ApplicationKey, refresh: Refresh) -> None:
        """Have an application looked at; the widest of several wishes wins."""
        record = self._records.get(key)
        if record is not None:
            record.wish(refresh)
            self.queue.add(key)

    def refreshed(self, record: Record, request: RefreshRequest) -> None:
        """A request for a refresh was served, and its annotation is gone. If it bore no time, a second one in the same
        words may have come meanwhile, and have gone with it: Git is asked once more, which costs little."""
        if not request.time:
            self.want(record.key, Refresh.NORMAL)

    def start_requested(self, record: Record) -> None:
        """Begin the operation that the object asks for now, so that whoever asked sees it begun."""
        if not (self.watching_only or record.deleting or record.frozen or self._syncs.running(record)):
            self._syncs.start_requested(record)

    def operation_in_progress(self, record: Record) -> bool:
        return self._syncs.running(record) or (record.operating if self.watching_only else False)

    def terminate(self, record: Record) -> bool:
        """False: nothing is running."""
        return self._syncs.terminate(record)

    def sync_ended(self, record: Record) -> None:
        """Its objects were applied; see what came of it, and if something else is due."""
        self.want(record.key, Refresh.COMPARE)

    def reach_changed(self, member: Member) -> None:
        """A cluster became ready, or was lost."""
        for key in self._records.of_server(member.server):
            self.want(key, Refresh.RESOLVE)
            if (record := self._records.get(key)) is not None:
                self._syncs.stir(record)
        if member.ready:
            for record in self._records:
                if not record.server:
                    self.want(record.key, Refresh.RESOLVE)

    def live_changed(self, member: Member, event: LiveEvent) -> None:
        """An object of a cluster changed. Costs the same however many objects and applications there are."""
        key = event.object.key
        concerned = set(self._records.claimants(member.server, key))
        for live in (event.old, event.new):
            if live is not None and live.owner and (record := self._records.of_instance(application_of(live.owner))):
                concerned.add(record.key)
        for application in concerned:
            if (record := self._records.get(application)) is not None and record.server == member.server:
                self._object_changed(record, member, key)
        if key.kind == "CustomResourceDefinition":
            self._kinds_changed(member)
        for application in self._orphans.concerned(member.server, event):
            self._look_soon(application)
        for root in event.roots:
            if (record := self._records.of_instance(root)) is not None:
                self._feeds.changed(record.key, key)
                if record.state.health not in NEEDS_NO_EXPLANATION and event.looks_different:
                    self._report(record.key)  # the sentence that explains it may name this object

    def _look_soon(self, key: ApplicationKey) -> None:
        if (record := self._records.get(key)) is not None:
            record.wish(Refresh.COMPARE)
            self.queue.add_after(key, _ORPHANS_SECONDS)

    def _kinds_changed(self, member: Member) -> None:
        """A kind that was unknown may be known in a moment."""
        for key in self._records.of_server(member.server):
            record = self._records.get(key)
            if record is not None and record.desired is not None and record.desired.unknown:
                record.wish(Refresh.RESOLVE)
                self.queue.add_after(key, _NEW_KIND_SECONDS)

    def _object_changed(self, record: Record, member: Member, key: ResourceKey) -> None:
        record.unseen.discard(key)
        if not record.compared or record.frozen:
            return
        before = record.state.get(key)
        if self._comparer.compare_now(record, member, key):
            self._verdict_changed(record, member, key, changed=record.state.get(key) != before)
        else:
            self._supervisor.spawn(f"compare {key}", self._compare_slowly(record, member, key))

    async def _compare_slowly(self, record: Record, member: Member, key: ResourceKey) -> None:
        await self._comparer.compare_slowly(record, member, key)
        self._verdict_changed(record, member, key, changed=True)

    def _verdict_changed(self, record: Record, member: Member, key: ResourceKey, *, changed: bool) -> None:
        if changed:
            self._comparer.note_changed(record, member, key)
            self._decide(record)
            self.shown_changed(record, key)

    def shown_changed(self, record: Record, key: ResourceKey | None = None) -> None:
        """Tell everybody who shows this application."""
        if not self.watching_only and not record.frozen:
            self._statuses.changed(record)
        self._report(record.key)
        self._feeds.changed(record.key, key)
        for dependent in self.dependencies.concerned(record):
            self._free(dependent)

    def _free(self, key: ApplicationKey) -> None:
        """What it waits for does otherwise than before."""
        record = self._records.get(key)
        if record is not None and not self._syncs.stir(record):
            self.want(key, Refresh.COMPARE)

    # ---- what the home namespace says

    def application_seen(self, raw: JsonObject, application: Application) -> None:
        key = ApplicationKey(application.metadata.namespace, application.metadata.name)
        record = self._records.get(key)
        if record is not None and record.application.metadata.uid != application.metadata.uid:
            self.application_gone(key)
            record = None
        if record is None:
            record = self._records.add(raw, application)
            record.unreadable = why_unreadable(raw)
            self._note_wishes(record)
            self.dependencies.seen(record)
            self._report(key)
            self.queue.add(key)
        elif raw["metadata"].get("resourceVersion") != record.raw["metadata"].get("resourceVersion"):
            self._update(record, raw, application)

    def _update(self, record: Record, raw: JsonObject, application: Application) -> None:
        spec_changed = raw.get("spec") != record.raw.get("spec")
        metadata_changed, frozen = _worded(raw) != _worded(record.raw), record.frozen
        record.raw, record.application = raw, application
        if self.watching_only or record.elsewhere:
            record.adopt_status()
        wished = self._note_wishes(record)
        if metadata_changed:
            self._syncs.annotated(record)
            self._deletions.annotated(record)
        if frozen and not record.frozen:
            self.want(record.key, Refresh.RESOLVE)
        if spec_changed:
            record.failures, record.unreadable = 0, why_unreadable(raw)
            self.want(record.key, Refresh.RESOLVE)
        elif wished:
            self.queue.add(record.key)
        if metadata_changed and self.dependencies.seen(record):
            self._free(record.key)
        if metadata_changed or self.watching_only or record.elsewhere:
            self._report(record.key)

    def _note_wishes(self, record: Record) -> bool:
        """Refresh annotation, operation, termination, deletion. True if the application has to be looked at."""
        metadata = record.application.metadata
        wished = False
        asked = asked_for(metadata.annotations)
        if asked != record.refresh_asked:
            record.refresh_asked, record.refresh_served = asked, None
            if asked is not None:
                wished = True
                record.wish(asked.refresh)
        if metadata.deletion_timestamp is not None and not record.deleting:
            record.deleting = wished = True
            self._syncs.terminate(record)
        state = record.application.status.operation_state
        if state is not None and state.phase == Phase.TERMINATING:
            self._syncs.terminate(record)
        return self._syncs.note_requested(record) or wished

    def application_gone(self, key: ApplicationKey) -> None:
        record = self._records.remove(key)
        if record is None:
            return
        for concerned in self.dependencies.gone(record):
            self._free(concerned)
        self._forget_work(record)
        self.queue.forget(key)
        self._report(key)
        self._feeds.changed(key, None)

    def _forget_work(self, record: Record) -> None:
        self._syncs.forget(record)
        self._deletions.forget(record.key)
        self._sources.forget(record)
        self._orphans.forget(record.key)
        self._statuses.forget(record.key)

    def applications_listed(self, keys: frozenset[ApplicationKey]) -> None:
        for record in self._records:
            if record.key not in keys:
                self.application_gone(record.key)

    def project_changed(self, name: str) -> None:
        self._syncs.project_changed(name)
        for record in self._records:
            if (record.application.spec.project or "default") == name:
                self.want(record.key, Refresh.RESOLVE)

    def configuration_changed(self, before: EngineConfig, now: EngineConfig) -> None:
        """argocd-cm changed: what it may have changed is looked at again, and rendered again only if it says how."""
        renders = (before.rendering, before.tracking) != (now.rendering, now.tracking)
        self.queue_all(Refresh.RESOLVE if renders else Refresh.COMPARE)

    def credentials_changed(self) -> None:
        """What could not be read may be readable now."""
        for record in self._records:
            if Stage.SOURCE in record.conditions:
                self.want(record.key, Refresh.NORMAL)

    def shares_changed(self) -> None:
        """Other clusters than before are this process's own."""
        for record in self._records:
            self._note_owner(record)
        self.queue_all(Refresh.RESOLVE)

    def cluster_secret_changed(self, secret_name: str, body: JsonObject | None) -> None:
        self._fleet.put_secret(secret_name, body)

    def cluster_gone(self, server: str) -> None:
        for key in self._records.of_server(server):
            self.want(key, Refresh.RESOLVE)

    def _lane(self, key: ApplicationKey) -> str:
        record = self._records.get(key)
        if record is None:
            return ""
        spec = record.application.spec
        repository = spec.all_sources[0].repo_url if spec.all_sources else ""
        return f"{repository} {spec.destination.server or spec.destination.name}"


def _worded(raw: JsonObject) -> tuple[object, ...]:
    """What people and other controllers write besides the spec."""
    metadata = raw["metadata"]
    return tuple(metadata.get(field) for field in ("labels", "annotations", "finalizers", "ownerReferences"))
