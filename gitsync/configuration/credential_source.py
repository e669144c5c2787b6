"""Hands the runtime's repository credentials to `gitsync.git`."""

from collections.abc import Awaitable, Callable

from gitsync.access.credentials import CredentialStore
from gitsync.git.credentials import GitCredential
from gitsync.git.host_keys import host_keys


class RepositoryCredentials:
    """`gitsync.git.credentials.CredentialSource` from the Secrets of the home namespace.

    `known_hosts` are the lines of argocd-ssh-known-hosts-cm, None without one: then any server is believed.
    """

    def __init__(self, store: CredentialStore, known_hosts: Callable[[], Awaitable[str | None]] | None = None) -> None:
        self._store = store
        self._known_hosts = known_hosts

    async def credential_for(self, url: str) -> GitCredential | None:
        secret = self._store.for_repository(url)
        if secret is None:
            return None
        if secret.ssh_private_key:
            lines = await self._known_hosts() if self._known_hosts is not None and not secret.insecure else None
            keys = host_keys(lines, url) if lines is not None else None
            return GitCredential(username="git", ssh_private_key=secret.ssh_private_key, host_keys=keys)
        if secret.credential is None:
            return None
        return GitCredential(username=secret.credential.username, password=secret.credential.password)
