"""Commits in the name of a person: with whose credential, to which branch, as push or pull request, and what it means
when that fails.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

from gitsync.access.branch_rules import BranchRules
from gitsync.access.credentials import CredentialStore
from gitsync.access.probe import AccessProbe
from gitsync.access.provider_client import ProviderSilent
from gitsync.access.pull_requests import HostSilent, PullRequest, PullRequestRefused, PullRequests
from gitsync.access.secret import Credential
from gitsync.changes.check import INVALID, UNAVAILABLE, WHEN_IT_IS_BACK
from gitsync.changes.errors import BadInput, NotInGit
from gitsync.errors import GitsyncError
from gitsync.git.change import Change, Contents, Landed, Person
from gitsync.git.credentials import CredentialSource, GitCredential
from gitsync.git.errors import (
    AuthenticationRefused,
    EditConflict,
    NothingChanged,
    PathRefused,
    PushRefused,
    RepositoryNotFound,
    RevisionNotFound,
)
from gitsync.git.repositories import Repositories
from gitsync.git.tree import Files
from gitsync.kube.errors import ClusterError
from gitsync.manifest.errors import ManifestError
from model.kinds.application import ApplicationSource
from model.link_change import Author, ChangeAnswer, CommitWords, Conflict, Problem

_HEADS = "refs/heads/"
_UNFIT_FOR_BRANCH = re.compile(r"[^a-z0-9]+")

FORBIDDEN = "FORBIDDEN_ERROR"


@dataclass(frozen=True, slots=True)
class Intent:
    """A change before it has a person and a branch. `entity` is what the trailers call it."""

    action: str
    entity: str
    operation_id: str
    words: CommitWords
    edit: Callable[[Files], Contents]


class Committing:
    """`credentials` are people's own, `own` the runtime's, for its operator."""

    def __init__(
        self,
        repositories: Repositories,
        credentials: CredentialStore,
        own: CredentialSource,
        probe: AccessProbe,
        pull_requests: PullRequests,
    ) -> None:
        self._repositories = repositories
        self._credentials = credentials
        self._own = own
        self._probe = probe
        self._pull_requests = pull_requests

    async def commit(self, source: ApplicationSource, author: Author, intent: Intent) -> ChangeAnswer:
        """Makes the change on the branch that the source follows. What stands in the way is in the answer."""
        try:
            return await self._commit(source, author, intent)
        except GitsyncError as failure:
            return ChangeAnswer(intent.operation_id, problems=(problem_of(failure),))

    async def made_before(self, source: ApplicationSource, author: Author, intent: Intent) -> ChangeAnswer | None:
        """The answer of an earlier try with the same operation id, if that has landed; `intent` changes nothing."""
        answer = await self.commit(source, author, intent)
        return None if answer.problems else answer

    async def branch(self, source: ApplicationSource) -> str:
        """Full name of the branch that the source follows. Raises BadInput for a tag, a range or a commit."""
        wanted = source.target_revision
        try:
            resolved = await self._repositories.resolve(source.repo_url, wanted)
        except RevisionNotFound:
            return wanted if wanted.startswith(_HEADS) else f"{_HEADS}{wanted or 'main'}"  # an empty repository
        state = self._repositories.state(source.repo_url)
        ref = resolved.ref if resolved.ref != "HEAD" else (state.default_branch if state else "")
        if not ref or not ref.startswith(_HEADS):
            raise BadInput(
                f"{source.repo_url} is followed at {wanted!r}, which is no branch",
                suggestion="Let the Git Source follow a branch; nothing can be committed to a tag or a commit.",
            )
        return ref

    async def _commit(self, source: ApplicationSource, author: Author, intent: Intent) -> ChangeAnswer:
        url = source.repo_url
        await self._require_right(author.name, url)
        credential = await self._credential(author.name, url)
        base = await self.branch(source)
        change = _change(author, intent)
        # A repository that is read over SSH is pushed to over HTTP, where the person's own token has the last word.
        web = self._credentials.web_url(url) if author.name else url
        push_url = web if web != url else ""
        if not intent.words.pull_request:
            may = (
                partial(self._probe.would_take_push, author.name, url, base.removeprefix(_HEADS))
                if author.name
                else None
            )
            landed = await self._repositories.commit(url, base, change, credential, push_url=push_url, may_share=may)
            return _answer(intent, landed)
        head = f"{_HEADS}{branch_name(intent)}"
        landed = await self._repositories.commit(url, head, change, credential, base_ref=base, push_url=push_url)
        page = await self._open(url, author, intent, head.removeprefix(_HEADS), base.removeprefix(_HEADS))
        answer = _answer(intent, landed)
        if isinstance(page, Problem):
            return ChangeAnswer(intent.operation_id, answer.commit, answer.diff, problems=(page,))
        return ChangeAnswer(intent.operation_id, answer.commit, answer.diff, page or "")

    async def _require_right(self, person: str, url: str) -> None:
        if not person:
            return
        verdict = await self._probe.verdict(person, url)
        if not verdict.write:
            reason = verdict.reason or "no permission to push to it"
            if verdict.unknown:
                raise _Unavailable(reason, suggestion=WHEN_IT_IS_BACK)
            raise _Forbidden(f"{person} may not change {url}: {reason}", suggestion="Ask for write permission on it.")

    async def _credential(self, person: str, url: str) -> GitCredential | None:
        if not person:
            return await self._own.credential_for(url)
        known = self._credentials.for_person(person, self._credentials.web_url(url))
        if known is None:
            raise _Forbidden(
                f"no Git credential of {person} is known for {url}",
                suggestion="Add a personal Git token for this host.",
            )
        return GitCredential(known.git_username, known.password)

    async def rules(self, url: str, branch: str, person: str) -> BranchRules | None:
        """What the host says about a branch (by its full name) to this person; None: it does not say."""
        url = self._credentials.web_url(url)
        known = self._credentials.for_person(person, url)
        if known is None:
            return None
        try:
            return await self._probe.providers.branch_rules(url, branch.removeprefix(_HEADS), known)
        except ProviderSilent:
            return None

    async def person(self, name: str, url: str) -> Credential | None:
        """What the host's own API is asked with in the person's name; the operator has the runtime's credential."""
        if name:
            return self._credentials.for_person(name, self._credentials.web_url(url))
        own = await self._own.credential_for(url)
        return Credential(own.username, own.password) if own else None

    async def _open(self, url: str, author: Author, intent: Intent, head: str, base: str) -> str | Problem | None:
        person = await self.person(author.name, url)
        if person is None:
            return None
        title = intent.words.message.strip() or f"{intent.action.capitalize()} {intent.entity}"
        try:
            wanted = PullRequest(title.splitlines()[0], intent.words.description, head, base)
            return await self._pull_requests.open(self._credentials.web_url(url), person, wanted)
        except PullRequestRefused as refused:
            return problem_of(refused)


