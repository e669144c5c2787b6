"""The audit log: commits, read as records of who did what."""

from datetime import UTC, datetime
from typing import TypeAlias, cast

import strawberry
from strawberry.scalars import JSON

from api.actions import audit
from api.context import Info
from api.types.commit import Commit, GitContext, Signature
from api.types.node import Node
from model.audit import AuditFilter, ListedAuditEntry, SignatureStatus
from model.audit import ManifestHistory as ManifestHistoryValue
from model.identity import encode_node_id

strawberry.enum(SignatureStatus, name="AuditSignatureStatus")
AuditSignatureStatus: TypeAlias = SignatureStatus


@strawberry.type(description="Whether a commit is signed, and with what.")
class AuditSignature:
    status: AuditSignatureStatus
    signer: str | None = strawberry.field(
        description="Who made it, as far as that is known; else the kind of signature, or what is wrong with it."
    )


@strawberry.type(description="One commit, read as an audit record.")
class AuditEntry(Node):
    commit: Commit
    action: str = strawberry.field(
        description="CREATE, EDIT, DELETE, SYNC, ROLLBACK, PROMOTE ...; COMMIT for one that was made outside of Argosy."
    )
    entity_kind: str
    entity_name: str | None
    runtime: str | None
    actor: Signature
    operation_id: strawberry.ID | None
    reason: str | None
    outcome: str | None
    files: list[str] = strawberry.field(description="At most the first hundred of `filesTotal`.")
    files_total: int
    listed: strawberry.Private[ListedAuditEntry]

    @strawberry.field(
        description="Verified with the GnuPG and SSH keys that the runtime knows now; UNVERIFIED where it knows none."
    )
    async def signature(self, info: Info) -> AuditSignature:
        entry = self.listed.entry
        if entry.signature is SignatureStatus.NONE:
            return AuditSignature(status=entry.signature, signer=None)
        found = await info.context.loaders.signature.load(self.listed)
        return AuditSignature(status=found.status, signer=found.signer or entry.signer or None)

    @strawberry.field(description="Before and after, file by file; at most the first fifty. Asked of the runtime.")
    async def changes(self, info: Info) -> list["AuditFilePatch"] | None:
        found = await audit.commit_changes(info.context.plane, info.context.signed_in(), self.listed)
        return [
            AuditFilePatch(path=one.path, kind=one.kind, patch=one.patch, masked=one.masked, note=one.note or None)
            for one in found.files
        ]

    @staticmethod
    def of(listed: ListedAuditEntry) -> "AuditEntry":
        entry = listed.entry
        node_id = encode_node_id("AuditEntry", listed.runtime, entry.commit.repo_url, entry.commit.sha)
        return AuditEntry(
            id=strawberry.ID(node_id),
            commit=Commit.of(entry.commit),
            action=entry.action,
            entity_kind=entry.entity_kind,
            entity_name=entry.entity_name or None,
            runtime=entry.runtime or None,
            actor=Signature(name=entry.actor_name, email=entry.actor_email),
            operation_id=strawberry.ID(entry.operation_id) if entry.operation_id else None,
            reason=entry.reason or None,
            outcome=entry.outcome or None,
            files=list(entry.files),
            files_total=entry.files_total,
            listed=listed,
        )


@strawberry.type(description="What a commit changed in one file. Values of Secrets are never shown.")
class AuditFilePatch:
    path: str
    kind: str = strawberry.field(description="ADDED, MODIFIED or REMOVED.")
    patch: str = strawberry.field(description="Unified; empty when `note` says why nothing is shown.")
    masked: bool
    note: str | None


@strawberry.type(description="The commit that set a field to its present value.")
class FieldOrigin:
    path: str
    value: JSON | None
    commit: Commit | None


@strawberry.type(description="The file that holds an application's manifest, through its commits.")
class ManifestHistory:
    location: GitContext
    commits: list[Commit] = strawberry.field(description="Those that changed the file, newest first; at most 100.")
    fields: list[FieldOrigin] = strawberry.field(description="Who set each field, when, and in which commit.")

    @staticmethod
    def of(history: ManifestHistoryValue) -> "ManifestHistory | None":
        if history.location is None:
            return None
        commits = {commit.sha: Commit.of(commit) for commit in history.commits}
        newest = history.commits[0] if history.commits else None
        return ManifestHistory(
            location=GitContext.of(history.location, newest),
            commits=list(commits.values()),
            fields=[
                FieldOrigin(path=field.path, value=cast(JSON, field.value), commit=commits.get(field.sha))
                for field in history.fields
            ],
        )


@strawberry.input
class AuditFilterArgs:
    actors: list[str] | None = None
    actions: list[str] | None = None
    entity_kinds: list[str] | None = None
    entity_name: str | None = None
    runtimes: list[str] | None = None
    repositories: list[str] | None = None
    since: datetime | None = None
    until: datetime | None = strawberry.field(default=None, description="This moment itself is left out.")
    search: str | None = strawberry.field(
        default=None, description="Part of the commit's id, message, files, entity or actor; case ignored."
    )

    def value(self) -> AuditFilter:
        """An absent or empty list holds for everything."""
        return AuditFilter(
            actors=frozenset(self.actors or ()),
            actions=frozenset(action.upper() for action in self.actions or ()),
            entity_kinds=frozenset(self.entity_kinds or ()),
            entity_name=self.entity_name or "",
            runtimes=frozenset(self.runtimes or ()),
            repositories=frozenset(self.repositories or ()),
            since=_utc(self.since),
            until=_utc(self.until),
            search=(self.search or "").strip()[:200],
        )


def audit_filter(filters: AuditFilterArgs | None) -> AuditFilter:
    return filters.value() if filters else AuditFilter()


def _utc(moment: datetime | None) -> datetime | None:
    return moment.replace(tzinfo=UTC) if moment is not None and moment.tzinfo is None else moment
