"""Rollback: back to what a release deployed.

An application that syncs by itself follows Git, so Git is taken back: one commit for each branch that its sources
follow, which gives every file that the application read the content that it had in the release; and what its manifest
says of sources is taken back there. Commits are made in the person's name and with the person's credential, and pushed,
or offered as pull requests; while those wait, automated sync is held (`gitsync.reconcile.rollback_hold`). An
application without automated sync is synced to the release.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

import msgspec

from gitsync.application.record import Record
from gitsync.changes.errors import BadInput
from gitsync.changes.rollback import (
    ReleasedSource,
    contents_of,
    manifest_edit,
    paths_to_restore,
    restoring,
)
from gitsync.errors import GitsyncError
from gitsync.fleet.members import Member
from gitsync.git.address import same_place
from gitsync.git.change import Contents, together
from gitsync.git.closure import Closure
from gitsync.git.refs import is_full_commit
from gitsync.git.repositories import Repositories
from gitsync.git.tree import Files
from gitsync.manifest.object import JsonObject
from gitsync.reconcile.rollback_hold import Awaited
from gitsync.reporting.link import Refused
from gitsync.serving.changing import Changing
from gitsync.serving.committing import Committing, Intent, branch_name, problem_of
from gitsync.sourcing.sources import Sources
from model.kinds.application import ApplicationSource, RevisionHistory
from model.link import RollbackApplication
from model.link_change import Author, ChangeAnswer, CommitWords, Problem


@dataclass(frozen=True, slots=True)
class Reverted:
    """What was committed, as a sentence; and what of it waits to be merged."""

    message: str
    awaited: tuple[Awaited, ...] = ()


@dataclass(slots=True)
class _Part:
    """What is to change on one branch of one repository."""

    source: ApplicationSource
    branch: str
    contents: dict[str, bytes | None] = field(default_factory=dict)
    manifest: Callable[[Files], Contents] | None = None

    @property
    def edits(self) -> list[Callable[[Files], Contents]]:
        files = [restoring(self.contents)] if self.contents else []
        return [*files, self.manifest] if self.manifest else files


# A source, its branch, and what is to be in its files.
_Restored = tuple[ApplicationSource, str, Mapping[str, bytes | None]]


class Rollbacks:
    """Takes Git back."""

    def __init__(
        self, sources: Sources, repositories: Repositories, committing: Committing, changing: Changing, runtime: str
    ) -> None:
        self._sources = sources
        self._repositories = repositories
        self._committing = committing
        self._changing = changing
        self._runtime = runtime

    async def revert(
        self, record: Record, member: Member, release: RevisionHistory, body: RollbackApplication
    ) -> Reverted:
        """Raises Refused. Asked again with the same operation id it goes on where it was broken off."""
        author = Author(body.actor, body.actor_email)
        try:
            parts = await self._parts(record, member, release)
            changing = [part for part in parts if part.edits]
            if not changing:
                return await self._made_before(record, release, body, parts)
            if not body.pull_request and len(changing) > 1:
                await self._require_open(author, changing)
        except GitsyncError as failure:
            raise failure if isinstance(failure, Refused) else _refused(problem_of(failure)) from failure
        landed: list[tuple[_Part, Intent, ChangeAnswer]] = []
        for part in changing:
            intent = self._intent(record, release, body, part.edits)
            answer = await self._committing.commit(part.source, author, intent)
            if answer.commit is None:
                raise _refused(answer.problems[0], after=[one for _, _, one in landed])
            landed.append((part, intent, answer))
        if not body.pull_request:
            return Reverted(f"reverted in Git by {_told([answer for _, _, answer in landed])}")
        return _waiting(landed)

    # ---- what is to change

    async def _parts(self, record: Record, member: Member, release: RevisionHistory) -> list[_Part]:
        released = await self._released(record, release)
        parts: dict[tuple[str, str], _Part] = {}

        def part(source: ApplicationSource, branch: str) -> _Part:
            return parts.setdefault((same_place(source.repo_url), branch), _Part(source, branch))

        edit = manifest_edit(lambda: self._changing.holder(record), record.raw["spec"], released)
        if edit is not None:
            holder = self._changing.holder(record).source
            part(holder, await self._committing.branch(holder)).manifest = edit
        for source, branch, contents in await self._restored(record, member, released):
            own = part(source, branch)
            own.contents = {**contents, **own.contents}
        return list(parts.values())

    async def _released(self, record: Record, release: RevisionHistory) -> list[ReleasedSource]:
        entry: JsonObject = next(one for one in record.history if int(one.get("id") or 0) == release.id)
        written = entry.get("sources") or ([entry["source"]] if entry.get("source") else [])
        revisions = release.revisions or (release.revision,)
        if not written or len(written) != len(revisions):
            raise Refused("VALIDATION_ERROR", f"the history does not say what release {release.id} was made of")
        return [
            ReleasedSource(source, revision, await self._branch(_typed(source)))
            for source, revision in zip(written, revisions, strict=True)
        ]

    async def _branch(self, source: ApplicationSource) -> str:
        """The branch that a source follows; "" for what is fixed."""
        if source.chart or is_full_commit(source.target_revision):
            return ""
        try:
            return await self._committing.branch(source)
        except BadInput:
            return ""  # a tag, or a range of versions

    async def _restored(self, record: Record, member: Member, released: Sequence[ReleasedSource]) -> list[_Restored]:
        """Of every source that follows a branch, what its files are to be. Files that the release read come first."""
        sources = [_typed(one.wanted) for one in released]
        then = await self._sources.closures_at(record, member, sources, [one.revision for one in released])
        heads = [
            (await self._repositories.resolve(source.repo_url, one.branch, fresh=True)).commit if one.branch else ""
            for source, one in zip(sources, released, strict=True)
        ]
        now = await self._closures_now(record, member, sources, heads)
        certain: list[_Restored] = []
        others: list[_Restored] = []
        for position, (source, one) in enumerate(zip(sources, released, strict=True)):
            if one.branch:
                url = source.repo_url
                changed = await self._repositories.changed_paths(url, one.revision, heads[position])
                before, since = paths_to_restore(then[position], now[position] if now else None, changed)
                tree = await self._repositories.tree(url, one.revision)
                for paths, found in ((before, certain), (since, others)):
                    found.append((source, one.branch, await tree.run(contents_of(paths))))
        return [*certain, *others]

    async def _closures_now(
        self, record: Record, member: Member, sources: Sequence[ApplicationSource], heads: Sequence[str]
    ) -> Sequence[Closure] | None:
        """None: what is in Git now cannot be rendered, which may be why somebody wants to go back."""
        try:
            return await self._sources.closures_at(record, member, sources, heads)
        except GitsyncError:
            return None

    def _intent(
        self,
        record: Record,
        release: RevisionHistory,
        body: RollbackApplication,
        edits: Sequence[Callable[[Files], Contents]],
    ) -> Intent:
        words = CommitWords(
            f"Roll {record.key.name} back to release {release.id}",
            f"The state of {', '.join(release.revisions or (release.revision,))}.",
            body.pull_request,
        )
        entity = f"Application {self._runtime}/{record.key.namespace}/{record.key.name}"
        return Intent("ROLLBACK", entity, body.operation_id, words, together(edits))

    # ---- what stands in the way

    async def _made_before(
        self, record: Record, release: RevisionHistory, body: RollbackApplication, parts: Sequence[_Part]
    ) -> Reverted:
        """Nothing differs from the release: an earlier try with the same operation id has landed, or nothing is to be
        done in Git."""
        author, landed = Author(body.actor, body.actor_email), []
        for part in parts:
            intent = self._intent(record, release, msgspec.structs.replace(body, pull_request=False), ())
            answer = await self._committing.made_before(part.source, author, intent)
            landed += [answer] if answer is not None else []
        if landed:
            return Reverted(f"reverted in Git by {_told(landed)}")
        raise Refused(
            "VALIDATION_ERROR",
            f"nothing that {record.key} reads has changed in Git since release {release.id}",
            suggestion="Sync the application; its objects may have been changed in the cluster.",
        )

    async def _require_open(self, author: Author, parts: Sequence[_Part]) -> None:
        """Of several branches none is pushed to if one is known to refuse it: half a rollback helps nobody."""
        for part in parts:
            rules = await self._committing.rules(part.source.repo_url, part.branch, author.name)
            if rules is not None and rules.protected and rules.may_push is False:
                raise Refused(
                    "FORBIDDEN_ERROR",
                    f"{part.branch.removeprefix('refs/heads/')} of {part.source.repo_url} is protected: you may not "
                    "push to it, and nothing was changed",
                    suggestion="Set pullRequest: the rollback is then offered as pull requests.",
                    field="pullRequest",
                )


def release_of(record: Record, history_id: int) -> RevisionHistory:
    """Raises Refused when the application's history does not hold it."""
    for entry in record.typed_history:
        if entry.id == history_id:
            return entry
    kept = ", ".join(str(entry.id) for entry in record.typed_history) or "none"
    raise Refused(
        "VALIDATION_ERROR",
        f"release {history_id} is not in the history of {record.key}",
        field="historyId",
        suggestion=f"Choose one of: {kept}.",
    )


