"""The Git host as one object: repositories, people, webhooks, and the web application that serves them."""

import logging
import shlex
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from pathlib import Path

from aiohttp import web

from gitsync.sandbox.githost.account import Access, Accounts
from gitsync.sandbox.githost.fault import Faults
from gitsync.sandbox.githost.limits import GitHostLimits
from gitsync.sandbox.githost.program import GitProgram
from gitsync.sandbox.githost.push import Push
from gitsync.sandbox.githost.repository import Repositories
from gitsync.sandbox.githost.seed import Author, SeededCommit
from gitsync.sandbox.githost.smart_http import SmartHttp
from gitsync.sandbox.githost.webhook import Webhook, WebhookSender

_log = logging.getLogger(__name__)
_RIVAL = Author("A rival", "rival@example.com")

PushListener = Callable[[Push], None]


class GitHost:
    """Repositories outlive a restart (they are folders below `data_dir`); users, rights and webhooks are told anew
    each time.

    `public_url` is what people clone from, up to and without the repository (`http://127.0.0.1:8000/git`); the host's
    own address when it is not given.
    """

    def __init__(
        self,
        data_dir: Path,
        *,
        clock: Callable[[], datetime],
        public_url: str = "",
        limits: GitHostLimits | None = None,
        webhooks: WebhookSender | None = None,
    ) -> None:
        data_dir.mkdir(parents=True, exist_ok=True)
        program = GitProgram(data_dir)
        self._public_url = public_url.rstrip("/")
        self._webhooks = webhooks or WebhookSender()
        self._listeners: list[PushListener] = []
        self._protected: set[str] = set()
        self._rules = data_dir / "rules"
        self._closed: dict[str, str] = {}
        self._runner: web.AppRunner | None = None
        self.repositories = Repositories(data_dir, program=program, clock=clock)
        self.accounts = Accounts()
        self.faults = Faults()
        self._http = SmartHttp(
            program=program,
            repositories=self.repositories,
            accounts=self.accounts,
            faults=self.faults,
            limits=limits or GitHostLimits(),
            pushed=self._pushed,
            overtake=self._overtake,
            push_rules=self._push_rules,
        )

    async def start(self, host: str = "127.0.0.1", port: int = 0) -> str:
        """Serves until `stop`. Port 0 takes a free one. Returns the address of the repositories, as `public_url`."""
        app = web.Application()
        app.add_routes(self._http.routes())
        runner = web.AppRunner(app, handler_cancellation=True, access_log=None, shutdown_timeout=1.0)
        await runner.setup()
        self._runner = runner
        await web.TCPSite(runner, host, port).start()
        address = f"http://{host}:{runner.addresses[0][1]}/git"
        self._public_url = self._public_url or address
        return address

    async def stop(self) -> None:
        self._http.stopping.set()
        if self._runner is not None:
            await self._runner.cleanup()
            self._runner = None
        await self._webhooks.close()

    def clone_url(self, repository: str) -> str:
        return f"{self._public_url}/{repository}.git"

    def commit_url(self, repository: str, commit: str) -> str:
        return f"{self._public_url}/{repository}/commit/{commit}"

    def add_user(self, user: str, password: str) -> None:
        """Adds the user, or one password or token more."""
        self.accounts.add_user(user, password)

    def set_access(self, repository: str, user: str, access: Access) -> None:
        self.accounts.set_access(repository, user, access)

    def protect(self, repository: str) -> None:
        """From now on a push that is not a fast-forward is refused."""
        self._protected.add(repository)

    def protect_branch(self, repository: str, branch: str | None) -> None:
        """From now on nobody pushes to this branch, as where every change needs a pull request; None: everybody may
        again."""
        if branch is None:
            self._closed.pop(repository, None)
            return
        rule = self._rules / repository / "update"
        rule.parent.mkdir(parents=True, exist_ok=True)
        closed = shlex.quote(f"refs/heads/{branch}")
        rule.write_text(f'#!/bin/sh\ntest "$1" != {closed} || {{ echo {closed} is protected >&2; exit 1; }}\n')
        rule.chmod(0o755)
        self._closed[repository] = str(rule.parent)

    def _push_rules(self, repository: str) -> dict[str, str]:
        rules = {"receive.denyNonFastForwards": "true" if repository in self._protected else "false"}
        return {**rules, "core.hooksPath": self._closed[repository]} if repository in self._closed else rules

    def add_webhook(self, webhook: Webhook) -> None:
        self._webhooks.add(webhook)

    def listen(self, listener: PushListener) -> Callable[[], None]:
        """Hears of every push and seeding that moved refs, right after it. Returns how to stop listening."""
        self._listeners.append(listener)
        return lambda: self._listeners.remove(listener)

    async def create_repository(self, name: str, *, public: bool = False) -> bool:
        """Makes the repository; False when it was there already."""
        created = await self.repositories.create(name)
        self.accounts.set_public(name, public=public)
        return created

    async def commit_files(
        self, repository: str, branch: str, files: Mapping[str, bytes | None], *, message: str, author: Author
    ) -> str:
        """Commits on top of the branch, as a push of `author` would; a file that is None is removed. Returns the
        commit.
        """
        move = await self.repositories.commit(repository, branch, files=files, message=message, author=author)
        self._pushed(Push(repository, author.name, (move,)))
        return move.after

    async def commit_all(self, repository: str, branch: str, commits: Sequence[SeededCommit]) -> None:
        """Commits that were made earlier, oldest first, as one push of the author of the last."""
        move = await self.repositories.commit_all(repository, branch, commits)
        self._pushed(Push(repository, commits[-1].author.name, (move,)))

    async def _overtake(self, repository: str) -> None:
        await self.commit_files(repository, "main", {}, message="A rival was faster", author=_RIVAL)

    def _pushed(self, push: Push) -> None:
        _log.info("%s moved %s of %s", push.pusher, ", ".join(move.ref for move in push.moves), push.repository)
        for listener in tuple(self._listeners):
            listener(push)
        self._webhooks.pushed(push, clone_url=self.clone_url(push.repository))
