"""A scripted runtime: speaks `model.link` over a real WebSocket, answers from a table, reports what a test tells it.

    runtime = FakeRuntime("demo", token, address)
    async with runtime.connected():
        await runtime.report(ApplicationChanged(summary))
        runtime.answers[GetTree] = lambda request: TreeAnswer(...)

`python -m tests.support.fake_runtime` serves a control plane with such a runtime and a small live fleet, for people who
work on the console.
"""

import asyncio
import secrets
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed

from model.audit import AuditAnswer, AuditBatch, ReadAudit
from model.link import (
    AccessAnswer,
    AccessVerdict,
    Acknowledge,
    AnswerBody,
    Cancel,
    FromRuntime,
    Heartbeat,
    Hello,
    Hint,
    ProbeAccess,
    Refusal,
    Report,
    ReportItem,
    Request,
    RequestBody,
    Response,
    SnapshotBegin,
    SnapshotEnd,
    StreamEnd,
    StreamItem,
    Welcome,
    decode_to_runtime,
    encode,
)

Answer = Callable[[RequestBody], AnswerBody | Refusal | Awaitable[AnswerBody | Refusal]]
Stream = Callable[[RequestBody], AsyncIterator[AnswerBody]]


@dataclass
class FakeRuntime:
    """`rights` says what Git lets whom do: person -> repository -> (read, write). "*" stands for every repository."""

    name: str
    token: str
    address: str
    rights: dict[str, dict[str, tuple[bool, bool]]] = field(default_factory=dict)
    session: str = field(default_factory=lambda: secrets.token_hex(4))
    seq: int = 0
    acknowledged: int = 0
    resume_after: int | None = None
    git_is_down: bool = False
    answers: dict[type[RequestBody], Answer] = field(default_factory=dict)
    streams: dict[type[RequestBody], Stream] = field(default_factory=dict)
    requests: list[RequestBody] = field(default_factory=list)
    cancelled: list[int] = field(default_factory=list)
    hints: list[Hint] = field(default_factory=list)
    audit: list[AuditBatch] = field(default_factory=list)
    audit_log: Callable[[ReadAudit], Awaitable[tuple[AuditBatch, ...]]] | None = None
    close_code: int | None = None
    probes: int = 0

    def __post_init__(self) -> None:
        self._socket: ClientConnection | None = None
        self._news = asyncio.Condition()
        self._work: dict[int, asyncio.Task[None]] = {}
        self.answers.setdefault(ProbeAccess, self._probe)
        self.answers.setdefault(ReadAudit, self._read_audit)

    @asynccontextmanager
    async def connected(self) -> AsyncIterator["FakeRuntime"]:
        url = self.address.replace("http", "ws", 1) + "/link"
        headers = {"Authorization": f"Bearer {self.token}"}
        async with connect(url, additional_headers=headers, max_size=None, proxy=None) as socket:
            self._socket = socket
            await self.send(Hello(self.name, "0.0.0-fake", self.session, self.acknowledged))
            welcome = decode_to_runtime(await socket.recv(decode=False))
            assert isinstance(welcome, Welcome)
            self.resume_after = welcome.resume_after
            reader = asyncio.create_task(self._read(socket))
            try:
                yield self
            finally:
                for task in [reader, *self._work.values()]:
                    task.cancel()
                await asyncio.gather(reader, *self._work.values(), return_exceptions=True)
                self._socket = None

    async def send(self, message: FromRuntime) -> None:
        assert self._socket is not None
        await self._socket.send(encode(message))

    async def report(self, *items: ReportItem) -> int:
        """Sends one report and waits until it is acknowledged."""
        seq = await self.report_unacknowledged(*items)
        await self.until(lambda: self.acknowledged >= seq)
        return seq

    async def report_unacknowledged(self, *items: ReportItem) -> int:
        self.seq += 1
        await self.send(Report(self.seq, items))
        return self.seq

    async def snapshot(self, *items: ReportItem) -> int:
        return await self.report(SnapshotBegin(), *items, SnapshotEnd())

    async def until(self, condition: Callable[[], bool]) -> None:
        async with self._news:
            await self._news.wait_for(condition)

    async def _read(self, socket: ClientConnection) -> None:
        try:
            while True:
                message = decode_to_runtime(await socket.recv(decode=False))
                match message:
                    case Acknowledge(seq=seq):
                        self.acknowledged = seq
                    case Request():
                        self.requests.append(message.body)
                        self._work[message.id] = asyncio.create_task(self._answer(message))
                    case Cancel(id=number):
                        self.cancelled.append(number)
                        if task := self._work.get(number):
                            task.cancel()
                    case Hint():
                        self.hints.append(message)
                    case Heartbeat():
                        await self.send(Heartbeat())
                await self._tell()
        except ConnectionClosed as closed:
            self.close_code = closed.rcvd.code if closed.rcvd else None
            await self._tell()

    async def _tell(self) -> None:
        async with self._news:
            self._news.notify_all()

    async def _answer(self, request: Request) -> None:
        body = request.body
        if stream := self.streams.get(type(body)):
            async for item in stream(body):
                await self.send(StreamItem(request.id, item))
            await self.send(StreamEnd(request.id))
            return
        answer = self.answers.get(type(body), _unscripted)(body)
        await self.send(Response(request.id, await answer if isinstance(answer, Awaitable) else answer))

    def _probe(self, body: RequestBody) -> AnswerBody:
        assert isinstance(body, ProbeAccess)
        self.probes += 1
        return AccessAnswer(tuple(self._verdict(body.person, url) for url in body.repo_urls))

    async def _read_audit(self, body: RequestBody) -> AnswerBody:
        """What `audit_log` says, if there is one; else each batch of `audit` once, to who knows all those before it."""
        assert isinstance(body, ReadAudit)
        known = set(body.known)
        while True:
            if self.audit_log is not None:
                return AuditAnswer(await self.audit_log(body))
            for number, batch in enumerate(self.audit):
                later = {one.after for one in self.audit[number:] if one.after.repo_url == batch.after.repo_url}
                if not known & later:
                    return AuditAnswer((batch,))
            async with self._news:
                await self._news.wait()

    def _verdict(self, person: str, url: str) -> AccessVerdict:
        if self.git_is_down:
            reason = f"the Git host {urlsplit(url).netloc} cannot be asked: it answered 503"
            return AccessVerdict(url, False, False, reason, unknown=True)
        rights = self.rights.get(person, {})
        read, write = rights.get(url, rights.get("*", (False, False)))
        reason = "" if write else f"{person} may not {'write to' if read else 'read'} {url}"
        return AccessVerdict(url, read, write, reason)


def _unscripted(body: RequestBody) -> Refusal:
    return Refusal("INTERNAL_SERVER_ERROR", f"the test did not script an answer to {type(body).__name__}")


if __name__ == "__main__":
    from tests.support.fake_fleet import main

    main()
