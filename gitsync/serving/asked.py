"""What requests are answered from, and how the things they name are found.

An object is found only as a part of the application that the asker named: that is what was authorised.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from gitsync.access.probe import AccessProbe
from gitsync.application.actions import ObjectActions
from gitsync.application.record import Record, Records
from gitsync.application.tree import build_node
from gitsync.audit.log import AuditLog
from gitsync.audit.verification import Verification
from gitsync.configuration.rules import EngineRules
from gitsync.fleet.members import Fleet, Member
from gitsync.fleet.visibility import Visibility
from gitsync.generation.set_preview import SetPreviews
from gitsync.git.repositories import Repositories
from gitsync.kube.client import Cluster
from gitsync.logs import RecentLines
from gitsync.manifest.object import JsonObject
from gitsync.reconcile.compare import Comparer
from gitsync.reconcile.loop import Loop
from gitsync.reporting.feed import TreeFeeds
from gitsync.reporting.journalling import Journalling
from gitsync.reporting.link import Refused
from gitsync.reporting.reporter import Reporter
from gitsync.serving.change_parts import Changes
from gitsync.serving.git_tokens import GitTokens
from gitsync.sourcing.sources import Sources
from model.identity import ApplicationKey, GroupVersionKind, ResourceKey
from model.link import ObjectRef, TreeNode


@dataclass(frozen=True, slots=True)
class Context:
    """What requests are answered from."""

    records: Records
    fleet: Callable[[], Fleet]
    feeds: TreeFeeds
    comparer: Comparer
    loop: Loop
    actions: ObjectActions
    rules: EngineRules
    sources: Sources
    reporter: Reporter
    home: Cluster
    probe: AccessProbe
    git_tokens: GitTokens
    repositories: Repositories
    changes: Changes
    journalling: Journalling
    previews: SetPreviews
    visibility: Visibility
    audit: AuditLog
    recent: RecentLines
    signatures: Verification
    now: Callable[[], datetime]


def find_record(context: Context, key: ApplicationKey) -> Record:
    record = context.records.get(key)
    if record is None:
        raise Refused("NOT_FOUND_ERROR", f"there is no application {key}")
    return record


def find_member(context: Context, key: ApplicationKey) -> tuple[Record, Member]:
    record = find_record(context, key)
    member = context.fleet().get(record.server)
    if member is None:
        raise Refused("RUNTIME_UNAVAILABLE", f"the destination cluster of {key} is not known")
    return record, member


def key_of(ref: ObjectRef) -> ResourceKey:
    return ResourceKey(ref.group, ref.kind, ref.namespace, ref.name)


def require_node(context: Context, record: Record, member: Member, key: ResourceKey) -> TreeNode:
    """The object as a node of this application's tree; whatever is not in it does not exist for the asker."""
    live, verdict = member.cache.get(key), record.state.get(key)
    in_tree = verdict is not None or (
        live is not None and record.instance in set(member.cache.index.roots_of(live)) and bool(live.owners)
    )
    in_tree = in_tree or key in record.orphans or _below_wanted(record, member, key)
    if not in_tree or (live is not None and context.visibility.hides(record, member, live)):
        raise Refused("NOT_FOUND_ERROR", f"{key} is not part of application {record.key}")

    def parent_of(uid: str) -> ResourceKey | None:
        parent = member.cache.index.with_uid(uid)
        return parent.key if parent is not None else None

    return build_node(
        member.server, key=key, live=live, verdict=verdict, parent_of=parent_of, actions=context.actions.of
    )


def _below_wanted(record: Record, member: Member, key: ResourceKey) -> bool:
    """Owned, at some depth, by an object that the application wants but that does not carry its mark yet."""
    live = member.cache.get(key)
    for _ in range(16):
        if live is None or not live.owners:
            return False
        live = member.cache.index.with_uid(live.owners[0].uid)
        if live is not None and record.state.get(live.key) is not None:
            return True
    return False


async def read_live(member: Member, ref: ObjectRef) -> JsonObject | None:
    """The newest state, from the cache where it holds the whole object."""
    live = member.cache.get(key_of(ref))
    if live is not None:
        return await member.cache.body_of(live)
    gvk = GroupVersionKind(ref.group, ref.version, ref.kind)
    if member.cache.follows(ref.group, ref.kind) or member.cluster.discovery.resource(gvk) is None:
        return None
    return await member.cluster.get(gvk, ref.namespace, ref.name)
