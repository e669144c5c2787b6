"""A real Git host on loopback: Gitea, from the folder that GITHOST_ASSETS names (`gitea`, `options`, `templates`).

Accounts have the password `password-of-<name>` and a token with every scope. It ends with the test that started it.
"""

import asyncio
import html
import os
import re
import secrets
import signal
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import ExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.support.cut_line import CutLine
from tests.support.ports import free_port

ADMIN = "root-admin"
START_SECONDS = 180.0
_FIELD = re.compile(r'<input[^>]*type="hidden"[^>]*>')
_ATTRIBUTE = re.compile(r'(name|value)="([^"]*)"')


def assets() -> Path:
    """Skips the test when there is no Gitea."""
    folder = os.environ.get("GITHOST_ASSETS", "")
    if not folder or not (Path(folder) / "gitea").is_file():
        pytest.skip("GITHOST_ASSETS names no folder with gitea")
    return Path(folder).absolute()


class Server:
    """The process that serves. It may be killed and started again: what it took is on disk."""

    def __init__(self, command: Sequence[str], environment: Mapping[str, str], url: str, log: Path) -> None:
        self._command = command
        self._environment = environment
        self._url = url
        self._log = log
        self._process: asyncio.subprocess.Process | None = None

    async def start(self) -> None:
        with self._log.open("ab") as log:
            self._process = await asyncio.create_subprocess_exec(
                *self._command, env=self._environment, stdin=asyncio.subprocess.DEVNULL, stdout=log, stderr=log
            )
        await _until_ready(self._url, self._process)

    async def kill(self) -> None:
        await self._end(signal.SIGKILL)

    async def stop(self) -> None:
        await self._end(signal.SIGTERM)

    async def _end(self, number: signal.Signals) -> None:
        if self._process is None or self._process.returncode is not None:
            return
        self._process.send_signal(number)
        try:
            await asyncio.wait_for(self._process.wait(), 10)
        except TimeoutError:
            self._process.kill()
            await self._process.wait()


@dataclass(frozen=True, slots=True)
class RealGitHost:
    """`tokens` by account name."""

    url: str
    tokens: dict[str, str]
    server: Server
    folder: Path
    line: CutLine | None = None

    def clone_url(self, owner: str, name: str) -> str:
        return f"{self.url}/{owner}/{name}.git"

    async def api(self, person: str, method: str, path: str, body: Any = None) -> Any:
        """The answer's JSON; fails the test on any refusal."""
        headers = {"Authorization": f"token {self.tokens[person]}"}
        async with httpx.AsyncClient(base_url=self.url, trust_env=False, timeout=20) as client:
            answer = await client.request(method, f"/api/v1{path}", json=body, headers=headers)
        assert answer.is_success, f"{method} {path}: {answer.status_code} {answer.text[:300]}"
        return answer.json() if answer.content else None

    async def repository(self, owner: str, name: str, **people: str) -> str:
        """A private repository with one commit; `people` get `read`, `write` or `admin` on it. Its clone URL."""
        await self.api(owner, "POST", "/user/repos", {"name": name, "private": True, "auto_init": True})
        for person, permission in people.items():
            await self.grant(owner, name, person, permission)
        return self.clone_url(owner, name)

    async def grant(self, owner: str, name: str, person: str, permission: str) -> None:
        path = f"/repos/{owner}/{name}/collaborators/{person}"
        await self.api(owner, "PUT", path, {"permission": permission})

    async def token_for(self, person: str, *scopes: str) -> str:
        """A token of the person's that is good for no more than these."""
        async with httpx.AsyncClient(trust_env=False, auth=(person, f"password-of-{person}")) as client:
            body = {"name": " ".join(scopes), "scopes": scopes}
            answer = await client.post(f"{self.url}/api/v1/users/{person}/tokens", json=body)
        answer.raise_for_status()
        return str(answer.json()["sha1"])

    async def revoke(self, owner: str, name: str, person: str) -> None:
        await self.api(owner, "DELETE", f"/repos/{owner}/{name}/collaborators/{person}")

    async def void_token(self, person: str, name: str) -> None:
        """The person's token of this name is good for nothing any more."""
        async with httpx.AsyncClient(trust_env=False, auth=(person, f"password-of-{person}")) as client:
            answer = await client.delete(f"{self.url}/api/v1/users/{person}/tokens/{name}")
        answer.raise_for_status()

    async def consent(self, person: str, location: str) -> httpx.URL:
        """What a browser does here: sign in, agree; where it is sent back to."""
        async with httpx.AsyncClient(base_url=self.url, trust_env=False, headers={"Origin": self.url}) as client:
            page = await client.get("/user/login")
            form = {**_hidden(page.text), "user_name": person, "password": f"password-of-{person}"}
            assert (await client.post("/user/login", data=form)).status_code == 303
            page = await client.get(location)
            if page.status_code == 303:  # the person agreed before
                return httpx.URL(page.headers["location"])
            assert page.status_code == 200, page.text[:300]
            answer = await client.post("/login/oauth/grant", data={**_hidden(page.text), "granted": "true"})
            assert answer.status_code == 303, answer.text[:500]
            return httpx.URL(answer.headers["location"])


