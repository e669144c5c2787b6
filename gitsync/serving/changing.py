"""Changes that people make to applications in Git: create, edit, delete, and the checks before.

The person's permission to push to the Git Source is checked right before, the commit is made in the person's name and
pushed with the person's own credential, so the Git host has the last word. What stands in the way comes back as
problems with field and line.
"""

import hashlib
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass

from gitsync.application.record import Record, Records
from gitsync.changes.application import Holder, Manifest, creation, editing, removal
from gitsync.changes.check import read_manifest
from gitsync.changes.errors import BadInput, NotInGit
from gitsync.changes.locate import locate
from gitsync.errors import GitsyncError
from gitsync.git.change import Contents
from gitsync.git.repositories import Repositories
from gitsync.git.tree import Files
from gitsync.manifest.written import document_text
from gitsync.project.children import child_project
from gitsync.reporting.link import Refused
from gitsync.reporting.report import is_git_source, manifest_of
from gitsync.reporting.reporter import Reporter
from gitsync.serving.committing import Committing, Intent, problem_of
from gitsync.serving.validation import Findings, World, validate
from model.identity import ApplicationKey, ResourceKey
from model.kinds.application import GROUP, KIND, ApplicationSource
from model.link_change import (
    ChangeAnswer,
    CreateApplication,
    DeleteApplication,
    EditApplication,
    ManifestFileAnswer,
    ValidateApplication,
    ValidationAnswer,
)

_REMEMBERED_FILES = 5_000


@dataclass(frozen=True, slots=True)
class Desk:
    """What changes are made with. `world` is what manifests are held against, as it is now."""

    runtime: str
    namespace: str
    records: Records
    reporter: Reporter
    repositories: Repositories
    committing: Committing
    world: Callable[[], World]


