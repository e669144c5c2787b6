"""Hands the runtime's repository credentials to `gitsync.git`."""

from gitsync.access.credentials import CredentialStore
from gitsync.git.credentials import GitCredential


class RepositoryCredentials:
    """`gitsync.git.credentials.CredentialSource` from the Secrets of the home namespace."""

    def __init__(self, store: CredentialStore) -> None:
        self._store = store

    async def credential_for(self, url: str) -> GitCredential | None:
        secret = self._store.for_repository(url)
        if secret is None:
            return None
        if secret.ssh_private_key:
            return GitCredential(username="git", ssh_private_key=secret.ssh_private_key)
        if secret.credential is None:
            return None
        return GitCredential(username=secret.credential.username, password=secret.credential.password)
