"""The routes: Git's smart HTTP protocol and a page for a commit.

Who is asked comes first, then what is asked, and only then the file system. A person without read right learns
nothing: an unknown repository, a hidden one and a name that is none look the same.
"""

import asyncio
import contextlib
import re
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping

from aiohttp import web

from gitsync.sandbox.githost.account import Access, Accounts
from gitsync.sandbox.githost.errors import InvalidName, UnknownRepository
from gitsync.sandbox.githost.exchange import exchange
from gitsync.sandbox.githost.fault import Fault, FaultKind, Faults, Operation
from gitsync.sandbox.githost.limits import GitHostLimits
from gitsync.sandbox.githost.program import GitProgram
from gitsync.sandbox.githost.push import Push, PushRecord
from gitsync.sandbox.githost.repository import Repositories, repository_name

UPLOAD_PACK = "git-upload-pack"
RECEIVE_PACK = "git-receive-pack"
_NEEDED = {UPLOAD_PACK: Access.READ, RECEIVE_PACK: Access.WRITE}
_PROTOCOL = re.compile(r"[a-z0-9=:]{1,64}")
_COMMIT = re.compile(r"[0-9a-f]{7,64}")


class SmartHttp:
    """Handlers of one Git host. `pushed` hears of every push that moved refs; `overtake` lets a rival commit land.
    `push_rules` is what git is told of pushes to a repository."""

    def __init__(
        self,
        *,
        program: GitProgram,
        repositories: Repositories,
        accounts: Accounts,
        faults: Faults,
        limits: GitHostLimits,
        pushed: Callable[[Push], None],
        overtake: Callable[[str], Awaitable[None]],
        push_rules: Callable[[str], Mapping[str, str]],
    ) -> None:
        self._program = program
        self._repositories = repositories
        self._accounts = accounts
        self._faults = faults
        self._limits = limits
        self._pushed = pushed
        self._overtake = overtake
        self._push_rules = push_rules
        self._places = asyncio.Semaphore(limits.processes)
        self.stopping = asyncio.Event()

    def routes(self) -> list[web.RouteDef]:
        return [
            web.get("/git/{repository}/info/refs", self._refs),
            web.post("/git/{repository}/git-upload-pack", self._fetch),
            web.post("/git/{repository}/git-receive-pack", self._push),
            web.get("/git/{repository}/commit/{commit}", self._commit_page),
        ]

    async def _refs(self, request: web.Request) -> web.StreamResponse:
        """What refs there are. Asking for receive-pack is how a client finds out whether it may push: the answer is
        true.
        """
        service = request.query.get("service", "")
        if (refused := await self._fault(request, Operation.REFS)) is not None:
            return refused
        if service not in _NEEDED:
            return web.Response(status=403, text="only the smart protocol is served\n")
        name, _ = self._admit(request, _NEEDED[service])
        protocol = _protocol(request) if service == UPLOAD_PACK else ""
        # Version 2 answers with capabilities at once; older ones name the service first.
        prefix = b"" if "version=2" in protocol else b"%04x# service=%b\n0000" % (15 + len(service), service.encode())
        async with self._git(
            service.removeprefix("git-"), "--stateless-rpc", "--advertise-refs", name=name, protocol=protocol
        ) as process:
            return await exchange(
                request,
                process,
                content_type=f"application/x-{service}-advertisement",
                prefix=prefix,
                body_bytes=0,
            )

    async def _fetch(self, request: web.Request) -> web.StreamResponse:
        if (refused := await self._fault(request, Operation.FETCH)) is not None:
            return refused
        name, _ = self._admit(request, Access.READ)
        _expect_content_type(request, UPLOAD_PACK)
        async with self._git("upload-pack", "--stateless-rpc", name=name, protocol=_protocol(request)) as process:
            return await exchange(
                request,
                process,
                content_type=f"application/x-{UPLOAD_PACK}-result",
                body_bytes=self._limits.body_bytes,
            )

    async def _push(self, request: web.Request) -> web.StreamResponse:
        if (refused := await self._fault(request, Operation.PUSH)) is not None:
            return refused
        name, user = self._admit(request, Access.WRITE)
        _expect_content_type(request, RECEIVE_PACK)
        record = PushRecord()
        try:
            async with self._git("receive-pack", "--stateless-rpc", name=name) as process:
                return await exchange(
                    request,
                    process,
                    content_type=f"application/x-{RECEIVE_PACK}-result",
                    body_bytes=self._limits.body_bytes,
                    request_passed=record.request_passed,
                    response_passed=record.response_passed,
                )
        finally:
            # Also when the client went away before it had heard: the refs have moved all the same.
            if moves := record.moves():
                self._pushed(Push(name, user or "", moves))

    async def _commit_page(self, request: web.Request) -> web.StreamResponse:
        """Where a link to a commit leads: plain text, so that nothing in it can act in a browser."""
        if (refused := await self._fault(request, Operation.PAGE)) is not None:
            return refused
        name, _ = self._admit(request, Access.READ)
        commit = request.match_info["commit"]
        if not _COMMIT.fullmatch(commit):
            raise web.HTTPNotFound(text="not found\n")
        try:
            text = await self._repositories.show(name, commit, limit_bytes=self._limits.page_bytes)
        except UnknownRepository as error:
            raise web.HTTPNotFound(text="not found\n") from error
        headers = {"X-Content-Type-Options": "nosniff", "Content-Security-Policy": "default-src 'none'; sandbox"}
        body = text.decode(errors="replace")
        return web.Response(text=body, content_type="text/plain", charset="utf-8", headers=headers)

    def _admit(self, request: web.Request, needed: Access) -> tuple[str, str | None]:
        """Name of the repository and of the user, who has the right that is needed; else the refusal is raised."""
        user = self._accounts.identify(request.headers.get("Authorization"))
        try:
            name = repository_name(request.match_info["repository"])
            access = self._accounts.access(name, user)
            exists = name in self._repositories
        except InvalidName:
            name, access, exists = "", Access.NONE, False
        if exists and access >= needed and ("Authorization" not in request.headers or user is not None):
            return name, user
        if user is None:
            raise web.HTTPUnauthorized(headers={"WWW-Authenticate": 'Basic realm="git"'}, text="sign in to Git\n")
        if not exists or access is Access.NONE:
            raise web.HTTPNotFound(text="not found\n")
        raise web.HTTPForbidden(text=f"{user} may not push to {name}\n")

    async def _fault(self, request: web.Request, operation: Operation) -> web.Response | None:
        """Does what an injected fault says. An answer, or None to go on."""
        try:
            name = repository_name(request.match_info["repository"])
        except InvalidName:
            return None
        fault = self._faults.take(name, operation)
        return None if fault is None else await self._suffer(fault, name)

    async def _suffer(self, fault: Fault, name: str) -> web.Response | None:
        match fault.kind:
            case FaultKind.REFUSE:
                headers = {"WWW-Authenticate": 'Basic realm="git"'} if fault.status == 401 else {}
                return web.Response(status=fault.status, text="an injected fault\n", headers=headers)
            case FaultKind.SLOW:
                with contextlib.suppress(TimeoutError):
                    await asyncio.wait_for(self.stopping.wait(), fault.seconds)
            case FaultKind.HANG:
                await self.stopping.wait()
                return web.Response(status=503)
            case FaultKind.OVERTAKEN:
                await self._overtake(name)
        return None

    @contextlib.asynccontextmanager
    async def _git(self, *arguments: str, name: str, protocol: str = "") -> AsyncIterator[asyncio.subprocess.Process]:
        """A git process on the repository, one of a bounded number and bounded in time."""
        path = str(self._repositories.path(name))
        try:
            async with asyncio.timeout(self._limits.queue_seconds):
                await self._places.acquire()
        except TimeoutError as error:
            raise web.HTTPServiceUnavailable(headers={"Retry-After": "1"}, text="too busy\n") from error
        configuration = {
            "receive.maxInputSize": str(self._limits.body_bytes),
            **self._push_rules(name),
        }
        try:
            async with (
                asyncio.timeout(self._limits.exchange_seconds),
                self._program.started(*arguments, path, configuration=configuration, protocol=protocol) as process,
            ):
                yield process
        except TimeoutError as error:
            raise web.HTTPGatewayTimeout(text="git took too long\n") from error
        finally:
            self._places.release()


def _protocol(request: web.Request) -> str:
    protocol = request.headers.get("Git-Protocol", "")
    return protocol if _PROTOCOL.fullmatch(protocol) else ""


def _expect_content_type(request: web.Request, service: str) -> None:
    """Keeps browsers out: a foreign page's form cannot send this type."""
    if request.content_type != f"application/x-{service}-request":
        raise web.HTTPUnsupportedMediaType(text=f"expected application/x-{service}-request\n")
