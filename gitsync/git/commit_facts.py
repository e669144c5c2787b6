"""What one commit says, as a value. Pure: `gitsync.git.commit_log` reads it, `gitsync.audit` makes sense of it."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class CommitFacts:
    """What one commit says. `paths` are at most the first hundred of `paths_total`; `signed_with` is "" unsigned."""

    sha: str
    parents: tuple[str, ...]
    message: str
    author_name: str
    author_email: str
    committer_name: str
    committer_email: str
    time: int
    offset_minutes: int
    paths: tuple[str, ...]
    paths_total: int
    signed_with: str


@dataclass(frozen=True, slots=True)
class ChangedFile:
    """One file before and after a commit; None where it does not exist."""

    path: str
    before: bytes | None
    after: bytes | None
