"""Repositories of a runtime beside a Git host for tests, with a clock that moves when told."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

from gitsync.git.credentials import GitCredential
from gitsync.git.repositories import Repositories
from gitsync.git.settings import GitSettings
from tests.support.git_origin import GitOrigin

QUIET = GitSettings(poll_seconds=3600)  # nobody is asked unless a test hints
# Where a host stays silent for good, that is noticed within the two seconds of a test; elsewhere a machine may be slow.
IMPATIENT = {"silence_timeout_seconds": 0.4, "connect_timeout_seconds": 0.4, "list_timeout_seconds": 1.0}


@dataclass
class Clock:
    now: datetime = datetime(2026, 1, 1, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.now

    def advance(self, seconds: float) -> None:
        self.now += timedelta(seconds=seconds)


@dataclass
class Keyring:
    """A `CredentialSource` with one credential for all, or none."""

    credential: GitCredential | None = None

    async def credential_for(self, url: str) -> GitCredential | None:
        return self.credential


@dataclass
class GitRig:
    origin: GitOrigin
    data_dir: Path
    repositories: Repositories
    clock: Clock
    keyring: Keyring = field(default_factory=Keyring)

    def restarted(self, **settings: float) -> Repositories:
        """Repositories of a new process over the same data; the old ones must be closed."""
        return Repositories(
            self.data_dir, credentials=self.keyring, settings=replace(QUIET, **settings), clock=self.clock
        )

    def mirrors(self) -> list[Path]:
        return sorted((self.data_dir / "git").glob("*.git"))


@asynccontextmanager
async def git_rig(folder: Path, **settings: float) -> AsyncIterator[GitRig]:
    async with GitOrigin.serving(folder / "origin") as origin:
        clock, keyring = Clock(), Keyring()
        repositories = Repositories(
            folder / "data", credentials=keyring, settings=replace(QUIET, **settings), clock=clock
        )
        rig = GitRig(origin, folder / "data", repositories, clock, keyring)
        try:
            yield rig
        finally:
            await rig.repositories.close()
