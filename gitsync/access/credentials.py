"""The credentials that the runtime keeps: which one goes with which URL. In memory, fed by a watch on Secrets."""

import asyncio
from collections.abc import Iterable
from urllib.parse import urlsplit

from gitsync.access.provider import ProviderKind
from gitsync.access.secret import Credential, PersonSecret, RepositorySecret, comparable_url, host_of, is_prefix
from gitsync.git.address import ssh_parts


class CredentialStore:
    """Repository credentials and people's credentials by the name of their Secret."""

    def __init__(self) -> None:
        self._repositories: dict[str, RepositorySecret] = {}
        self._people: dict[str, PersonSecret] = {}
        self._read = asyncio.Event()
        self._read.set()

    def expect_list(self) -> None:
        """Secrets are about to be listed: until they are, a credential that is not here says nothing."""
        self._read.clear()

    def list_done(self) -> None:
        self._read.set()

    async def wait_for_list(self, seconds: float) -> bool:
        """False: the Secrets are not known by then."""
        try:
            async with asyncio.timeout(seconds):
                await self._read.wait()
        except TimeoutError:
            return False
        return True

    def put_repository(self, secret_name: str, secret: RepositorySecret) -> None:
        self._repositories[secret_name] = secret

    def put_person(self, secret_name: str, secret: PersonSecret) -> None:
        self._people[secret_name] = secret

    def remove(self, secret_name: str) -> None:
        self._repositories.pop(secret_name, None)
        self._people.pop(secret_name, None)

    def repository_urls(self) -> tuple[str, ...]:
        return tuple(one.url for one in self._repositories.values() if not one.template and one.type == "git")

    def provider_of(self, host: str) -> ProviderKind | None:
        """The kind of a host, where a repository Secret names it."""
        for one in self._repositories.values():
            if one.provider in ProviderKind.__members__ and host_of(one.url) == host:
                return ProviderKind(one.provider)
        return None

    def for_repository(self, url: str) -> RepositorySecret | None:
        """The Secret of exactly this repository; without a credential of its own, that of the longest template."""
        wanted = comparable_url(url)
        exact = [one for one in self._repositories.values() if not one.template and comparable_url(one.url) == wanted]
        if exact and (exact[0].credential or exact[0].ssh_private_key):
            return exact[0]
        templates = [one for one in self._repositories.values() if one.template and is_prefix(one.url, url)]
        return max(templates, key=lambda one: len(one.url), default=exact[0] if exact else None)

    def for_person(self, person: str, url: str) -> Credential | None:
        """The person's credential for this URL.

        One without a prefix is sent only to hosts that the runtime's own repository Secrets name: otherwise an
        Application with a foreign repository URL could collect the passwords of everybody who looks at it.
        """
        own = [secret for secret in self._people.values() if secret.person == person]
        named = [secret for secret in own if secret.url and is_prefix(secret.url, url)]
        if named:
            return max(named, key=lambda secret: len(secret.url)).credential
        if host_of(url) in self._trusted_hosts(self._repositories.values()):
            return next((secret.credential for secret in own if not secret.url), None)
        return None

    def people(self) -> tuple[PersonSecret, ...]:
        return tuple(self._people.values())

    def web_url(self, url: str) -> str:
        """Where a repository that is read over SSH is asked for and pushed to by people: their tokens are for HTTP.

        The host's own address is taken from what Secrets name on it (it may have a port), else it is HTTPS.
        """
        found = ssh_parts(url)
        if found is None:
            return url
        host, path = found
        named = [secret.url for secret in self._people.values()]
        named += [secret.url for secret in self._repositories.values()]
        known = (host_of(one) for one in named if one.startswith(("http://", "https://")))
        base = next((one for one in known if urlsplit(one).hostname == host), f"https://{host}")
        return f"{base}/{path}"

    def of_person(self, person: str) -> dict[str, PersonSecret]:
        """What is kept for a person, by the name of its Secret."""
        return {name: secret for name, secret in self._people.items() if secret.person == person}

    def trusts(self, url: str) -> bool:
        """Whether the runtime's own Secrets name the host of this URL."""
        return bool(host_of(url)) and host_of(url) in self._trusted_hosts(self._repositories.values())

    @staticmethod
    def _trusted_hosts(secrets: Iterable[RepositorySecret]) -> set[str]:
        """Of those that are read over SSH the address that people's tokens are for."""
        return {host_of(f"https://{ssh[0]}" if (ssh := ssh_parts(one.url)) else one.url) for one in secrets}
