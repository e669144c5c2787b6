"""What one attempt of an operation needs to know: of the cluster before it begins, and of its results after it."""

from dataclasses import replace
from datetime import datetime

from gitsync.application.record import Desired, Record
from gitsync.application.state import MemoKey
from gitsync.application.status import as_json
from gitsync.application.verdict import judge_extra, shared_condition
from gitsync.configuration.command_parameters import SyncLimit
from gitsync.configuration.rules import EngineRules
from gitsync.diff.compute import respecting
from gitsync.diff.switched import with_switch
from gitsync.duration import parse_duration
from gitsync.execute.apply_plan import WAVE_TIMEOUT_ANNOTATION
from gitsync.execute.hooks import Earlier
from gitsync.execute.live import Watched
from gitsync.fleet.members import Member
from gitsync.fleet.permission import destination_of
from gitsync.manifest.object import JsonObject, LiveObject
from gitsync.plan.build import NAMESPACE_ASKED
from gitsync.plan.options import Options, PlanOptions, asked, object_options
from gitsync.plan.prune import is_owned
from gitsync.plan.values import Plan, TaskKind
from gitsync.project.permits import refusals
from gitsync.syncing.operation import is_between_attempts
from model.health import Sync
from model.identity import ResourceKey
from model.kinds.application import Destination, OperationState, ResourceResult, SyncOperation
from model.operation import Phase, ResultCode, SyncPhase

SYNC_TIMEOUT_ANNOTATION = "argosy.io/sync-timeout"  # of an Application: how long one attempt may take
_CATCH_UP_SECONDS = 3.0  # the cache usually shows an applied object within milliseconds
_NO_MEMO = MemoKey("", "", "")


def earlier(carried_on: OperationState | None) -> Earlier | None:
    """What the process before this one did of the attempt that is to be carried on."""
    if carried_on is None or carried_on.started_at is None:
        return None
    told = None if is_between_attempts(carried_on) else carried_on.sync_result
    return Earlier(carried_on.started_at, told.resources if told else ())


def live_of(record: Record, member: Member, desired: Desired, project: JsonObject) -> dict[ResourceKey, LiveObject]:
    """Live objects that the plan is about: the desired ones, and those of ours that are not desired any more.

    What the project does not permit is not among them: it is neither applied nor pruned. The namespace to deploy to is,
    unless it is ours: that it exists is no secret, and it need not be created then.
    """
    home = ResourceKey("", "Namespace", "", record.application.spec.destination.namespace)
    live = {key: found for key in (*desired.objects, home) if (found := member.cache.get(key)) is not None}
    for owned in member.cache.owned_by(record.instance):
        if owned.key not in desired.objects and judge_extra(owned, _NO_MEMO) is not None:
            live[owned.key] = owned
    forbidden = refusals(project, live, destination_of(record.application, member))
    shown = home not in desired.objects and home in live and not is_owned(live[home], record.instance)
    return {key: one for key, one in live.items() if key not in forbidden or (key == home and shown)}


def out_of_sync(record: Record, desired: Desired) -> set[ResourceKey]:
    """Desired objects that are not known to be so in the cluster. A verdict on another version tells nothing."""
    settled = {(one.key, one.memo.desired) for one in record.state if one.sync is Sync.SYNCED}
    return {key for key, wanted in desired.objects.items() if (key, wanted.digest) not in settled}


async def respect_ignored(
    record: Record, member: Member, desired: Desired, rules: EngineRules, options: Options
) -> Desired:
    """What is to be applied where ignored differences are left as the cluster has them.

    `options` are the application's. Raises ClusterError and RuleUnusable.
    """
    objects = dict(desired.objects)
    for key, wanted in desired.objects.items():
        ignore = rules.ignored(key, record.application.spec.ignore_differences)
        live = member.cache.get(key) if ignore else None
        body = await member.cache.body_of(live) if live is not None else None
        if body is None:
            continue
        replaces = asked("Replace", object_options(wanted.annotations), options)
        if (kept := respecting(wanted.body, body, ignore=ignore, replaces=replaces)) != wanted.body:
            objects[key] = replace(wanted, body=kept)
    return replace(desired, objects=objects)


async def keep_switches(member: Member, desired: Desired) -> Desired:
    """What is to be applied where Rollouts choose the pods of Services. Raises ClusterError."""
    objects = dict(desired.objects)
    for key, wanted in desired.objects.items():
        live = member.cache.get(key) if (key.group, key.kind) == ("", "Service") else None
        if live is not None:
            objects[key] = replace(wanted, body=with_switch(wanted.body, await member.cache.body_of(live)))
    return replace(desired, objects=objects)