class Changing:
    """One per runtime."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._written: OrderedDict[tuple[str, str, str], str] = OrderedDict()  # who wrote which content of which file

    async def create(self, body: CreateApplication) -> ChangeAnswer:
        try:
            manifest, source = read_manifest(body.manifest), self._git_source(body.git_source)
            findings = await self._validated(manifest, body.author.name, self._source_record(body.git_source), True)
            name = str((manifest.body.get("metadata") or {}).get("name"))
            if findings.errors:
                problems = ChangeAnswer(body.operation_id, problems=findings.errors)
                asked = Intent("CREATE", self._entity(name), body.operation_id, body.words, _nothing)
                return await self._desk.committing.made_before(source, body.author, asked) or problems
            edit = creation(source, manifest, body.file_name)
        except GitsyncError as failure:
            return _refused(body.operation_id, failure)
        intent = Intent("CREATE", self._entity(name), body.operation_id, body.words, edit)
        return await self._desk.committing.commit(
            source, body.author, self._remembering(intent, source, body.author.name)
        )

    async def edit(self, body: EditApplication) -> ChangeAnswer:
        try:
            record = self._record(body.application)
            manifest, holder = read_manifest(body.manifest), self.holder(record)
            findings = await self._validated(manifest, body.author.name, self._desk.reporter.owner(record), False)
            if findings.errors:
                return ChangeAnswer(body.operation_id, problems=findings.errors)
            edit = editing(
                holder,
                manifest,
                seen=dict(manifest_of(record)),
                base_blob=body.base_blob,
                own=lambda path, blob: self._wrote(body.author.name, holder.source, path, blob),
                as_written=body.as_written,
            )
        except GitsyncError as failure:
            return _refused(body.operation_id, failure)
        intent = Intent("EDIT", self._entity(record.name), body.operation_id, body.words, edit)
        remembered = self._remembering(intent, holder.source, body.author.name)
        return await self._desk.committing.commit(holder.source, body.author, remembered)

    async def delete(self, body: DeleteApplication) -> ChangeAnswer:
        try:
            record = self._record(body.application)
            holder = self.holder(record)
        except GitsyncError as failure:
            return _refused(body.operation_id, failure)
        intent = Intent("DELETE", self._entity(record.name), body.operation_id, body.words, removal(holder))
        return await self._desk.committing.commit(holder.source, body.author, intent)

    async def validate(self, body: ValidateApplication) -> ValidationAnswer:
        try:
            manifest = read_manifest(body.manifest)
            holder = self._source_record(body.git_source) if body.git_source else None
            findings = await self._validated(manifest, body.author.name, holder, body.is_new)
        except GitsyncError as failure:
            return ValidationAnswer(errors=(problem_of(failure),))
        return ValidationAnswer(findings.errors, findings.warnings, manifest.text)

    async def file(self, key: ApplicationKey) -> ManifestFileAnswer:
        """The file as it is on the newest commit. Raises Refused with NOT_IN_GIT."""
        try:
            holder = self.holder(self._record(key))
            branch = await self._desk.committing.branch(holder.source)
            resolved = await self._desk.repositories.resolve(holder.source.repo_url, branch, fresh=True)
            tree = await self._desk.repositories.tree(holder.source.repo_url, resolved.commit)
            place = await tree.run(lambda files: locate(files, holder.source, holder.key, hint=holder.hint))
        except GitsyncError as failure:
            found = problem_of(failure)
            raise Refused(found.code, found.message, suggestion=found.suggestion) from failure
        return ManifestFileAnswer(
            repo_url=holder.source.repo_url,
            branch=branch.removeprefix("refs/heads/"),
            path=place.path,
            blob=place.blob,
            text=place.text,
            document=place.document,
            manifest=document_text(place.text, place.document, file=place.path) if place.item is None else "",
        )

    # ---- who holds what

    def _record(self, key: ApplicationKey) -> Record:
        record = self._desk.records.get(key)
        if record is None:
            raise Refused("NOT_FOUND_ERROR", f"there is no application {key}")
        return record

    async def _validated(self, manifest: Manifest, person: str, holder: Record | None, is_new: bool) -> Findings:
        """`holder`: the Git Source, as far as one is known."""
        world = self._desk.world()
        project = world.projects.get(holder.application.spec.project or "default") if holder is not None else None
        only = child_project(project) if project else ""
        return await validate(world, manifest, person=person, is_new=is_new, only_project=only)

    def _git_source(self, name: str) -> ApplicationSource:
        return self._source_record(name).application.spec.all_sources[0]

    def _source_record(self, name: str) -> Record:
        record = self._desk.records.get(ApplicationKey(self._desk.namespace, name))
        if record is None or not is_git_source(record) or not record.application.spec.all_sources:
            known = sorted(one.name for one in self._desk.records if is_git_source(one))
            raise BadInput(
                f"there is no Git Source {name!r} in this runtime",
                field="gitSource",
                suggestion=f"Choose one of: {', '.join(known) or 'none yet; create one'}.",
            )
        return record

    def holder(self, record: Record) -> Holder:
        """The Git Source that holds the application's manifest. Raises NotInGit."""
        owner = self._desk.reporter.owner(record)
        if owner is None:
            raise NotInGit(
                f"application {record.key} is not managed through Git: no Git Source holds its manifest",
                suggestion=_maker(record) or "Commit its manifest to a Git Source to manage it here.",
            )
        if not is_git_source(owner) or not owner.application.spec.all_sources:
            raise NotInGit(
                f"application {record.key} is made by application {owner.key}, which is no Git Source",
                suggestion=f"Edit it with Git, where {owner.key} reads it from.",
            )
        key = ResourceKey(GROUP, KIND, record.key.namespace, record.key.name)
        wanted = owner.desired.objects.get(key) if owner.desired else None
        return Holder(owner.application.spec.all_sources[0], key, wanted.origin.file if wanted else "")

    def _entity(self, name: str) -> str:
        return f"Application {self._desk.runtime}/{self._desk.namespace}/{name}"

    # ---- what people have written themselves, and thus seen

    def _remembering(self, intent: Intent, source: ApplicationSource, person: str) -> Intent:
        def edit(files: Files) -> Contents:
            contents = intent.edit(files)
            for path, content in contents.items():
                if content is not None:
                    self._written[source.repo_url, path, person] = blob_id(content)
            while len(self._written) > _REMEMBERED_FILES:
                self._written.popitem(last=False)
            return contents

        return Intent(intent.action, intent.entity, intent.operation_id, intent.words, edit)

    def _wrote(self, person: str, source: ApplicationSource, path: str, blob: str) -> bool:
        return self._written.get((source.repo_url, path, person)) == blob


def _nothing(files: Files) -> Contents:
    return {}


def blob_id(content: bytes) -> str:
    """The id that Git gives this content."""
    return hashlib.sha1(b"blob %d\0%b" % (len(content), content), usedforsecurity=False).hexdigest()


def _maker(record: Record) -> str:
    owners = (record.raw.get("metadata") or {}).get("ownerReferences") or ()
    made_by = next((f"{one.get('kind')} {one.get('name')}" for one in owners), "")
    return f"It is generated by {made_by}; edit that instead." if made_by else ""


def _refused(operation_id: str, failure: GitsyncError) -> ChangeAnswer:
    if isinstance(failure, Refused):
        raise failure
    return ChangeAnswer(operation_id, problems=(problem_of(failure),))
