"""A running Git host with one repository, and the real git program as its client."""

import asyncio
import os
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import pytest
from aiohttp import encode_basic_auth

from gitsync.sandbox.githost import Access, Author, GitHost, GitHostLimits
from gitsync.sandbox.githost.webhook import WebhookSender

AUTHOR = Author("Dana", "dana@example.com")
NOW = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Ended:
    """How a git command ended and everything it said."""

    code: int
    text: str


Git = Callable[..., Awaitable[Ended]]


@pytest.fixture
def git(tmp_path: Path) -> Git:
    """Runs git as a person would: `await git("clone", url, cwd=...)`."""
    environment = {
        "PATH": os.environ["PATH"],
        "HOME": str(tmp_path),
        "GIT_CONFIG_NOSYSTEM": "1",
        "GIT_TERMINAL_PROMPT": "0",
        "GIT_AUTHOR_NAME": "Dana",
        "GIT_AUTHOR_EMAIL": "dana@example.com",
        "GIT_COMMITTER_NAME": "Dana",
        "GIT_COMMITTER_EMAIL": "dana@example.com",
    }

    async def run(*arguments: str, cwd: Path = tmp_path) -> Ended:
        process = await asyncio.create_subprocess_exec(
            "git",
            *arguments,
            cwd=cwd,
            env=environment,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
        )
        output, _ = await process.communicate()
        assert process.returncode is not None
        return Ended(process.returncode, output.decode())

    return run


@pytest.fixture
async def host(tmp_path: Path) -> AsyncIterator[GitHost]:
    """Repository `apps`: dana writes, victor reads, eve is nobody to it."""
    host = GitHost(
        tmp_path / "host",
        clock=lambda: NOW,
        limits=GitHostLimits(body_bytes=4_000_000),
        webhooks=WebhookSender(backoff_seconds=(0.01,)),
    )
    await host.create_repository("apps")
    for user in ("dana", "victor", "eve"):
        host.add_user(user, f"{user}-password")
    host.set_access("apps", "dana", Access.WRITE)
    host.set_access("apps", "victor", Access.READ)
    await host.start()
    yield host
    await host.stop()


def url_of(host: GitHost, user: str, *, password: str | None = None, repository: str = "apps") -> str:
    """Clone URL with a person's password in it."""
    return host.clone_url(repository).replace("://", f"://{user}:{password or f'{user}-password'}@")


async def seed(host: GitHost, **files: bytes) -> str:
    """One commit on main of `apps`; `a__b` stands for the path a/b."""
    named = {path.replace("__", "/"): content for path, content in files.items()}
    return await host.commit_files("apps", "main", named, message="Seed", author=AUTHOR)


async def clone(host: GitHost, git: Git, folder: Path, user: str = "dana") -> Path:
    ended = await git("clone", "--quiet", url_of(host, user), str(folder))
    assert ended.code == 0, ended.text
    return folder


async def commit(git: Git, folder: Path, name: str, content: bytes) -> None:
    (folder / name).write_bytes(content)
    for arguments in (("add", "."), ("commit", "--quiet", "-m", f"Change {name}")):
        ended = await git(*arguments, cwd=folder)
        assert ended.code == 0, ended.text


def basic(user: str, password: str | None = None) -> dict[str, str]:
    """Headers with a person's password."""
    return {"Authorization": encode_basic_auth(user, password or f"{user}-password")}
