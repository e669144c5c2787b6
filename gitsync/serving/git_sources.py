"""Git Sources: made, changed and removed by commits to the shared configuration repository.

The runtime syncs its own part of that repository by one application, which is made when it is needed first; what that
application says follows from the runtime's settings alone, so a runtime on another cluster makes the same one.
"""

import re
from collections.abc import Callable

import structlog

from gitsync.access.pull_requests import HostSilent, PullRequestRefused, PullRequests
from gitsync.application.record import Records
from gitsync.changes.check import INVALID, UNAVAILABLE, WHEN_IT_IS_BACK
from gitsync.changes.errors import BadInput
from gitsync.changes.git_source import (
    GitSourceSpec,
    Restriction,
    keeping,
    manifest_of_source,
    place_of,
    projects_of,
    source_creation,
    source_edit,
    source_removal,
)
from gitsync.changes.shared_configuration import BOOTSTRAP, SharedConfiguration
from gitsync.errors import GitsyncError
from gitsync.git.change import together
from gitsync.git.errors import (
    AuthenticationRefused,
    RepositoryError,
    RepositoryNotFound,
    RepositoryUnreachable,
    RevisionNotFound,
)
from gitsync.git.repositories import Repositories
from gitsync.git.tree import clean_path, find
from gitsync.kube.access import IN_CLUSTER_SERVER
from gitsync.kube.client import Cluster
from gitsync.kube.errors import AlreadyExists
from gitsync.manifest.object import JsonObject
from gitsync.project.children import child_project
from gitsync.reporting.report import is_git_source
from gitsync.serving.committing import Committing, Intent, problem_of
from gitsync.serving.validation import WorldSource
from gitsync.settings import RuntimeSettings
from model.identity import ApplicationKey
from model.kinds.application import ApplicationSource, Destination
from model.link_change import (
    AllowedDestination,
    Author,
    ChangeAnswer,
    CommitWords,
    DeleteGitSource,
    Problem,
    PutGitSource,
    RestrictionAnswer,
)

log = structlog.get_logger("gitsync.git_sources")

_NAME = re.compile(r"[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?")
_MANAGER = "argosy"