def follows_git(record: Record) -> bool:
    """Whether the application syncs by itself, so that a sync to an older revision would not last."""
    policy = record.application.spec.sync_policy
    automated = policy.automated if policy else None
    return automated is not None and automated.enabled is not False


def sync_to(release: RevisionHistory, record: Record, body: RollbackApplication) -> JsonObject:
    """The operation that syncs to the release, as Argo CD's own clients write it."""
    policy = record.application.spec.sync_policy
    sync: JsonObject = {"revision": release.revision, "prune": body.prune, "syncStrategy": {"hook": {}}}
    if release.sources:
        sync |= {"revisions": list(release.revisions), "sources": [msgspec.to_builtins(one) for one in release.sources]}
    elif release.source is not None:
        sync["source"] = msgspec.to_builtins(release.source)
    if policy and policy.sync_options:
        sync["syncOptions"] = list(policy.sync_options)
    info = [{"name": "argosy.io/operation-id", "value": body.operation_id}] if body.operation_id else []
    return {"initiatedBy": {"username": body.actor}, "sync": sync, "info": info}


def _typed(written: JsonObject) -> ApplicationSource:
    return msgspec.convert(written, ApplicationSource, strict=False)


def _waiting(landed: Sequence[tuple[_Part, Intent, ChangeAnswer]]) -> Reverted:
    waits, failed = [], [problem.message for _, _, answer in landed for problem in answer.problems]
    for part, intent, answer in landed:
        assert answer.commit is not None, "what landed has a commit"
        waits.append(
            Awaited(
                repo_url=part.source.repo_url,
                head=f"refs/heads/{branch_name(intent)}",
                base=part.branch,
                commit=answer.commit.sha,
                page=answer.pull_request_url,
            )
        )
    told = "; ".join([f"waits for {', '.join(one.told for one in waits)}", *failed])
    return Reverted(told, tuple(waits))


def _told(landed: Sequence[ChangeAnswer]) -> str:
    commits = [answer.commit for answer in landed if answer.commit is not None]
    return " and ".join(f"{commit.sha[:12]} on {commit.branch}" for commit in commits)


def _refused(problem: Problem, after: Sequence[ChangeAnswer] = ()) -> Refused:
    message = problem.message
    if after:
        message = (
            f"reverted by {_told(after)}, but then: {message}. Asked again with the same id, it goes on from there"
        )
    return Refused(problem.code, message, suggestion=problem.suggestion, field=problem.field)