class _Forbidden(GitsyncError):
    """The person may not."""


class _Unavailable(GitsyncError):
    """The Git host cannot be asked."""


_CODES: tuple[tuple[type[GitsyncError], str], ...] = (
    (EditConflict, "CONFLICT_ERROR"),
    (NotInGit, "NOT_IN_GIT"),
    (_Forbidden, FORBIDDEN),
    (PushRefused, FORBIDDEN),
    (AuthenticationRefused, FORBIDDEN),
    (RepositoryNotFound, FORBIDDEN),
    (HostSilent, UNAVAILABLE),
    (PullRequestRefused, FORBIDDEN),
    (BadInput, INVALID),
    (NothingChanged, INVALID),
    (PathRefused, INVALID),
    (ManifestError, INVALID),
    (ClusterError, INVALID),
)


def problem_of(failure: GitsyncError) -> Problem:
    """The failure as the API tells it; whatever is not foreseen is the Git host's."""
    code = next((code for kind, code in _CODES if isinstance(failure, kind)), UNAVAILABLE)
    conflict = None
    if isinstance(failure, EditConflict):
        conflict = Conflict(failure.base, failure.theirs, failure.mine)
    field, line = (failure.field, failure.line) if isinstance(failure, BadInput) else ("", None)
    suggestion = failure.suggestion
    if isinstance(failure, PushRefused):
        field, suggestion = "pullRequest", "Set pullRequest: the change is then offered from a new branch."
    return Problem(code, failure.message, field, line, suggestion, conflict)


def branch_name(intent: Intent) -> str:
    """The same for the same operation, so that asking twice opens one branch."""
    name = _UNFIT_FOR_BRANCH.sub("-", intent.entity.rpartition("/")[2].lower()).strip("-")
    operation = _UNFIT_FOR_BRANCH.sub("-", intent.operation_id.lower()).strip("-")
    return f"argosy/{intent.action.lower()}-{name[:60]}-{operation[:40]}"


def _change(author: Author, intent: Intent) -> Change:
    words = intent.words
    message = "\n\n".join(filter(None, (words.message.strip(), words.description.strip())))
    return Change(
        operation_id=intent.operation_id,
        action=intent.action,
        entity=intent.entity,
        actor=Person(author.name, author.email),
        message=message,
        edit=intent.edit,
    )


def _answer(intent: Intent, landed: Landed) -> ChangeAnswer:
    return ChangeAnswer(intent.operation_id, landed.commit, landed.diff)