class GitSources:
    """Those of one runtime."""

    def __init__(
        self,
        settings: RuntimeSettings,
        records: Records,
        repositories: Repositories,
        committing: Committing,
        home: Cluster,
        world: WorldSource,
        hosts: PullRequests,
        watching_only: Callable[[], str],
    ) -> None:
        self._settings = settings
        self._records = records
        self._repositories = repositories
        self._committing = committing
        self._home = home
        self._world = world
        self._hosts = hosts
        self._watching_only = watching_only

    async def put(self, body: PutGitSource) -> ChangeAnswer:
        try:
            place = self._place()
            self._world().fleet.find(Destination(server=IN_CLUSTER_SERVER))  # raises where nothing is synced to it
            spec = _spec_of(body)
            problems = [*self._shape_problems(spec, is_new=body.is_new), *self._restriction_problems(spec, body)]
            if not problems:
                problems = await self._repository_problems(spec, body)
        except GitsyncError as failure:
            return ChangeAnswer(body.operation_id, problems=(problem_of(failure),))
        if problems:
            return ChangeAnswer(body.operation_id, problems=tuple(problems))
        manifest = manifest_of_source(spec, self._settings.namespace)
        projects = projects_of(spec, self._settings.namespace)
        edit = (source_creation if body.is_new else source_edit)(place, manifest, projects)
        action, verb = ("CREATE", "Add") if body.is_new else ("EDIT", "Change")
        words = CommitWords(f"{verb} Git Source {spec.name}")
        configuration = self.configuration()
        whole = together([edit, configuration.laid_out()]) if body.is_new else edit
        intent = Intent(action, self._entity(spec.name), body.operation_id, words, whole)
        answer = await self._committing.commit(place, body.author, intent)
        if not answer.problems:
            await self.require_bootstrap(configuration)
        return answer

    async def delete(self, body: DeleteGitSource) -> ChangeAnswer:
        try:
            place = self._place()
        except GitsyncError as failure:
            return ChangeAnswer(body.operation_id, problems=(problem_of(failure),))
        edit = source_removal(place, body.name, self._settings.namespace, restricted=self._is_restricted(body.name))
        words = CommitWords(f"Remove Git Source {body.name}")
        intent = Intent("DELETE", self._entity(body.name), body.operation_id, words, edit)
        return await self._committing.commit(place, body.author, intent)

    def restriction(self, key: ApplicationKey) -> RestrictionAnswer:
        """What applications of this Git Source may read, and where they may deploy, if it is restricted."""
        record = self._records.get(key)
        projects = self._world().projects
        own = projects.get(record.application.spec.project) if record is not None and is_git_source(record) else None
        allowed = projects.get(child_project(own)) if own is not None else None
        return restriction_of(allowed) if allowed is not None else RestrictionAnswer(restricted=False)

    # ---- checks

    def _place(self) -> ApplicationSource:
        if not self._settings.config_repo:
            raise BadInput(
                f"runtime {self._settings.name} has no shared configuration repository",
                field="runtime",
                suggestion="Start the runtime with --config-repo; Git Sources are committed there.",
            )
        return place_of(self._settings.name, self._settings.config_repo)

    def _shape_problems(self, spec: GitSourceSpec, *, is_new: bool) -> list[Problem]:
        found: list[Problem] = []
        if not _NAME.fullmatch(spec.name):
            message = f"{spec.name!r:.100} is no name of a Git Source"
            found.append(Problem(INVALID, message, "name", suggestion="Use lower case letters, digits and '-'."))
        if not spec.repo_url:
            found.append(Problem(INVALID, "the Git Source has no repository", "repoURL"))
        record = self._records.get(ApplicationKey(self._settings.namespace, spec.name))
        if record is not None and not is_git_source(record):
            found.append(Problem(INVALID, f"{spec.name} is an application that is no Git Source", "name"))
        if record is None and not is_new:
            found.append(Problem("NOT_FOUND_ERROR", f"there is no Git Source {spec.name}", "name"))
        try:
            clean_path(spec.path)
        except RepositoryError as failure:
            found.append(Problem(INVALID, failure.message, "path", suggestion=failure.suggestion))
        return found

    def _restriction_problems(self, spec: GitSourceSpec, body: PutGitSource) -> list[Problem]:
        """A Git Source is restricted from its beginning or never; what is not said at an edit stays as it is."""
        field = "allowedRepositories"
        if spec.restriction is None:
            return []
        if why := self._watching_only():
            message = f"restrictions are held by Argosy's engine, which only watches here: {why}"
            return [Problem(INVALID, message, field)]
        if not body.is_new and not self._is_restricted(spec.name):
            hint = "Make a new Git Source, and move the manifests."
            return [Problem(INVALID, f"{spec.name} is not restricted, and cannot become it", field, suggestion=hint)]
        if not (spec.restriction.repositories and spec.restriction.destinations):
            message = "a restricted Git Source names the repositories and the destinations that are allowed"
            return [Problem(INVALID, message, field)]
        if body.is_new and spec.name in self._world().projects:
            return [Problem(INVALID, f"there is a project {spec.name} already", "name")]
        return []

    def _is_restricted(self, name: str) -> bool:
        record = self._records.get(ApplicationKey(self._settings.namespace, name))
        project = self._world().projects.get(record.application.spec.project) if record is not None else None
        return project is not None and bool(child_project(project))

    async def _repository_problems(self, spec: GitSourceSpec, body: PutGitSource) -> list[Problem]:
        """What is wrong with the repository; one that is wanted is made, and so is a directory that is missing."""
        source = ApplicationSource(repo_url=spec.repo_url, target_revision=spec.revision, path=clean_path(spec.path))
        if body.create_repository and await self._made(spec, body.author):
            return await self._unreadable(spec) or await self._with_directory(source, body)
        if body.author.name:
            verdict = await self._world().probe.verdict(body.author.name, spec.repo_url)
            if verdict.unknown:
                return [Problem(UNAVAILABLE, verdict.reason, "repoURL", suggestion=WHEN_IT_IS_BACK)]
            if not verdict.read:
                message = f"there is no repository {spec.repo_url}, or you may not read it"
                return [Problem(INVALID, message, "repoURL", suggestion="Check the URL and your Git credential.")]
        try:
            resolved = await self._repositories.resolve(spec.repo_url, spec.revision, fresh=True)
            tree = await self._repositories.tree(spec.repo_url, resolved.commit)
            if await tree.run(lambda files: find(files, source.path).entry is not None):
                return []
        except RevisionNotFound as failure:
            state = self._repositories.state(spec.repo_url)
            if state is not None and state.head:
                return [Problem(INVALID, failure.message, "revision", suggestion=failure.suggestion)]
        except RepositoryUnreachable as failure:
            return [Problem(UNAVAILABLE, failure.message, "repoURL", suggestion=failure.suggestion)]
        except RepositoryError as failure:
            return [Problem(INVALID, failure.message, "repoURL", suggestion=failure.suggestion)]
        return await self._with_directory(source, body)

    async def _unreadable(self, spec: GitSourceSpec) -> list[Problem]:
        """A repository that a person has made under their own name is theirs alone at first."""
        try:
            await self._repositories.resolve(spec.repo_url, "", fresh=True)
        except (RepositoryNotFound, AuthenticationRefused):
            own = await self._committing.person("", spec.repo_url)
            account = f"the account {own.username}" if own is not None and own.username else "the account"
            message = f"{spec.repo_url} was made, but the runtime itself may not read it"
            hint = f"Let {account} of the runtime read it, then ask again."
            return [Problem(INVALID, message, "repoURL", suggestion=hint)]
        except RevisionNotFound:
            pass
        return []

    async def _with_directory(self, source: ApplicationSource, body: PutGitSource) -> list[Problem]:
        """The Git Source reads a directory; one that is not there yet is committed to its repository."""
        words = CommitWords(f"Make room for Git Source {body.name}")
        operation_id = f"{body.operation_id}-directory"
        intent = Intent("CREATE", self._entity(body.name), operation_id, words, keeping(source.path))
        return list((await self._committing.commit(source, body.author, intent)).problems)

    async def _made(self, spec: GitSourceSpec, author: Author) -> bool:
        """Whether the repository had to be made. Raises BadInput where the host cannot."""
        try:
            await self._repositories.resolve(spec.repo_url, "", fresh=True)
        except RevisionNotFound:
            return False
        except RepositoryNotFound:
            pass
        else:
            return False
        person = await self._committing.person(author.name, spec.repo_url)
        try:
            made = person is not None and await self._hosts.create_repository(
                self._world().probe.web_url(spec.repo_url), person
            )
        except HostSilent:
            raise
        except PullRequestRefused as refused:
            raise BadInput(refused.message, field="repoURL", suggestion=refused.suggestion) from refused
        if not made:
            raise BadInput(
                f"the host of {spec.repo_url} offers no way to make a repository",
                field="createRepository",
                suggestion="Make the repository by hand first.",
            )
        return True

    # ---- the application that syncs this runtime's part of the shared configuration

    async def require_bootstrap(self, configuration: SharedConfiguration) -> None:
        """Makes the application that reads the runtime's part, unless it is there."""
        if self._records.get(ApplicationKey(configuration.namespace, BOOTSTRAP)) is not None:
            return
        try:
            await self._home.create(configuration.bootstrap(), manager=_MANAGER)
            log.info("shared configuration is synced now", repository=configuration.repo_url, path=configuration.folder)
        except AlreadyExists:
            return

    def configuration(self) -> SharedConfiguration:
        """Of a runtime that has one."""
        settings = self._settings
        return SharedConfiguration(settings.config_repo, settings.name, settings.namespace)

    def _entity(self, name: str) -> str:
        return f"GitSource {self._settings.name}/{self._settings.namespace}/{name}"


def restriction_of(project: JsonObject) -> RestrictionAnswer:
    """What an AppProject allows, in the words in which a Git Source is made. Pure."""
    spec = project.get("spec") or {}
    places = [one for one in spec.get("destinations") or () if isinstance(one, dict)]
    return RestrictionAnswer(
        restricted=True,
        repositories=tuple(str(one) for one in spec.get("sourceRepos") or ()),
        destinations=tuple(
            AllowedDestination(*(str(one.get(part) or "") for part in ("server", "name", "namespace")))
            for one in places
        ),
    )


def _spec_of(body: PutGitSource) -> GitSourceSpec:
    restriction = None
    if body.allowed_repositories or body.allowed_destinations:
        destinations = tuple(Destination(one.server, one.name, one.namespace) for one in body.allowed_destinations)
        restriction = Restriction(body.allowed_repositories, destinations)
    return GitSourceSpec(
        body.name, body.repo_url, body.revision, body.path, body.include, body.exclude, restriction=restriction
    )