def _hidden(page: str) -> dict[str, str]:
    found = {}
    for element in _FIELD.findall(page):
        attributes = dict(_ATTRIBUTE.findall(element))
        if "name" in attributes:
            found[attributes["name"]] = html.unescape(attributes.get("value", ""))
    return found


@asynccontextmanager
async def running_git_host(folder: Path, *people: str, stoppable: bool = False) -> AsyncIterator[RealGitHost]:
    """`stoppable`: everybody reaches it through a line that holds requests where a test wants it."""
    binaries = assets()
    port = free_port()
    with ExitStack() as stack:
        line = CutLine(port) if stoppable else None
        if line is not None:
            stack.enter_context(line.running())
        url = f"http://127.0.0.1:{line.port if line is not None else port}"
        config = _configure(folder, binaries, port, url)
        environment = {
            "PATH": os.environ["PATH"],
            "HOME": str(folder),
            "GITEA_WORK_DIR": str(folder),
            "GITEA_CUSTOM": str(folder / "custom"),
        }
        program = (str(binaries / "gitea"), "--config", str(config))
        await _run(program, environment, "migrate")
        tokens = {}
        for name in (ADMIN, *people):
            tokens[name] = await _make_account(program, environment, name)
        server = Server((*program, "web"), environment, url, folder / "gitea.log")
        try:
            await server.start()
            yield RealGitHost(url, tokens, server, folder, line)
        finally:
            await server.stop()


def _configure(folder: Path, binaries: Path, port: int, url: str) -> Path:
    (folder / "custom").mkdir(parents=True, exist_ok=True)
    sections: dict[str, dict[str, object]] = {
        "server": {
            "STATIC_ROOT_PATH": binaries,
            "HTTP_ADDR": "127.0.0.1",
            "HTTP_PORT": port,
            "ROOT_URL": f"{url}/",
            "DISABLE_SSH": "true",
            "OFFLINE_MODE": "true",
        },
        "database": {"DB_TYPE": "sqlite3", "PATH": folder / "gitea.db"},
        "repository": {"ROOT": folder / "repositories", "DEFAULT_BRANCH": "main"},
        "security": {
            "INSTALL_LOCK": "true",
            "SECRET_KEY": secrets.token_hex(16),
            "INTERNAL_TOKEN": secrets.token_hex(32),
            "PASSWORD_HASH_ALGO": "pbkdf2_v2",
        },
        "service": {"DISABLE_REGISTRATION": "true"},
        "webhook": {"ALLOWED_HOST_LIST": "loopback", "DELIVER_TIMEOUT": 5},
        "cron.update_checker": {"ENABLED": "false"},
        "actions": {"ENABLED": "false"},
        "log": {"LEVEL": "Warn"},
        "oauth2": {"JWT_SECRET": secrets.token_urlsafe(32)},
    }
    top = {"RUN_MODE": "prod", "RUN_USER": os.environ.get("USER") or "root", "WORK_PATH": folder}
    lines = [f"{key} = {value}" for key, value in {**top, "I_AM_BEING_UNSAFE_RUNNING_AS_ROOT": "true"}.items()]
    for name, values in sections.items():
        lines += [f"[{name}]", *(f"{key} = {value}" for key, value in values.items())]
    config = folder / "app.ini"
    config.write_text("\n".join(lines) + "\n")
    return config


async def _make_account(program: Sequence[str], environment: dict[str, str], name: str) -> str:
    account = ("--username", name, "--password", f"password-of-{name}", "--email", f"{name}@example.com")
    admin = ("--admin",) if name == ADMIN else ()
    await _run(program, environment, "admin", "user", "create", *account, "--must-change-password=false", *admin)
    words = ("--username", name, "--token-name", "tests", "--scopes", "all", "--raw")
    told = await _run(program, environment, "admin", "user", "generate-access-token", *words)
    return told.strip().splitlines()[-1]


async def _run(program: Sequence[str], environment: dict[str, str], *words: str) -> str:
    process = await asyncio.create_subprocess_exec(
        *program,
        *words,
        env=environment,
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    output, errors = await process.communicate()
    assert process.returncode == 0, f"gitea {' '.join(words[:3])}: {(errors or output)[-500:].decode()}"
    return output.decode()


async def _until_ready(url: str, process: asyncio.subprocess.Process) -> None:
    async with asyncio.timeout(START_SECONDS), httpx.AsyncClient(trust_env=False) as client:
        while True:
            assert process.returncode is None, "gitea ended while it started; see its log"
            try:
                if (await client.get(f"{url}/api/healthz")).status_code == 200:
                    return
            except httpx.HTTPError:
                pass
            await asyncio.sleep(0.1)
