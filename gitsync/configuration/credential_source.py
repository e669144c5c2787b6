"""Hands the runtime's repository credentials to `gitsync.git`."""

from collections.abc import Awaitable, Callable

from gitsync.access.credentials import CredentialStore
from gitsync.git.credentials import GitCredential
from gitsync.git.host_keys import host_keys

_LIST_SECONDS = 10.0


class RepositoryCredentials:
    """`gitsync.git.credentials.CredentialSource` from the Secrets of the home namespace.

    `known_hosts` are the lines of argocd-ssh-known-hosts-cm: an SSH server shows one of these keys, or it is refused,
    as in Argo CD, unless its Secret says `insecure`.
    """

    def __init__(self, store: CredentialStore, known_hosts: Callable[[], Awaitable[str]]) -> None:
        self._store = store
        self._known_hosts = known_hosts

    async def credential_for(self, url: str) -> GitCredential | None:
        await self._store.wait_for_list(_LIST_SECONDS)  # else what a start asks first would be asked without one
        secret = self._store.for_repository(url)
        if secret is None:
            return None
        if secret.ssh_private_key:
            keys = None if secret.insecure else host_keys(await self._known_hosts(), url)
            return GitCredential(username="git", ssh_private_key=secret.ssh_private_key, host_keys=keys)
        if secret.credential is None:
            return None
        return GitCredential(username=secret.credential.git_username, password=secret.credential.password)
