"""What a release changed: every object that it created, changed or removed, against the release before.

Both are rendered from Git when somebody asks, with the tools and the settings of now; nothing is kept for it. What Git
or a registry does not have any more is said. Sources of old releases are read only if the project permits them today.
"""

import asyncio
from collections.abc import Iterable, Iterator

import msgspec

from gitsync.application.record import Record
from gitsync.diff.desired import DesiredChange, desired_changes
from gitsync.diff.normalize import DiffSettings
from gitsync.errors import GitsyncError
from gitsync.fleet.members import Member
from gitsync.fleet.permission import sources_refused
from gitsync.manifest.object import DesiredObject
from gitsync.reporting.link import Refused
from gitsync.serving.asked import Context, find_member
from model.identity import ResourceKey
from model.link_act import ObjectRef
from model.link_release import CompareReleases, Deployed, ReleaseChangesAnswer, ReleasedResource

_MOST_RESOURCES = 2_000
_MOST_SHOWN_BYTES = 4 * 1024 * 1024  # of one answer; what comes after them is only named
_GONE = "Its commit may be gone from the repository, or its chart from the registry."


async def release_changes(context: Context, body: CompareReleases) -> ReleaseChangesAnswer:
    """Raises Refused."""
    record, member = find_member(context, body.application)
    before = await _wanted(context, record, member, body.before, "the release before") if body.before else {}
    after = await _wanted(context, record, member, body.after, "this release")
    settings = context.comparer.settings
    return await asyncio.to_thread(_answer, before, after, settings)


async def _wanted(
    context: Context, record: Record, member: Member, deployed: Deployed, called: str
) -> dict[ResourceKey, DesiredObject]:
    if not deployed.sources or len(deployed.sources) != len(deployed.revisions):
        raise Refused("VALIDATION_ERROR", f"the history does not say what {called} was made of")
    project = context.loop.project_of(record)
    why = sources_refused(project, record.application, deployed.sources) if project else "its project is not there"
    if why:
        raise Refused("VALIDATION_ERROR", f"{called} cannot be shown: {why}")
    several = bool(record.application.spec.sources) or len(deployed.sources) > 1
    try:
        desired = await context.sources.desire_at(record, member, deployed.sources, deployed.revisions, several=several)
    except GitsyncError as failure:
        message = f"{called} cannot be rendered any more: {failure.message}"
        raise Refused("VALIDATION_ERROR", message, suggestion=_GONE) from failure
    refused = context.loop.refused(record, member, desired.objects.keys())
    return {key: wanted for key, wanted in desired.objects.items() if key not in refused}


def _answer(
    before: dict[ResourceKey, DesiredObject], after: dict[ResourceKey, DesiredObject], settings: DiffSettings
) -> ReleaseChangesAnswer:
    changes = list(desired_changes(before, after, settings))
    if len(changes) > _MOST_RESOURCES:
        raise Refused("VALIDATION_ERROR", f"it changed {len(changes)} resources, which are too many to be listed")
    return ReleaseChangesAnswer(tuple(_within(changes)))


def _within(changes: Iterable[DesiredChange]) -> Iterator[ReleasedResource]:
    left = _MOST_SHOWN_BYTES
    for one in changes:
        left -= len(msgspec.msgpack.encode((one.before, one.after)))
        yield ReleasedResource(
            ref=ObjectRef(one.key.group, one.version, one.key.kind, one.key.namespace, one.key.name),
            change="ADD" if one.before is None else "PRUNE" if one.after is None else "CHANGE",
            before=one.before if left >= 0 else None,
            after=one.after if left >= 0 else None,
            cut=left < 0,
        )