def refused_results(
    plan: Plan, desired: Desired, options: PlanOptions, project: JsonObject, destination: Destination
) -> tuple[ResourceResult, ...]:
    """Objects of this sync that the project does not permit, as results: nothing of it may be applied then.

    The namespace that the sync itself would create counts like any other.
    """
    refused = {key: reason for key, reason in desired.refused.items() if key in desired.objects}
    added = [task.key for task in plan.tasks if task.kind is TaskKind.APPLY and task.reason.startswith(NAMESPACE_ASKED)]
    refused |= refusals(project, added, destination)
    versions = {key: one.version for key, one in desired.objects.items()}
    return tuple(
        ResourceResult(
            group=key.group,
            version=versions.get(key, "v1"),
            kind=key.kind,
            namespace=key.namespace,
            name=key.name,
            status=ResultCode.SYNC_FAILED.value,
            message=reason,
            hook_phase=Phase.FAILED.value,
            sync_phase=SyncPhase.SYNC.value,
        )
        for key, reason in refused.items()
        if options.selects(key) or key in added
    )


def shared_with_others(record: Record, member: Member, desired: Desired) -> str:
    """What is said of the first object that belongs to another application too, or ""."""
    for key in desired.objects:
        live = member.cache.get(key)
        if live is not None and (condition := shared_condition(record.instance, live, str(key))):
            return condition.message
    return ""


def time_limit(record: Record, common: SyncLimit) -> SyncLimit:
    """How long one attempt may take: as the application says, else as the runtime says for all of them."""
    own = parse_duration((record.application.metadata.annotations or {}).get(SYNC_TIMEOUT_ANNOTATION, ""))
    return common if own is None else SyncLimit(own, SYNC_TIMEOUT_ANNOTATION)


def wave_limit(record: Record) -> float | None:
    """Seconds that each wave may take, if the application sets a limit."""
    return parse_duration((record.application.metadata.annotations or {}).get(WAVE_TIMEOUT_ANNOTATION, ""))


def plan_options(
    record: Record, sync: SyncOperation, *, revision: str, began: datetime | None, attempt: int = 0
) -> PlanOptions:
    """How an attempt of the operation that began then is to run: as that says, else as the application says."""
    policy, strategy = record.application.spec.sync_policy, sync.sync_strategy
    seconds = int(began.timestamp()) if began else 0
    hook = strategy.hook if strategy else None
    apply = strategy.apply if strategy else None
    return PlanOptions(
        application=record.instance,
        namespace=record.application.spec.destination.namespace,
        prune=sync.prune,
        force=bool((hook and hook.force) or (apply and apply.force)),
        sync_options=sync.sync_options or (policy.sync_options if policy else ()),
        resources=sync.resources,
        namespace_metadata=(policy.managed_namespace_metadata if policy else None) or {},
        run_hooks=apply is None,
        revision=revision,
        started_unix_seconds=seconds + attempt,
        run=f"{seconds}-{attempt}",
    )


def raw_source(raw: JsonObject, sync: SyncOperation) -> JsonObject:
    """The sources as they were written, so that fields we do not know survive in the result and in the history."""
    written = (raw.get("operation") or {}).get("sync") or {}
    if sync.sources:
        return {"sources": written.get("sources") or [as_json(one) for one in sync.sources]}
    if sync.source:
        return {"source": written.get("source") or as_json(sync.source)}
    spec = raw.get("spec") or {}
    if spec.get("sources"):
        return {"sources": spec["sources"]}
    return {"source": spec["source"]} if spec.get("source") else {}


async def unseen_after(member: Member, plan: Plan, results: tuple[ResourceResult, ...]) -> set[ResourceKey]:
    """Waits until the cache shows what was applied, since the old picture would count as drift at once. The answer is
    what it does not show after a while."""
    changed = {
        (one.group, one.kind, one.namespace, one.name) for one in results if not one.message.endswith("unchanged")
    }
    expected = {
        task.key: task.live.resource_version if task.live else ""
        for task in plan.tasks
        if task.kind is TaskKind.APPLY
        and task.hook is None
        and (task.key.group, task.key.kind, task.key.namespace, task.key.name) in changed
        and member.cache.follows(task.key.group, task.key.kind)
    }
    failed = {(one.group, one.kind, one.namespace, one.name) for one in results if one.status == ResultCode.SYNC_FAILED}
    for key in [key for key in expected if (key.group, key.kind, key.namespace, key.name) in failed]:
        del expected[key]

    def unseen() -> set[ResourceKey]:
        found = ((key, before, member.cache.get(key)) for key, before in expected.items())
        return {key for key, before, live in found if live is None or live.resource_version == before}

    if unseen():
        with Watched(member.cache, expected.keys()) as watched:
            await watched.until(lambda: not unseen(), seconds=_CATCH_UP_SECONDS)
    return unseen()
