"""Commits, and places in Git."""

from datetime import datetime

import strawberry

from api.types.links import safe_url
from model.link_change import ManifestFileAnswer
from model.report import CommitInfo, ManifestLocation


@strawberry.type
class Signature:
    name: str
    email: str
    avatar_url: str | None = strawberry.field(name="avatarURL", default=None)


@strawberry.type
class Commit:
    sha: str
    message: str
    author: Signature
    date: datetime
    url: str | None
    repo_url: str = strawberry.field(name="repoURL")
    branch: str | None

    @staticmethod
    def of(commit: CommitInfo) -> "Commit":
        return Commit(
            sha=commit.sha,
            message=commit.message,
            author=Signature(name=commit.author_name, email=commit.author_email),
            date=commit.date,
            url=safe_url(commit.url),
            repo_url=commit.repo_url,
            branch=commit.branch or None,
        )


@strawberry.type(description="A place in Git, and the commit that brought it to its present state.")
class GitContext:
    repo_url: str = strawberry.field(name="repoURL")
    revision: str
    path: str
    line: int | None
    commit_message: str | None = None
    commit_author: str | None = None
    commit_date: datetime | None = None
    commit_url: str | None = None
    file_url: str | None = None

    @staticmethod
    def of(location: ManifestLocation, commit: CommitInfo | None = None) -> "GitContext":
        return GitContext(
            repo_url=location.repo_url,
            revision=location.revision,
            path=location.path,
            line=location.line,
            commit_message=commit.message if commit else None,
            commit_author=commit.author_name if commit else None,
            commit_date=commit.date if commit else None,
            commit_url=safe_url(commit.url) if commit else None,
        )


@strawberry.type(description="A file of manifests. `blob` is what EditApplicationInput.baseBlob takes.")
class ManifestFile:
    repo_url: str = strawberry.field(name="repoURL")
    branch: str
    path: str
    blob: str
    text: str
    document: int = strawberry.field(description="Which of the file's documents is the application's, from 0.")
    manifest: str | None = strawberry.field(
        description="That document alone, as EditApplicationInput.manifest takes it; null: it has no lines of its own."
    )

    @staticmethod
    def of(answer: ManifestFileAnswer) -> "ManifestFile":
        return ManifestFile(
            repo_url=answer.repo_url,
            branch=answer.branch,
            path=answer.path,
            blob=answer.blob,
            text=answer.text,
            document=answer.document,
            manifest=answer.manifest or None,
        )
