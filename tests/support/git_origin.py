"""A Git host for tests: bare repositories in a folder, served over smart HTTP by the git program, with faults.

    async with GitOrigin.serving(tmp_path) as origin:
        origin.create("apps", {"one/deployment.yaml": "..."})
        url = origin.url("apps")
        origin.commit("apps", {"one/deployment.yaml": "...", "two/gone.yaml": None})
        origin.fault = Fault(status=500)

Every request is counted in `requests` and named in the queue `asked`. Commits are a minute apart, in their order.
"""

import asyncio
import base64
import os
import subprocess
from collections import Counter
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

from aiohttp import web

from tests.support.http_host import serving

LINK = "link:"  # a content that begins so makes a symbolic link to what follows


@dataclass(frozen=True)
class Fault:
    """What goes wrong. `hold`: the answer waits for this event; `half_open`: it never comes, the socket stays open;
    `cut_after`: the connection ends after so many bytes of the answer. `only`: part of the path it applies to."""

    status: int = 0
    hold: asyncio.Event | None = None
    half_open: bool = False
    cut_after: int | None = None
    only: str = ""


@dataclass
class GitOrigin:
    root: Path
    base_url: str = ""
    fault: Fault | None = None
    users: dict[str, str] = field(default_factory=dict)
    requests: Counter[str] = field(default_factory=Counter)
    asked: "asyncio.Queue[str]" = field(default_factory=asyncio.Queue)
    _commits: int = 0
    _released: asyncio.Event = field(default_factory=asyncio.Event)

    @classmethod
    @asynccontextmanager
    async def serving(cls, root: Path) -> AsyncIterator["GitOrigin"]:
        """The host on a free port of loopback, until the block ends."""
        origin = cls(root)
        root.mkdir(parents=True, exist_ok=True)
        application = web.Application(client_max_size=1 << 30)
        application.router.add_route("*", "/{name}.git/{rest:.*}", origin._serve)
        async with serving(application) as origin.base_url:
            try:
                yield origin
            finally:
                origin._released.set()

    def url(self, name: str, *, user: str = "") -> str:
        prefix = self.base_url.replace("://", f"://{user}@") if user else self.base_url
        return f"{prefix}/{name}.git"

    def path(self, name: str) -> Path:
        return self.root / f"{name}.git"

    def create(self, name: str, files: Mapping[str, str | bytes | None] | None = None, *, branch: str = "main") -> str:
        """A new repository; the id of its first commit if it has files."""
        self.git(None, "init", "--quiet", "--bare", f"--initial-branch={branch}", str(self.path(name)))
        self.git(name, "config", "http.receivepack", "true")
        return self.commit(name, files, branch=branch) if files is not None else ""

    def commit(
        self,
        name: str,
        files: Mapping[str, str | bytes | None],
        *,
        branch: str = "main",
        parent: str | None = None,
        message: str = "",
        also: str | None = None,
    ) -> str:
        """Changes files on a branch (None removes one); `parent` starts elsewhere; `also` makes it a merge."""
        before = parent or self.head(name, branch)
        self._commits += 1
        time = 1_700_000_000 + 60 * self._commits
        merge = f"merge {also}\n" if also else ""
        text = message or f"change {self._commits}"
        stream = bytearray(
            f"commit refs/heads/{branch}\nauthor Ada <ada@example.org> {time} +0200\n"
            f"committer Ada <ada@example.org> {time} +0200\ndata {len(text.encode())}\n{text}\n".encode()
        )
        if before:
            stream += f"from {before}\n{merge}".encode()
        for path, content in files.items():
            if content is None:
                stream += f"D {path}\n".encode()
                continue
            raw = content.encode() if isinstance(content, str) else content
            mode = "100644"
            if raw.startswith(LINK.encode()):
                mode, raw = "120000", raw[len(LINK) :]
            stream += f"M {mode} inline {path}\ndata {len(raw)}\n".encode() + raw + b"\n"
        self.git(name, "fast-import", "--quiet", "--force", stdin=bytes(stream))
        return self.head(name, branch)

    def head(self, name: str, branch: str = "main") -> str:
        return self.git(name, "for-each-ref", "--format=%(objectname)", f"refs/heads/{branch}").strip()

    def git(self, name: str | None, *arguments: str, stdin: bytes = b"") -> str:
        """The output of the git program, run in a repository or outside of any."""
        where = [f"--git-dir={self.path(name)}"] if name else []
        done = subprocess.run(
            ["git", *where, *arguments], input=stdin, capture_output=True, check=True, env=_environment()
        )
        return done.stdout.decode()

    async def _serve(self, request: web.Request) -> web.StreamResponse:
        rest = request.match_info["rest"]
        service = request.query.get("service", "") or rest
        self.requests[service] += 1
        self.asked.put_nowait(service)
        fault = self.fault if self.fault and self.fault.only in f"{rest}?{request.query_string}" else None
        if fault is not None:
            if fault.hold is not None:
                await fault.hold.wait()
            if fault.half_open:
                await self._released.wait()
            if fault.status:
                return web.Response(status=fault.status, text="fault")
        if self.users and not self._known(request):
            return web.Response(status=401, headers={"WWW-Authenticate": 'Basic realm="git"'})
        path = self.path(request.match_info["name"])
        if not path.is_dir():
            return web.Response(status=404)
        return await self._answer(request, path, rest, fault)

    def _known(self, request: web.Request) -> bool:
        scheme, _, encoded = request.headers.get("Authorization", "").partition(" ")
        if scheme.lower() != "basic":
            return False
        user, _, password = base64.b64decode(encoded).decode().partition(":")
        return user in self.users and self.users[user] == password

    async def _answer(self, request: web.Request, path: Path, rest: str, fault: Fault | None) -> web.StreamResponse:
        if rest == "info/refs":
            service = request.query.get("service", "")
            if service not in ("git-upload-pack", "git-receive-pack"):
                return web.Response(status=403)
            advertised = await _git([service[4:], "--stateless-rpc", "--advertise-refs", str(path)], b"")
            line = f"# service={service}\n"
            body = f"{len(line) + 4:04x}{line}0000".encode() + advertised
            kind = f"application/x-{service}-advertisement"
        elif rest in ("git-upload-pack", "git-receive-pack"):
            body = await _git([rest[4:], "--stateless-rpc", str(path)], await _body(request))
            kind = f"application/x-{rest}-result"
        else:
            return web.Response(status=404)
        if fault is not None and fault.cut_after is not None:
            response = web.StreamResponse(headers={"Content-Type": kind, "Content-Length": str(len(body))})
            await response.prepare(request)
            await response.write(body[: fault.cut_after])
            assert request.transport is not None
            request.transport.abort()
            return response
        return web.Response(body=body, headers={"Content-Type": kind, "Cache-Control": "no-cache"})


async def _body(request: web.Request) -> bytes:
    return await request.read()  # aiohttp has undone gzip already


async def _git(arguments: list[str], stdin: bytes) -> bytes:
    process = await asyncio.create_subprocess_exec(
        "git",
        *arguments,
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.DEVNULL,
        env=_environment(),
    )
    output, _ = await process.communicate(stdin)
    return output


def _environment() -> dict[str, str]:
    return {
        "PATH": os.environ["PATH"],
        "HOME": "/nonexistent",
        "GIT_CONFIG_NOSYSTEM": "1",
        "GIT_TERMINAL_PROMPT": "0",
        "GIT_AUTHOR_NAME": "Ada",
        "GIT_AUTHOR_EMAIL": "ada@example.org",
        "GIT_COMMITTER_NAME": "Ada",
        "GIT_COMMITTER_EMAIL": "ada@example.org",
    }
