"""Rollback: back to what a release deployed.

An application that syncs by itself follows Git, so Git is taken back: one commit on its branch that gives every file
which the application read the content that it had in the release. It is made in the person's name and with the
person's credential. An application whose revision is fixed in its manifest (a chart, a tag) gets the release's revision
written into that manifest. An application without automated sync is synced to the release.
"""

from collections.abc import Callable, Mapping

import msgspec

from gitsync.errors import GitsyncError
from gitsync.git.affected import AffectedIndex
from gitsync.git.change import Contents
from gitsync.git.refs import is_full_commit
from gitsync.git.repositories import Repositories
from gitsync.git.tree import EntryType, Files, find
from gitsync.manifest.object import JsonObject
from gitsync.manifest.yaml_text import yaml_text
from gitsync.reconcile.fleet import Member
from gitsync.reconcile.link import Refused
from gitsync.reconcile.record import Record
from gitsync.reconcile.report import manifest_of
from gitsync.reconcile.sources import Sources
from gitsync.serving.changing import Changing
from gitsync.serving.committing import Committing, Intent
from model.kinds.application import ApplicationSource, RevisionHistory
from model.link import RollbackApplication
from model.link_change import Author, ChangeAnswer, CommitWords, EditApplication


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

    async def revert(self, record: Record, member: Member, release: RevisionHistory, body: RollbackApplication) -> str:
        """What was committed, as a sentence. Raises Refused."""
        present, then = record.application.spec.source, release.source
        if record.application.spec.sources or present is None or then is None:
            raise Refused(
                "VALIDATION_ERROR",
                "an application with several sources cannot be rolled back in Git as a whole",
                suggestion="Revert the commits in its repositories, or sync it to the release without automated sync.",
            )
        if _is_fixed(present) or not _same_place(present, then):
            return await self._rewrite_manifest(record, release, then, body)
        return await self._revert_files(record, member, release, present, body)

    async def _rewrite_manifest(
        self, record: Record, release: RevisionHistory, then: ApplicationSource, body: RollbackApplication
    ) -> str:
        written = msgspec.to_builtins(then)
        if then.chart or _is_fixed(then):
            written["targetRevision"] = release.revision
        manifest = dict(manifest_of(record))
        manifest["spec"] = {**record.raw["spec"], "source": written}
        words = CommitWords(_title(record, release), _description(release))
        author = Author(body.actor, body.actor_email)
        edit = EditApplication(record.key, yaml_text(manifest), author, body.operation_id, words)
        return _landed(await self._changing.edit(edit))

    async def _revert_files(
        self,
        record: Record,
        member: Member,
        release: RevisionHistory,
        source: ApplicationSource,
        body: RollbackApplication,
    ) -> str:
        url = source.repo_url
        try:
            head = (await self._repositories.resolve(url, source.target_revision, fresh=True)).commit
            paths = await self._changed_since(record, member, source, release.revision, head)
            tree = await self._repositories.tree(url, release.revision)
            before = await tree.run(lambda files: {path: _content(files, path) for path in paths})
        except GitsyncError as failure:
            raise Refused("GIT_UNAVAILABLE", failure.message, suggestion=failure.suggestion) from failure
        if not before:
            raise Refused(
                "VALIDATION_ERROR",
                f"nothing that {record.key} reads has changed in Git since release {release.id}",
                suggestion="Sync the application; its objects may have been changed in the cluster.",
            )
        entity = f"Application {self._runtime}/{record.key.namespace}/{record.key.name}"
        words = CommitWords(_title(record, release), _description(release))
        intent = Intent("ROLLBACK", entity, body.operation_id, words, _restoring(before))
        return _landed(await self._committing.commit(source, Author(body.actor, body.actor_email), intent))

    async def _changed_since(
        self, record: Record, member: Member, source: ApplicationSource, then: str, now: str
    ) -> tuple[str, ...]:
        """Files that differ and that the application reads now, or read then."""
        index: AffectedIndex[str] = AffectedIndex()
        for commit in (then, now):
            index.put(commit, await self._sources.closure_at(record, member, source, commit))
        changed = await self._repositories.changed_paths(source.repo_url, then, now)
        return tuple(one.path for one in changed if index.affected((one,)))


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


def _is_fixed(source: ApplicationSource) -> bool:
    return bool(source.chart) or is_full_commit(source.target_revision)


def _same_place(one: ApplicationSource, other: ApplicationSource) -> bool:
    return (one.repo_url, one.path, one.chart, one.helm, one.kustomize, one.directory) == (
        other.repo_url,
        other.path,
        other.chart,
        other.helm,
        other.kustomize,
        other.directory,
    )


def _content(files: Files, path: str) -> bytes | None:
    entry = find(files, path).entry
    return files.read(entry.id) if entry is not None and entry.type is EntryType.BLOB else None


def _restoring(before: Mapping[str, bytes | None]) -> Callable[[Files], Contents]:
    return lambda files: before


def _title(record: Record, release: RevisionHistory) -> str:
    return f"Roll {record.key.name} back to release {release.id}"


def _description(release: RevisionHistory) -> str:
    return f"The state of {release.revision}."


def _landed(answer: ChangeAnswer) -> str:
    for problem in answer.problems:
        raise Refused(problem.code, problem.message, suggestion=problem.suggestion, field=problem.field)
    assert answer.commit is not None, "an answer without problems has a commit"
    return f"reverted in Git by {answer.commit.sha[:12]} on {answer.commit.branch}"
