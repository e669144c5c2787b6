"""Connects the runtime with a Git host: keeps a credential for it, and makes the repositories that are missing."""

import hashlib
from urllib.parse import urlsplit

from gitsync.access.credentials import CredentialStore
from gitsync.access.probe import AccessProbe
from gitsync.access.provider_client import ProviderSilent
from gitsync.access.pull_requests import HostSilent, PullRequests
from gitsync.access.secret import SECRET_TYPE_LABEL, Credential, RepositorySecret, comparable_url, is_prefix
from gitsync.changes.check import INVALID, UNAVAILABLE
from gitsync.changes.cluster import OURS
from gitsync.errors import GitsyncError
from gitsync.git.errors import RepositoryNotFound, RepositoryUnreachable, RevisionNotFound
from gitsync.git.repositories import Repositories
from gitsync.kube.client import Cluster
from gitsync.kube.errors import AlreadyExists
from gitsync.manifest.object import JsonObject
from model.link_change import Problem
from model.link_setup import ConnectGitHost, GitHostAnswer

_MANAGER = "argosy"
_MAX_CHARACTERS = 4096


class GitHosts:
    """Of one runtime; `home` is its cluster."""

    def __init__(
        self,
        home: Cluster,
        namespace: str,
        credentials: CredentialStore,
        probe: AccessProbe,
        hosts: PullRequests,
        repositories: Repositories,
    ) -> None:
        self._home = home
        self._namespace = namespace
        self._credentials = credentials
        self._probe = probe
        self._hosts = hosts
        self._repositories = repositories

    async def connect(self, body: ConnectGitHost) -> GitHostAnswer:
        credential = Credential(body.username, body.token)
        problems = _shape_problems(body) or await self._credential_problems(body.url, credential)
        if problems:
            return GitHostAnswer(problems=tuple(problems))
        name = secret_name(body.url)
        secret = RepositorySecret(comparable_url(body.url), template=True, credential=credential)
        self._credentials.put_repository(name, secret)
        made = []
        try:
            for url in body.repositories:
                if await self._make_sure_of(url, credential):
                    made.append(url)
            await self._keep(name, secret, credential)
        except GitsyncError as failure:
            self._credentials.remove(name)
            code = UNAVAILABLE if isinstance(failure, RepositoryUnreachable | HostSilent) else INVALID
            problem = Problem(code, failure.message, "repositories", suggestion=failure.suggestion)
            return GitHostAnswer(problems=(problem,))
        return GitHostAnswer(await self._probe.providers.kind_of(body.url), tuple(made))

    async def _credential_problems(self, url: str, credential: Credential) -> list[Problem]:
        """Hosts with an API are asked whose it is; others will say when they are fetched from."""
        try:
            if await self._probe.providers.provider_of(url) is None:
                return []
            account = await self._probe.providers.user(url, credential)
        except ProviderSilent as silent:
            suggestion = "Check the address; the runtime has to reach it."
            return [Problem(UNAVAILABLE, f"{url} cannot be asked: {silent}", "url", suggestion=suggestion)]
        if account is None:
            suggestion = "Check that it was copied whole, has not ended, and may read and make repositories."
            return [Problem(INVALID, f"{url} does not accept this token", "token", suggestion=suggestion)]
        return []

    async def _make_sure_of(self, url: str, credential: Credential) -> bool:
        """Whether it had to be made. Raises RepositoryError and PullRequestRefused."""
        try:
            await self._repositories.resolve(url, "", fresh=True)
        except RevisionNotFound:
            return False  # there, and empty
        except RepositoryNotFound:
            if not await self._hosts.create_repository(url, credential):
                raise
            return True
        state = self._repositories.state(url)
        if state is not None and state.error:  # what is known of it is older than this question
            raise RepositoryUnreachable(state.error, suggestion="Check the address; the runtime has to reach it.")
        return False

    async def _keep(self, name: str, secret: RepositorySecret, credential: Credential) -> None:
        metadata = {
            "name": name,
            "namespace": self._namespace,
            "labels": {SECRET_TYPE_LABEL: "repo-creds", **OURS},
        }
        data = {"url": secret.url, "type": "git", "username": credential.username, "password": credential.password}
        body: JsonObject = {"apiVersion": "v1", "kind": "Secret", "metadata": metadata, "stringData": data}
        try:
            await self._home.create(body, manager=_MANAGER)
        except AlreadyExists:
            await self._home.replace(body, manager=_MANAGER)


def secret_name(url: str) -> str:
    digest = hashlib.blake2b(comparable_url(url).encode(), digest_size=6).hexdigest()
    return f"git-host-{digest}"


def _shape_problems(body: ConnectGitHost) -> list[Problem]:
    if urlsplit(body.url).scheme not in ("http", "https") or not urlsplit(body.url).hostname:
        return [Problem(INVALID, f"{body.url!r:.200} is no http or https address of a Git host", "url")]
    if not body.token or max(len(body.token), len(body.username)) > _MAX_CHARACTERS or not body.token.isprintable():
        return [Problem(INVALID, "that is no token", "token")]
    outside = next((url for url in body.repositories if not is_prefix(body.url, url)), None)
    if outside is not None:
        return [Problem(INVALID, f"{outside:.200} is not below {body.url:.200}", "repositories")]
    return []
