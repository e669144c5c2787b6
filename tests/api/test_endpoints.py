"""Webhooks, health, metrics, and the way to the embedded Git host."""

import hashlib
import hmac
from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import orjson
import pytest
from aiohttp import web

from api.types.links import safe_url
from tests.support.control_plane import Running, control_plane
from tests.support.fake_runtime import FakeRuntime
from tests.support.http_host import serving

PUSH = orjson.dumps({"ref": "refs/heads/main", "repository": {"clone_url": "https://git/apps.git"}})


def signed(body: bytes, secret: str = "hook") -> dict[str, str]:
    return {"x-hub-signature-256": "sha256=" + hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()}


async def send(running: Running, body: bytes, headers: dict[str, str]) -> httpx.Response:
    async with running.http() as client:
        return await client.post("/webhooks/git", content=body, headers=headers)


@pytest.mark.parametrize("headers", [signed(PUSH), {"x-gitlab-token": "hook"}])
async def test_a_signed_push_is_a_hint_to_runtimes(
    headers: dict[str, str], running: Running, runtime: FakeRuntime
) -> None:
    assert (await send(running, PUSH, headers)).json() == {"status": "noted"}
    await runtime.until(lambda: bool(runtime.hints))
    assert runtime.hints[0].repo_urls == ("https://git/apps.git",)


@pytest.mark.parametrize(
    "headers", [{}, signed(PUSH, "other"), {"x-hub-signature-256": "sha256="}, {"x-gitlab-token": "hooked"}]
)
async def test_a_push_that_is_not_signed_is_refused(
    headers: dict[str, str], running: Running, runtime: FakeRuntime
) -> None:
    assert (await send(running, PUSH, headers)).status_code == 401
    assert runtime.hints == []


@pytest.mark.parametrize("body", [b"", b"null", b"[" * 5000, b'{"repository": 7}', b"\xff\xfe", b'{"repository": {}}'])
async def test_a_signed_but_odd_payload_is_ignored(body: bytes, running: Running) -> None:
    answer = await send(running, body, signed(body))
    assert (answer.status_code, answer.json()) == (202, {"status": "ignored"})


async def test_an_oversized_payload_is_refused_before_it_is_read(running: Running) -> None:
    body = b"x" * (5 * 1024 * 1024 + 1)
    assert (await send(running, body, signed(body))).status_code == 413


async def test_readiness_names_every_part(running: Running, runtime: FakeRuntime) -> None:
    async with running.http() as client:
        assert (await client.get("/healthz")).json() == {"status": "ok"}
        ready = await client.get("/readyz")
        metrics = (await client.get("/metrics")).text
    assert ready.status_code == 200
    assert ready.json()["parts"]["runtimes"]["connected"] == ["demo"]
    assert set(ready.json()["parts"]) == {"database", "housekeeping", "runtimes"}
    assert "argosy_runtimes_connected 1.0" in metrics


@pytest.fixture
async def git_host() -> AsyncIterator[str]:
    """Answers with what it was sent."""

    async def echo(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse(status=207, headers={"x-path": request.path_qs, "content-type": "x/git"})
        response.headers["x-auth"] = request.headers.get("authorization", "")
        await response.prepare(request)
        async for chunk in request.content.iter_any():
            await response.write(chunk)
        return response

    app = web.Application()
    app.router.add_route("*", "/{path:.*}", echo)
    async with serving(app) as address:
        yield address


async def test_git_requests_are_passed_on_as_they_are(tmp_path: Path, git_host: str) -> None:
    async with (
        control_plane(tmp_path, git_forward_url=git_host) as running,
        running.http() as client,
    ):
        pack = b"0123456789" * 100_000
        answer = await client.post(
            "/git/apps.git/git-receive-pack?a=%2F", content=pack, headers={"authorization": "Basic eDp5"}
        )
        assert (answer.status_code, answer.content) == (207, pack)
        assert answer.headers["x-path"] == "/git/apps.git/git-receive-pack?a=%2F"
        assert answer.headers["x-auth"] == "Basic eDp5"
        assert (await client.get("/git/apps.git/info/refs?service=git-upload-pack")).status_code == 207


async def test_a_git_host_that_is_away_is_a_bad_gateway(tmp_path: Path, git_host: str) -> None:
    async with (
        control_plane(tmp_path, git_forward_url="http://127.0.0.1:1") as running,
        running.http() as client,
    ):
        assert (await client.get("/git/apps.git/info/refs")).status_code == 502


@pytest.mark.parametrize(
    ("url", "safe"),
    [
        ("https://git/x", True),
        ("http://git/x", True),
        ("mailto:a@b", True),
        ("javascript:alert(1)", False),
        ("java\nscript:alert(1)", False),
        (" javascript:alert(1)", False),
        ("data:text/html,x", False),
        ("//evil", False),
        ("https://[", False),
        ("", False),
        (None, False),
    ],
)
def test_only_harmless_links_are_given_out(url: str | None, safe: bool) -> None:
    assert (safe_url(url) is not None) is safe
