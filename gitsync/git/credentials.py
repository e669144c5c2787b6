"""What a repository is read with, and how it is handed to libgit2."""

from dataclasses import dataclass, field
from typing import Protocol

import pygit2
from pygit2.enums import CredentialType


@dataclass(frozen=True, slots=True)
class GitCredential:
    """User name and password (or token), or a private SSH key in PEM.

    `host_keys` are the SHA-256 of the keys that the SSH server may show; None: any.
    """

    username: str = ""
    password: str = field(default="", repr=False)
    ssh_private_key: str = field(default="", repr=False)
    host_keys: frozenset[bytes] | None = None


class CredentialSource(Protocol):
    """Where credentials come from."""

    async def credential_for(self, url: str) -> GitCredential | None:
        """The credential for this repository, or None when it is to be read without one."""


class NoCredentials:
    """Every repository is public."""

    async def credential_for(self, url: str) -> GitCredential | None:
        return None


class CredentialRefused(Exception):
    """The host asked again after it was given the credential, or asked for one that there is not."""


class Answerer(pygit2.RemoteCallbacks):
    """Answers libgit2's question for credentials once. Left alone, libgit2 repeats a wrong password 15 times."""

    def __init__(self, credential: GitCredential | None) -> None:
        super().__init__()
        self._credential = credential
        self._asked = False
        self.host_keys = credential.host_keys if credential is not None else None  # see `gitsync.git.host_keys`

    def credentials(
        self, url: str, username_from_url: str | None, allowed_types: CredentialType
    ) -> pygit2.Username | pygit2.UserPass | pygit2.Keypair:
        credential = self._credential
        if allowed_types == CredentialType.USERNAME:
            # SSH asks for the name alone before it asks for the key; that is no refusal.
            return pygit2.Username((credential.username if credential else "") or username_from_url or "git")
        if credential is None or self._asked:
            raise CredentialRefused
        self._asked = True
        if allowed_types & CredentialType.SSH_KEY and credential.ssh_private_key:
            user = username_from_url or credential.username or "git"  # the address wins: it was asked with that
            return pygit2.KeypairFromMemory(user, "", credential.ssh_private_key, "")
        if allowed_types & CredentialType.USERPASS_PLAINTEXT and (credential.username or credential.password):
            return pygit2.UserPass(credential.username or username_from_url or "git", credential.password)
        raise CredentialRefused
