"""Asks Git hosts about signatures of commits by keys that nobody told the runtime, with the runtime's own credential.

What a host says is remembered for some minutes: somebody may tell it a key at any time.
"""

import asyncio
from collections.abc import Callable, Iterable

from gitsync.access.commit_signature import HostWord
from gitsync.access.credentials import CredentialStore
from gitsync.access.provider_client import ProviderClient, ProviderSilent
from gitsync.access.secret import Credential, comparable_url
from gitsync.git.credentials import CredentialSource

_REMEMBERED_SECONDS = 600.0
_MAX_REMEMBERED = 20_000
_AT_ONCE = 8
_PATIENCE_SECONDS = 8.0


class HostSignatures:
    """One per runtime. `clock` counts seconds monotonically."""

    def __init__(
        self, providers: ProviderClient, own: CredentialSource, people: CredentialStore, clock: Callable[[], float]
    ) -> None:
        self._providers = providers
        self._own = own
        self._people = people
        self._clock = clock
        self._known: dict[tuple[str, str], tuple[float, HostWord | None]] = {}

    async def of(self, url: str, commits: Iterable[str]) -> dict[str, HostWord]:
        """What the host of a repository says of these commits, as far as it says something in time."""
        web = self._people.web_url(url)
        credential = await self._own.credential_for(web)
        if credential is None or not credential.password:
            return {}
        asked, turns = Credential(credential.username, credential.password), asyncio.Semaphore(_AT_ONCE)

        async def ask(commit: str) -> tuple[str, HostWord | None]:
            async with turns:
                return commit, await self._of_one(web, commit, asked)

        tasks = [asyncio.create_task(ask(one), name=f"signature of {one[:8]}") for one in commits]
        if not tasks:
            return {}
        done, late = await asyncio.wait(tasks, timeout=_PATIENCE_SECONDS)
        for task in late:
            task.cancel()
        await asyncio.gather(*late, return_exceptions=True)
        return {commit: word for commit, word in (task.result() for task in done) if word is not None}

    async def _of_one(self, url: str, commit: str, credential: Credential) -> HostWord | None:
        key, now = (comparable_url(url), commit), self._clock()
        at, word = self._known.get(key, (now - _REMEMBERED_SECONDS, None))
        if now - at < _REMEMBERED_SECONDS:
            return word
        try:
            word = await self._providers.commit_signature(url, commit, credential)
        except ProviderSilent:
            return None
        if len(self._known) >= _MAX_REMEMBERED:
            self._known.clear()
        self._known[key] = (now, word)
        return word
