"""Compares what an application wants with what its cluster has, object by object, and only what may have changed.

A verdict is kept as long as desired digest, live resource version and ignore rules stay the same. The usual case is
decided at once from the cache; three cases need the cluster: an object whose body the cache does not keep, a kind that
it does not follow, and a difference that only a server-side dry run can decide. An error there makes the verdict
Unknown with its reason, never Synced.
"""

import asyncio
from collections.abc import Callable
from dataclasses import replace

from gitsync.application.record import Desired, Record, Stage, sentence
from gitsync.application.state import MemoKey, ObjectVerdict
from gitsync.application.verdict import judge_both, judge_extra, judge_missing, judge_refused, shared_condition
from gitsync.configuration.rules import EngineRules
from gitsync.diff.compute import arbitrate, compute_diff
from gitsync.diff.ignore import NO_RULES, IgnoreRules, RuleUnusable
from gitsync.diff.normalize import DiffSettings
from gitsync.diff.ownership import is_applied_by
from gitsync.diff.switched import with_switch
from gitsync.fleet.members import Member
from gitsync.fleet.visibility import Visibility
from gitsync.kube.errors import ClusterError, Conflict, Forbidden, Invalid, NotFound, UnknownKind
from gitsync.kube.index import live_object
from gitsync.kube.limits import Budget
from gitsync.kube.observed import observed
from gitsync.manifest.annotations import COMPARE_OPTIONS, compare_choice, is_hook
from gitsync.manifest.canonical import canonical_json
from gitsync.manifest.object import DesiredObject, JsonObject, LiveObject
from gitsync.manifest.tracking import FIELD_MANAGER
from gitsync.plan.options import Options, is_applied_by_client, managers_taken_over, object_options, parse_options
from gitsync.reconcile.arbitrations import Arbitrations
from gitsync.reconcile.prediction import predict
from model.change import ObjectDiff
from model.health import Sync
from model.identity import ApplicationKey, ResourceKey
from model.kinds.application import ApplicationCondition

_MAX_SHARED_SHOWN = 20
_SERVER_SIDE, _WEBHOOKS = "ServerSideDiff", "IncludeMutationWebhook"
_MAX_UNUSABLE = 1000
_MAX_ATTEMPTS = 4  # of a comparison while its object changes all the time
_TURN_SECONDS = 0.02  # a large application lets others have their turn


