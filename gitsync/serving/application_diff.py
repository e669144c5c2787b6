"""What a sync to another revision, or of somebody's local manifests, would change. Nothing is synced or followed.

Asking is reading, so whoever asks sees no more of the cluster than the application shows anyway: an object that is not
part of it is named and not shown, whatever the manifests say. The API server is only asked (by dry runs, which run its
webhooks) for people who may sync.
"""

import asyncio
from collections.abc import Awaitable, Mapping

from gitsync.application.record import Desired, Record
from gitsync.application.state import MemoKey
from gitsync.application.verdict import judge_extra
from gitsync.diff.compute import compute_diff
from gitsync.diff.normalize import normalize
from gitsync.diff.secrets import mask_together
from gitsync.errors import GitsyncError
from gitsync.fleet.members import Member
from gitsync.manifest.annotations import is_hook, is_skipped
from gitsync.manifest.object import DesiredObject, LiveObject
from gitsync.reporting.link import Refused
from gitsync.serving.asked import Context, find_member, read_live
from gitsync.serving.shown import diff_answer
from gitsync.sourcing.local_manifests import desire_local
from model.change import ObjectDiff
from model.identity import ResourceKey
from model.link import ApplicationDiffAnswer, DiffApplication, ObjectRef, ResourceChange

ADD, CHANGE, PRUNE, NONE = "ADD", "CHANGE", "PRUNE", "NONE"

_AT_ONCE = 8
_MAX_MANIFESTS, _MAX_MANIFEST_BYTES = 2_000, 10 * 1024 * 1024
_NO_MEMO = MemoKey("", "", "")


async def diff_application(context: Context, body: DiffApplication) -> ApplicationDiffAnswer:
    """Raises Refused and ClusterError."""
    record, member = find_member(context, body.application)
    try:
        desired = await _desired(context, record, member, body)
    except GitsyncError as failure:
        raise Refused("VALIDATION_ERROR", failure.message, suggestion=failure.suggestion) from failure
    refused = context.loop.refused(record, member, desired.objects.keys())
    asking = _Asking(context, record, member, arbitrates=await _may_sync(context, record, body.actor))
    changes = [
        change
        for change in await _some_at_once(
            [asking.change(wanted) for key, wanted in desired.objects.items() if key not in refused]
        )
        if change is not None
    ]
    changes += asking.prunes(desired.objects)
    return ApplicationDiffAnswer(
        revisions=() if body.manifests else desired.revisions or (desired.revision,),
        changes=tuple(sorted(changes, key=lambda one: (one.ref.group, one.ref.kind, one.ref.namespace, one.ref.name))),
        warnings=(*(condition.message for condition in desired.conditions), *refused.values()),
    )


async def _desired(context: Context, record: Record, member: Member, body: DiffApplication) -> Desired:
    if body.manifests:
        if body.revisions:
            raise Refused("VALIDATION_ERROR", "either revisions or manifests can be compared, not both")
        if len(body.manifests) > _MAX_MANIFESTS or sum(map(len, body.manifests)) > _MAX_MANIFEST_BYTES:
            raise Refused("VALIDATION_ERROR", "these are too many manifests to be compared", field="manifests")
        return desire_local(record, member, body.manifests, context.rules.tracking)
    sources = record.application.spec.all_sources
    revisions = body.revisions or ("",) * len(sources)
    if len(revisions) != len(sources):
        message = f"the application has {len(sources)} sources, and {len(revisions)} revisions are given"
        raise Refused("VALIDATION_ERROR", message, suggestion="Give one revision for each source.", field="revisions")
    several = bool(record.application.spec.sources)
    return await context.sources.desire_at(record, member, sources, revisions, several=several)


async def _may_sync(context: Context, record: Record, actor: str) -> bool:
    if not actor:
        return True
    url = context.reporter.access_repo_url(record)
    return (await context.probe.verdict(actor, url)).write


class _Asking:
    """One comparison of one application."""

    def __init__(self, context: Context, record: Record, member: Member, *, arbitrates: bool) -> None:
        self._context = context
        self._record = record
        self._member = member
        self._arbitrates = arbitrates

    async def change(self, wanted: DesiredObject) -> ResourceChange | None:
        """None: it is so already, or it is a hook and only exists while it runs."""
        if is_hook(wanted.body) or is_skipped(wanted.body):
            return None
        key = wanted.key
        ref = ObjectRef(key.group, wanted.version, key.kind, key.namespace, key.name)
        live = self._member.cache.get(key)
        if not self._is_part(key, live) and (live is not None or await read_live(self._member, ref) is not None):
            note = "it exists and is no part of the application; a sync would take it over"
            return ResourceChange(ref=ref, change=CHANGE, note=note)
        body = await read_live(self._member, ref)
        if body is None:
            diff: ObjectDiff | None = compute_diff(wanted, None, settings=self._context.comparer.settings)
        else:
            diff = await self._context.comparer.diff_of(
                self._record, self._member, wanted, body, arbitrates=self._arbitrates
            )
        if diff is None:
            return ResourceChange(ref=ref, change=NONE, note="it cannot be compared; see the conditions")
        if not diff.modified:
            return None
        note = "defaults of the API server may account for it" if diff.arbiter_needed else ""
        return ResourceChange(ref=ref, change=ADD if body is None else CHANGE, diff=diff_answer(diff), note=note)

    def prunes(self, wanted: Mapping[ResourceKey, DesiredObject]) -> list[ResourceChange]:
        """Objects of the application that would be left over."""
        found = []
        for live in self._member.cache.owned_by(self._record.instance):
            verdict = judge_extra(live, _NO_MEMO) if live.key not in wanted else None
            if verdict is not None and verdict.requires_pruning:
                found.append(self._prune(live))
        return found

    def _prune(self, live: LiveObject) -> ResourceChange:
        key = live.key
        annotations = self._context.comparer.settings.secret_annotations
        body = normalize(live.body(), self._context.comparer.settings) if live.raw is not None else None
        (shown,) = mask_together([body], annotations=annotations)
        return ResourceChange(
            ref=ObjectRef(key.group, live.version, key.kind, key.namespace, key.name),
            change=PRUNE,
            diff=diff_answer(ObjectDiff(True, (), shown)),
        )

    def _is_part(self, key: ResourceKey, live: LiveObject | None) -> bool:
        """Whether the application shows this object anyway: it carries our mark, or Git wants it and it may."""
        desired = self._record.desired
        if desired is not None and key in desired.objects and key not in desired.refused:
            return True
        return live is not None and live in self._member.cache.owned_by(self._record.instance)


async def _some_at_once(asked: list[Awaitable[ResourceChange | None]]) -> list[ResourceChange | None]:
    places = asyncio.Semaphore(_AT_ONCE)

    async def one(question: Awaitable[ResourceChange | None]) -> ResourceChange | None:
        async with places:
            return await question

    return await asyncio.gather(*(one(question) for question in asked))
