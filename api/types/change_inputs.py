"""Arguments of changes through Git, and the values that they stand for."""

import orjson
import strawberry
from strawberry.scalars import JSON

from api.errors import Invalid
from api.types.inputs import ApplicationRef
from model.link_change import AllowedDestination, Author, CommitWords, PutGitSource

LONGEST_MESSAGE = 10_000


@strawberry.input
class CommitMessageInput:
    message: str
    description: str | None = None


@strawberry.input
class CreateApplicationInput:
    runtime: str
    git_source: str
    file_name: str | None = strawberry.field(
        default=None, description="Path of the new file inside the Git Source; default: <name>.yaml."
    )
    manifest: str | None = strawberry.field(
        default=None, description="The Application manifest: YAML here, or an object."
    )
    object: JSON | None = None
    commit: CommitMessageInput
    pull_request: bool | None = strawberry.field(
        default=False,
        description="Open a pull request from a new branch instead of pushing to the Git Source's branch.",
    )
    operation_id: strawberry.ID | None = None


@strawberry.input
class EditApplicationInput:
    application: ApplicationRef
    manifest: str | None = None
    object: JSON | None = None
    base_blob: str | None = strawberry.field(
        default=None,
        description="Blob id of the file the edit started from; refused with CONFLICT_ERROR when it has changed since.",
    )
    as_written: bool | None = strawberry.field(
        default=False,
        description="With `baseBlob`: commit the text of `manifest` as it is. Without it values that differ are "
        "changed in the file, and the text counts where it changes comments, order or format alone, or adds comments.",
    )
    commit: CommitMessageInput
    pull_request: bool | None = False
    operation_id: strawberry.ID | None = None


@strawberry.input
class DeleteApplicationInput:
    application: ApplicationRef
    confirm_name: str = strawberry.field(description="Must equal the application's name.")
    commit: CommitMessageInput
    pull_request: bool | None = False
    operation_id: strawberry.ID | None = None


@strawberry.input
class ValidateApplicationInput:
    runtime: str
    git_source: str | None = None
    manifest: str | None = None
    object: JSON | None = None
    is_new: bool | None = True


@strawberry.input(description="A cluster by address or name, and a namespace (default: any); patterns may be used.")
class AllowedDestinationInput:
    server: str | None = None
    name: str | None = None
    namespace: str | None = None


@strawberry.input
class GitSourceInput:
    runtime: str
    name: str
    repo_url: str = strawberry.field(name="repoURL")
    revision: str | None = None
    path: str | None = None
    include: str | None = None
    exclude: str | None = None
    create_repository: bool | None = False
    operation_id: strawberry.ID | None = None
    allowed_repositories: list[str] | None = strawberry.field(
        default=None,
        description="With `allowedDestinations` it is a restricted Git Source: it brings applications of the project "
        "<name>-restricted only, which may read these repositories and deploy to these destinations.",
    )
    allowed_destinations: list[AllowedDestinationInput] | None = None

    def value(self, author: Author, operation_id: str, *, is_new: bool) -> PutGitSource:
        return PutGitSource(
            name=self.name,
            repo_url=self.repo_url,
            author=author,
            operation_id=operation_id,
            is_new=is_new,
            revision=self.revision or "",
            path=self.path or "",
            include=self.include or "",
            exclude=self.exclude or "",
            create_repository=bool(self.create_repository),
            allowed_repositories=tuple(self.allowed_repositories or ()),
            allowed_destinations=tuple(
                AllowedDestination(one.server or "", one.name or "", one.namespace or "")
                for one in self.allowed_destinations or ()
            ),
        )


def manifest_text(manifest: str | None, body: JSON | None) -> str:
    """The manifest as text; an object as JSON, which is YAML. Raises Invalid unless exactly one is given."""
    if (manifest is None) == (body is None):
        raise Invalid("give the manifest as YAML in `manifest` or as `object`, and not both", field="manifest")
    if manifest is not None:
        return manifest
    if not isinstance(body, dict):
        raise Invalid("`object` is the Application as a JSON object", field="object")
    return orjson.dumps(body).decode()


def commit_words(commit: CommitMessageInput, pull_request: bool | None) -> CommitWords:
    """Raises Invalid."""
    message, description = commit.message.strip(), (commit.description or "").strip()
    if len(message) + len(description) > LONGEST_MESSAGE:
        raise Invalid(f"a commit message has at most {LONGEST_MESSAGE} characters", field="commit")
    return CommitWords(message, description, bool(pull_request))
