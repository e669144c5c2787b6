"""One commit read as an audit record, and how far a repository has been read. Values only.

Before it: `gitsync.audit` makes them from commits. After it: `model.link` carries them, `model.store.audit` keeps them,
`api` shows them. Nothing here is told anywhere but in Git: all of it can be made again from the repositories.
"""

import enum
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import msgspec

from model.identity import ApplicationKey
from model.link_message import Message
from model.report import CommitInfo, ManifestLocation

OUTSIDE = "COMMIT"
"""The action of a commit that was made outside of Argosy."""


class SignatureStatus(enum.StrEnum):
    """UNVERIFIED: there is a signature, and no key was given to check it with."""

    NONE = "NONE"
    UNVERIFIED = "UNVERIFIED"
    VALID = "VALID"
    INVALID = "INVALID"


class AuditEntry(msgspec.Struct, frozen=True, omit_defaults=True):
    """Who did what, to what, why, and how it ended.

    `files` are at most the first hundred paths that the commit changed against its first parent, of `files_total`.
    `runtime` is that of the entity; "" when the entity belongs to none.
    """

    commit: CommitInfo
    action: str
    entity_kind: str
    actor_name: str
    actor_email: str
    entity_name: str = ""
    runtime: str = ""
    operation_id: str = ""
    reason: str = ""
    outcome: str = ""
    files: tuple[str, ...] = ()
    files_total: int = 0
    parents: tuple[str, ...] = ()
    signature: SignatureStatus = SignatureStatus.NONE
    signer: str = ""


class AuditPosition(msgspec.Struct, frozen=True, omit_defaults=True):
    """How far one repository has been read: `tips` and all commits before them; outcomes up to the commit `notes`."""

    repo_url: str
    tips: tuple[str, ...] = ()
    notes: str = ""


class AuditBatch(msgspec.Struct, frozen=True, omit_defaults=True):
    """What to add and to drop, and the position after that. `anew`: everything known of the repository goes first.

    `outcomes` are (commit, outcome) of commits that were told before; those of others mean nothing.
    """

    after: AuditPosition
    entries: tuple[AuditEntry, ...] = ()
    removed: tuple[str, ...] = ()
    outcomes: tuple[tuple[str, str], ...] = ()
    anew: bool = False


class ReadAudit(Message, frozen=True):
    """-> AuditAnswer: what comes after the positions, as soon as there is some, or nothing after `wait_seconds`.

    Repositories without a position are read from their beginning. A position is also the acknowledgement of what led
    to it.
    """

    known: tuple[AuditPosition, ...] = ()
    wait_seconds: float = 20.0


class AuditAnswer(Message, frozen=True):
    batches: tuple[AuditBatch, ...] = ()


class GetCommitChanges(Message, frozen=True):
    """-> CommitChanges"""

    repo_url: str
    sha: str


class VerifySignatures(Message, frozen=True):
    """-> SignatureVerdicts: in the order of the commits, with the keys that the runtime knows now"""

    repo_url: str
    shas: tuple[str, ...]


class SignatureVerdict(Message, frozen=True):
    """`signer` is who signed, as far as that is known, or why the signature is not good."""

    sha: str
    status: SignatureStatus
    signer: str = ""


class SignatureVerdicts(Message, frozen=True):
    verdicts: tuple[SignatureVerdict, ...] = ()


class FilePatch(Message, frozen=True):
    """`kind` is ADDED, MODIFIED or REMOVED. `masked`: values of Secrets are hidden. `note` says what is not shown."""

    path: str
    kind: str
    patch: str = ""
    masked: bool = False
    note: str = ""


class CommitChanges(Message, frozen=True):
    """At most the first fifty of `files_total`."""

    files: tuple[FilePatch, ...]
    files_total: int


class GetManifestHistory(Message, frozen=True):
    """-> ManifestHistory"""

    application: ApplicationKey


class FieldOrigin(Message, frozen=True):
    """The commit that set a field to its present value. Paths as in `model.change.FieldChange`."""

    path: str
    value: Any
    sha: str


class ManifestHistory(Message, frozen=True):
    """`commits` are those that changed the file, newest first. `location` None: the manifest is in no repository."""

    location: ManifestLocation | None = None
    commits: tuple[CommitInfo, ...] = ()
    fields: tuple[FieldOrigin, ...] = ()


AuditRequest = ReadAudit | GetCommitChanges | GetManifestHistory | VerifySignatures
AuditAnswers = AuditAnswer | CommitChanges | ManifestHistory | SignatureVerdicts


@dataclass(frozen=True, slots=True)
class AuditFilter:
    """Fields must all hold; the values of one field are alternatives; an empty field holds for everything."""

    actors: frozenset[str] = frozenset()
    actions: frozenset[str] = frozenset()
    entity_kinds: frozenset[str] = frozenset()
    entity_name: str = ""
    runtimes: frozenset[str] = frozenset()
    repositories: frozenset[str] = frozenset()
    since: datetime | None = None
    until: datetime | None = None
    search: str = ""


EVERYTHING = AuditFilter()


@dataclass(frozen=True, slots=True)
class ListedAuditEntry:
    """An entry together with the runtime that reported it."""

    runtime: str
    entry: AuditEntry
