"""The messages of `model.link` that are about changes in Git: what people want committed, and what came of it."""

from model.identity import ApplicationKey
from model.link_message import Message
from model.report import CommitInfo


class Conflict(Message, frozen=True):
    """Three versions of one text: what the change started from, what is there now, and what was wanted."""

    base: str
    theirs: str
    mine: str


class Problem(Message, frozen=True):
    """One thing that is wrong with a change. `code` is one of the API's MutationErrorCode names; `field` a path into
    the manifest or the input, `line` the line in the text that was given, from 1."""

    code: str
    message: str
    field: str = ""
    line: int | None = None
    suggestion: str = ""
    conflict: Conflict | None = None


class Author(Message, frozen=True):
    """The person in whose name a commit is made, and whose Git credential pushes it. "": the runtime's operator."""

    name: str
    email: str = ""


class CommitWords(Message, frozen=True):
    """What a person says about a change. `pull_request`: from a new branch instead of a push to the Git Source's."""

    message: str = ""
    description: str = ""
    pull_request: bool = False


class CreateApplication(Message, frozen=True):
    """-> ChangeAnswer. `manifest` is YAML; `file_name` a path inside the Git Source, "": named after it."""

    git_source: str
    manifest: str
    author: Author
    operation_id: str
    words: CommitWords = CommitWords()
    file_name: str = ""


class EditApplication(Message, frozen=True):
    """-> ChangeAnswer. `base_blob`: id of the file that the edit started from. `as_written`, with it: the text itself
    goes there, with its comments, whatever the values that differ."""

    application: ApplicationKey
    manifest: str
    author: Author
    operation_id: str
    words: CommitWords = CommitWords()
    base_blob: str = ""
    as_written: bool = False


class DeleteApplication(Message, frozen=True):
    """-> ChangeAnswer"""

    application: ApplicationKey
    author: Author
    operation_id: str
    words: CommitWords = CommitWords()


class AllowedDestination(Message, frozen=True):
    """A cluster by address or name, and a namespace ("": any): patterns as in AppProjects."""

    server: str = ""
    name: str = ""
    namespace: str = ""


class PutGitSource(Message, frozen=True):
    """-> ChangeAnswer: the Git Source's own manifest, committed to the shared configuration repository.

    With `allowed_repositories` and `allowed_destinations` it is a restricted one.
    """

    name: str
    repo_url: str
    author: Author
    operation_id: str
    is_new: bool
    revision: str = ""
    path: str = ""
    include: str = ""
    exclude: str = ""
    create_repository: bool = False
    allowed_repositories: tuple[str, ...] = ()
    allowed_destinations: tuple[AllowedDestination, ...] = ()


class DeleteGitSource(Message, frozen=True):
    """-> ChangeAnswer. What it brought stays, and is managed by nobody then."""

    name: str
    author: Author
    operation_id: str


class ManageRuntime(Message, frozen=True):
    """-> ChangeAnswer: the runtime's own installation, committed to the shared configuration as an Application."""

    author: Author
    operation_id: str


class GetRestriction(Message, frozen=True):
    """-> RestrictionAnswer: what a restricted Git Source allows, as the projects in the cluster say it now."""

    git_source: ApplicationKey


class ValidateApplication(Message, frozen=True):
    """-> ValidationAnswer"""

    manifest: str
    author: Author
    git_source: str = ""
    is_new: bool = True


class GetManifestFile(Message, frozen=True):
    """-> ManifestFileAnswer: the file in Git that holds the application's manifest, as it is now."""

    application: ApplicationKey


class ChangeAnswer(Message, frozen=True):
    """A commit on the Git host, or what stands in its way: `commit` is None exactly when there are problems."""

    operation_id: str
    commit: CommitInfo | None = None
    diff: str = ""
    pull_request_url: str = ""
    problems: tuple[Problem, ...] = ()


class ValidationAnswer(Message, frozen=True):
    """`normalized` is the manifest as it would be committed."""

    errors: tuple[Problem, ...] = ()
    warnings: tuple[Problem, ...] = ()
    normalized: str = ""


class RestrictionAnswer(Message, frozen=True):
    """`restricted` False: there are no such projects, and the lists are empty."""

    restricted: bool
    repositories: tuple[str, ...] = ()
    destinations: tuple[AllowedDestination, ...] = ()


class ManifestFileAnswer(Message, frozen=True):
    """A file with the application's document in it. `blob` is what `EditApplication.base_blob` takes; `manifest` the
    document alone, "" where it is an item of a list."""

    repo_url: str
    branch: str
    path: str
    blob: str
    text: str
    document: int = 0
    manifest: str = ""


ChangeRequest = (
    CreateApplication
    | EditApplication
    | DeleteApplication
    | ValidateApplication
    | GetManifestFile
    | GetRestriction
    | PutGitSource
    | DeleteGitSource
    | ManageRuntime
)
ChangeAnswers = ChangeAnswer | ValidationAnswer | ManifestFileAnswer | RestrictionAnswer
