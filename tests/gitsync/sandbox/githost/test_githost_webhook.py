"""Webhooks and injected faults."""

import asyncio
import hashlib
import hmac
import json
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from aiohttp import web

from gitsync.sandbox.githost import Fault, FaultKind, GitHost, Webhook
from gitsync.sandbox.githost.fault import Operation
from tests.support.git_host import Git, clone, commit, seed, url_of
from tests.support.http_host import serving


class Receiver:
    """A program that takes webhooks; answers with the statuses given, then with 204."""

    def __init__(self) -> None:
        self.statuses: list[int] = []
        self.received: asyncio.Queue[tuple[dict[str, str], bytes]] = asyncio.Queue()
        self.url = ""

    async def take(self, request: web.Request) -> web.Response:
        body = await request.read()
        status = self.statuses.pop(0) if self.statuses else 204
        await self.received.put((dict(request.headers), body))
        return web.Response(status=status)


@pytest.fixture
async def receiver() -> AsyncIterator[Receiver]:
    receiver = Receiver()
    app = web.Application()
    app.router.add_post("/hook", receiver.take)
    async with serving(app) as address:
        receiver.url = f"{address}/hook"
        yield receiver


async def test_a_push_is_posted_signed_in_the_words_of_github(
    host: GitHost, git: Git, receiver: Receiver, tmp_path: Path
) -> None:
    before = await seed(host, a=b"a")
    host.add_webhook(Webhook(receiver.url, "key"))
    folder = await clone(host, git, tmp_path / "clone")
    await commit(git, folder, "a", b"changed")
    assert (await git("push", "--quiet", "origin", "main", cwd=folder)).code == 0
    headers, body = await receiver.received.get()
    assert headers["X-GitHub-Event"] == "push"
    assert headers["X-Hub-Signature-256"] == "sha256=" + hmac.new(b"key", body, hashlib.sha256).hexdigest()
    event = json.loads(body)
    assert (event["ref"], event["before"], event["pusher"]) == ("refs/heads/main", before, {"name": "dana"})
    assert event["repository"]["clone_url"] == host.clone_url("apps")


async def test_a_failed_delivery_is_tried_again(host: GitHost, receiver: Receiver) -> None:
    receiver.statuses = [500, 503]
    host.add_webhook(Webhook(receiver.url, repository="apps"))
    await seed(host, a=b"a")
    bodies = [(await receiver.received.get())[1] for _ in range(3)]
    assert len(set(bodies)) == 1
    assert "X-Hub-Signature-256" not in bodies[0].decode()


async def test_an_unreachable_receiver_holds_nobody_up(host: GitHost, receiver: Receiver) -> None:
    host.add_webhook(Webhook("http://127.0.0.1:9/hook"))
    host.add_webhook(Webhook(receiver.url))
    host.add_webhook(Webhook(receiver.url, repository="other"))
    await seed(host, a=b"a")
    await receiver.received.get()
    assert receiver.received.empty()


@pytest.mark.parametrize("status", [401, 403, 404, 500, 503])
async def test_an_injected_refusal_hits_as_often_as_it_says(host: GitHost, git: Git, status: int) -> None:
    await seed(host, a=b"a")
    # git comes without the password first, and takes that 401 for the question it is
    host.faults.inject(
        Fault(FaultKind.REFUSE, operation=Operation.REFS, status=status, times=2 if status == 401 else 1)
    )
    assert (await git("ls-remote", url_of(host, "dana"))).code != 0
    assert (await git("ls-remote", url_of(host, "dana"))).code == 0


async def test_an_injected_hang_holds_until_the_host_stops(host: GitHost, git: Git) -> None:
    await seed(host, a=b"a")
    host.faults.inject(Fault(FaultKind.HANG, repository="apps"))
    asking = asyncio.create_task(git("ls-remote", url_of(host, "dana")))
    done, _ = await asyncio.wait({asking}, timeout=0.2)
    assert not done
    await host.stop()
    assert (await asking).code != 0


async def test_an_injected_delay_only_delays(host: GitHost, git: Git) -> None:
    await seed(host, a=b"a")
    host.faults.inject(Fault(FaultKind.SLOW, seconds=0.05))
    assert (await git("ls-remote", url_of(host, "dana"))).code == 0
    host.faults.clear()


async def test_an_overtaken_push_is_refused_as_one_that_lost_a_race(host: GitHost, git: Git, tmp_path: Path) -> None:
    await seed(host, a=b"a")
    folder = await clone(host, git, tmp_path / "clone")
    await commit(git, folder, "a", b"changed")
    host.faults.inject(Fault(FaultKind.OVERTAKEN, operation=Operation.PUSH, times=1))
    ended = await git("push", "origin", "main", cwd=folder)
    assert ended.code == 1
    assert "[remote rejected]" in ended.text
    assert (await git("pull", "--quiet", "--rebase", cwd=folder)).code == 0
    assert (await git("push", "--quiet", "origin", "main", cwd=folder)).code == 0