class Comparer:
    """Stateless but for a count of the dry runs that had to decide. `server_side`: whether the API server is asked
    about everything, unless an object or its application says otherwise."""

    def __init__(self, rules: EngineRules, visibility: Visibility, *, server_side: Callable[[], bool]) -> None:
        self._rules = rules
        self._visibility = visibility
        self._server_side = server_side
        self._arbitrations = Arbitrations(rules)
        self._unusable: dict[tuple[ApplicationKey, str], RuleUnusable] = {}
        self.dry_runs = 0

    @property
    def settings(self) -> DiffSettings:
        """What comparisons leave out, and what is masked, for all applications."""
        return self._rules.settings

    async def compare(self, record: Record, member: Member, desired: Desired) -> None:
        """Bring every verdict of the application up to date."""
        slow, clock = [], asyncio.get_running_loop().time
        turn = clock()
        for key in desired.objects:
            if not self.compare_now(record, member, key):
                slow.append(key)
            if clock() - turn > _TURN_SECONDS:
                await asyncio.sleep(0)
                turn = clock()
                if record.desired is not desired:
                    return  # whoever wants something else now has it compared
        index = member.cache.index
        marked = (*index.owned_by(record.instance), *index.copies_of(record.instance))
        extra = {live.key for live in marked} - desired.objects.keys()
        for key in extra:
            self.compare_now(record, member, key)
        for key in record.state.keys() - desired.objects.keys() - extra:
            record.state.remove(key)
        if slow:
            await asyncio.gather(*(self.compare_slowly(record, member, key) for key in slow))
        record.compared = True
        self.note_shared(record, member)
        self._note_problems(record)

    def compare_now(self, record: Record, member: Member, key: ResourceKey) -> bool:
        """Bring one verdict up to date from what is in memory. False: the cluster has to be asked."""
        live = member.cache.get(key)
        wanted = record.desired.objects.get(key) if record.desired else None
        if wanted is None:
            self._settle(record, key, self._extra(record, member, live))
            return True
        if record.desired is not None and key in record.desired.refused:
            self._settle(record, key, judge_refused(wanted, live))
            return True
        rules = self._ignored(record, key)
        memo = self._memo(record, wanted, live, rules)
        known = record.state.get(key)
        if known is not None and known.memo == memo and not known.problem and _judged_alike(known, live):
            return True
        if live is None:
            if not member.cache.follows(key.group, key.kind) and member.cluster.discovery.resource(wanted.gvk):
                return False
            self._settle(record, key, judge_missing(wanted, memo))
            return True
        if is_hook(wanted.body):
            self._settle(record, key, judge_both(wanted, live, live.facts.health, Sync.SYNCED, memo))
            return True
        if live.raw is None:
            return False
        try:
            diff = self._diff(record, wanted, live.body(), rules)
        except RuleUnusable as failure:
            verdict = judge_both(
                wanted,
                live,
                live.facts.health,
                Sync.UNKNOWN,
                memo,
                problem=f"it cannot be compared: {sentence(failure)}",
            )
            self._settle(record, key, verdict)
            return True
        if (
            diff.arbiter_needed
            or self._asks_server(record, wanted)
            or (diff.modified and live.version != wanted.version)
        ):
            return False
        self._settle(record, key, judge_both(wanted, live, live.facts.health, _sync_of(diff), memo))
        return True

    async def compare_slowly(self, record: Record, member: Member, key: ResourceKey) -> None:
        """As `compare_now`, with the cluster's help. A verdict is dropped, and another one found, if what it is about
        changed meanwhile: it might be told after the one on the newer state."""
        for attempt in range(_MAX_ATTEMPTS):
            wanted = record.desired.objects.get(key) if record.desired else None
            if wanted is None or (attempt and self.compare_now(record, member, key)):
                return
            cached = member.cache.get(key)
            try:
                live, body = await self._live(member, wanted, cached)
            except UnknownKind:
                verdict = self._not_served(record, wanted, cached)
            except ClusterError as failure:
                verdict = self._failed(record, wanted, cached, failure)
            else:
                verdict = await self._decide(record, member, wanted, live, body)
            same = _version(member.cache.get(key)) == _version(cached) or attempt == _MAX_ATTEMPTS - 1
            if same and record.desired is not None and record.desired.objects.get(key) is wanted:
                self._settle(record, key, verdict)
                return

    async def diff_of(
        self,
        record: Record,
        member: Member,
        wanted: DesiredObject,
        body: JsonObject | None,
        *,
        arbitrates: bool = True,
    ) -> ObjectDiff | None:
        """The whole comparison of one object, for people; None where a condition says why there is none.

        `arbitrates`: the API server may be asked. Raises ClusterError.
        """
        rules = self._ignored(record, wanted.key)
        if body is not None and body.get("apiVersion") != wanted.gvk.api_version:
            key = wanted.key
            try:
                body = await member.cluster.get(wanted.gvk, key.namespace, key.name, budget=Budget.DIFF)
            except UnknownKind:
                arbitrates = False  # nobody can say more of a version that is not served
        try:
            diff = self._diff(record, wanted, body, rules)
        except RuleUnusable:
            return None
        if arbitrates and body is not None and (diff.arbiter_needed or self._asks_server(record, wanted)):
            diff = await self._arbitrate(record, member, wanted, body, rules)
        return diff

    def note_shared(self, record: Record, member: Member) -> None:
        """Objects that another application's mark claims."""
        conditions = []
        for key in record.desired.objects if record.desired else ():
            live = member.cache.get(key)
            if live is not None and (condition := shared_condition(record.instance, live, str(key))):
                conditions.append(condition)
        record.conditions[Stage.SHARED] = tuple(conditions[:_MAX_SHARED_SHOWN])

    def note_changed(self, record: Record, member: Member, key: ResourceKey) -> None:
        """One verdict changed. Conditions are made anew only if this object has, or had, something to do with them."""
        live, verdict = member.cache.get(key), record.state.get(key)
        shared = live is not None and shared_condition(record.instance, live, str(key)) is not None
        if shared or record.conditions.get(Stage.SHARED):
            self.note_shared(record, member)
        if record.conditions.get(Stage.COMPARE) or (verdict is not None and verdict.problem):
            self._note_problems(record)

    def _note_problems(self, record: Record) -> None:
        problems = sorted(f"{one.key}: {one.problem}" for one in record.state if one.problem)
        record.conditions[Stage.COMPARE] = tuple(
            ApplicationCondition(type="ComparisonError", message=problem) for problem in problems[:_MAX_SHARED_SHOWN]
        )

    async def _live(
        self, member: Member, wanted: DesiredObject, cached: LiveObject | None
    ) -> tuple[LiveObject | None, JsonObject | None]:
        """As the cache has it, in the version that Git names: others may have other fields."""
        if cached is not None and cached.raw is not None and cached.version == wanted.version:
            return cached, cached.body()
        key = wanted.key
        body = await member.cluster.get(wanted.gvk, key.namespace, key.name, budget=Budget.DIFF)
        if body is None:
            return None, None
        if cached is not None and body["metadata"].get("resourceVersion") == cached.resource_version:
            return cached, body
        item = observed(canonical_json(body), api_version=wanted.gvk.api_version, kind=key.kind)
        return live_object(
            item, key.group, wanted.version, key.kind, self._rules.facts_of(body), self._rules.tracking
        ), body

    async def _decide(
        self,
        record: Record,
        member: Member,
        wanted: DesiredObject,
        live: LiveObject | None,
        body: JsonObject | None,
    ) -> ObjectVerdict | None:
        rules = self._ignored(record, wanted.key)
        memo = self._memo(record, wanted, live, rules)
        if live is None or body is None:
            return judge_missing(wanted, memo)
        sync, problem = Sync.UNKNOWN, ""
        try:
            diff = self._diff(record, wanted, body, rules)
            sync = _sync_of(diff)
            if diff.arbiter_needed or self._asks_server(record, wanted):
                sync = await self._arbitrated(record, member, wanted, body, rules, memo)
        except (Invalid, Conflict, Forbidden, NotFound, UnknownKind):
            # The cluster refuses to make it so: it surely differs, and the sync will say what is refused.
            sync = Sync.OUT_OF_SYNC
        except (ClusterError, RuleUnusable) as failure:
            sync, problem = Sync.UNKNOWN, f"it cannot be compared: {sentence(failure)}"
        return judge_both(wanted, live, live.facts.health, sync, memo, problem=problem)

    def _diff(self, record: Record, wanted: DesiredObject, body: JsonObject | None, rules: IgnoreRules) -> ObjectDiff:
        """Raises RuleUnusable, at once for a rule of the application that has been too costly before."""
        for expression in rules.jq_path_expressions:
            if (known := self._unusable.get((record.key, expression))) is not None:
                raise known
        try:
            return compute_diff(
                wanted,
                body,
                manager=FIELD_MANAGER,
                ignore=rules,
                settings=self._rules.settings,
                client_side=_is_applied_by_client(record, wanted),
                takes_over=managers_taken_over(wanted.annotations, _options(record)),
            )
        except RuleUnusable as failure:
            self._unusable[record.key, failure.expression] = failure
            if len(self._unusable) > _MAX_UNUSABLE:
                self._unusable.pop(next(iter(self._unusable)))
            raise

    async def _arbitrated(
        self,
        record: Record,
        member: Member,
        wanted: DesiredObject,
        body: JsonObject,
        rules: IgnoreRules,
        memo: MemoKey,
    ) -> Sync:
        """What the API server says, or said when nothing was different that could matter."""

        async def ask() -> Sync:
            return _sync_of(await self._arbitrate(record, member, wanted, body, rules))

        fingerprint = self._arbitrations.fingerprint(body, memo)
        return await self._arbitrations.answer(member.server, wanted.key, fingerprint, ask)

    async def _arbitrate(
        self, record: Record, member: Member, wanted: DesiredObject, body: JsonObject, rules: IgnoreRules
    ) -> ObjectDiff:
        self.dry_runs += 1
        cluster = member.cluster.acting_as(record.acting_as)
        client_side = _is_applied_by_client(record, wanted) or not is_applied_by(body, FIELD_MANAGER)
        applied = with_switch(wanted.body, body)
        predicted, client_side = await predict(cluster, wanted, applied, body, client_side=client_side)
        webhooks = compare_choice(_WEBHOOKS, wanted.annotations, record.application.metadata.annotations or {})
        return arbitrate(
            wanted,
            body,
            predicted,
            ignore=rules,
            settings=self._rules.settings,
            include_webhooks=webhooks and self._asks_server(record, wanted),
            client_side=client_side,
        )

    def _not_served(self, record: Record, wanted: DesiredObject, cached: LiveObject | None) -> ObjectVerdict | None:
        """The version that Git names is not served yet, as where the same commit brings it: it surely differs, until
        it is looked at again."""
        memo = replace(self._memo(record, wanted, cached, NO_RULES), ignore="version not served")
        if cached is None:
            return judge_missing(wanted, memo)
        return judge_both(wanted, cached, cached.facts.health, Sync.OUT_OF_SYNC, memo)

    def _failed(
        self, record: Record, wanted: DesiredObject, cached: LiveObject | None, failure: ClusterError
    ) -> ObjectVerdict | None:
        memo = self._memo(record, wanted, cached, self._ignored(record, wanted.key))
        problem = f"it cannot be read: {sentence(failure)}"
        if cached is None:
            return judge_missing(wanted, memo, problem=problem)
        return judge_both(wanted, cached, cached.facts.health, Sync.UNKNOWN, memo, problem=problem)

    def _extra(self, record: Record, member: Member, live: LiveObject | None) -> ObjectVerdict | None:
        if live is None or live.owner.partition(":")[0] != record.instance:
            return None
        if self._visibility.refuses(record, member, live.key):
            return None
        return judge_extra(live, MemoKey("", live.resource_version, ""))

    def _ignored(self, record: Record, key: ResourceKey) -> IgnoreRules:
        return self._rules.ignored(key, record.application.spec.ignore_differences)

    def _memo(self, record: Record, wanted: DesiredObject, live: LiveObject | None, rules: IgnoreRules) -> MemoKey:
        options = (record.application.metadata.annotations or {}).get(COMPARE_OPTIONS, "")
        how = " client-side" if _is_applied_by_client(record, wanted) else ""
        how += "" if managers_taken_over(wanted.annotations, _options(record)) else " leaving applies of others"
        return memo_key(wanted, live, rules, self._rules.settings_text + options + how)

    def _asks_server(self, record: Record, wanted: DesiredObject) -> bool:
        """Whether the API server is to be asked even where we can tell."""
        words = record.application.metadata.annotations or {}
        return compare_choice(_SERVER_SIDE, wanted.annotations, words, otherwise=self._server_side())

    @staticmethod
    def _settle(record: Record, key: ResourceKey, verdict: ObjectVerdict | None) -> None:
        if verdict is None:
            record.state.remove(key)
        else:
            record.state.put(verdict)


def _is_applied_by_client(record: Record, wanted: DesiredObject) -> bool:
    return is_applied_by_client(wanted.body, object_options(wanted.annotations), _options(record))


def _options(record: Record) -> Options:
    policy = record.application.spec.sync_policy
    return parse_options(policy.sync_options if policy else ())


def _version(live: LiveObject | None) -> tuple[str, str] | None:
    return (live.uid, live.resource_version) if live is not None else None


def memo_key(wanted: DesiredObject, live: LiveObject | None, rules: IgnoreRules, settings: str) -> MemoKey:
    version = f"{live.uid}/{live.resource_version}" if live is not None else ""
    return MemoKey(wanted.digest, version, ("" if rules == NO_RULES else repr(rules)) + settings)


def _judged_alike(known: ObjectVerdict, live: LiveObject | None) -> bool:
    """Whether the object's health is what it was; rules of argocd-cm change it without the object changing."""
    return live is None or known.health == live.facts.health


def _sync_of(diff: ObjectDiff) -> Sync:
    return Sync.OUT_OF_SYNC if diff.modified else Sync.SYNCED
