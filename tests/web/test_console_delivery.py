"""The console answers its own origin only, with a strict policy, cached as long as it can be."""

from pathlib import Path

import httpx
import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.routing import Route

from web import build
from web.delivery import Delivery, content_security_policy, same_origin


@pytest.mark.parametrize(
    ("origin", "host", "allowed"),
    [
        (None, "argosy.example", True),
        ("https://argosy.example", "argosy.example", True),
        ("http://127.0.0.1:8000", "127.0.0.1:8000", True),
        ("https://front.example", "argosy.example", True),
        ("https://evil.example", "argosy.example", False),
        ("https://argosy.example.evil.example", "argosy.example", False),
        ("http://127.0.0.1:9000", "127.0.0.1:8000", False),
        ("null", "argosy.example", False),
    ],
)
def test_only_our_own_origin_may_use_the_console(origin: str | None, host: str, allowed: bool) -> None:
    assert same_origin(origin, host, {"https://front.example"}) is allowed


async def answer(path: str, headers: dict[str, str] | None = None) -> tuple[httpx.Response, list[tuple[str, int]]]:
    async def page(request: Request) -> PlainTextResponse:
        return PlainTextResponse(request.url.path)

    seen: list[tuple[str, int]] = []
    app = Delivery(
        Starlette(routes=[Route("/{path:path}", page)]),
        script_hashes=["'sha256-abc='"],
        public_origins=[],
        pages=["/applications"],
        on_address=lambda host, port: seen.append((host, port)),
    )
    transport = httpx.ASGITransport(app=app)
    async with httpx.AsyncClient(transport=transport, base_url="http://argosy.example:8000") as client:
        return await client.get(path, headers=headers), seen


async def test_built_assets_are_kept_for_ever_and_pages_are_asked_for_again() -> None:
    asset, _ = await answer("/assets/entry-abc.js")
    page, _ = await answer("/login")
    assert asset.headers["cache-control"] == "public, max-age=31536000, immutable"
    assert page.headers["cache-control"] == "no-cache"


async def test_a_foreign_origin_is_refused() -> None:
    response, _ = await answer("/login", {"Origin": "https://evil.example"})
    assert response.status_code == 403


async def test_the_root_is_a_page_of_its_own() -> None:
    response, _ = await answer("/")
    assert (response.status_code, response.text) == (200, "/")


@pytest.mark.parametrize("path", ["/applications", "/applications/"])
async def test_a_page_is_its_file_without_a_redirect(path: str) -> None:
    response, _ = await answer(path)
    assert (response.status_code, response.text) == (200, "/applications.html")


async def test_our_own_address_comes_from_the_socket_and_not_from_a_header() -> None:
    _, seen = await answer("/login", {"Host": "evil.example"})
    assert seen == [("argosy.example", 8000)]


def test_policy_allows_our_own_scripts_and_the_hashed_ones_only() -> None:
    policy = content_security_policy(["'sha256-abc='"])
    assert "script-src 'self' 'sha256-abc='" in policy
    assert "unsafe-eval" not in policy
    assert "unsafe-inline" not in policy.replace("style-src 'self' 'unsafe-inline'", "")


def test_the_baked_in_address_becomes_that_of_the_page() -> None:
    chunk = 'var e={PING:`http://localhost:8000/ui-api/ping`,EVENT:"ws://localhost:8000/ui-api/_event"};'
    assert build.to_location(chunk) == (
        'var e={PING:(location.origin+"/ui-api/ping"),EVENT:(location.origin.replace("http", "ws")+"/ui-api/_event")};'
    )


def test_inline_scripts_are_hashed_and_linked_ones_are_not(tmp_path: Path) -> None:
    (tmp_path / "page.html").write_text('<script>alert(1)</script><script src="/a.js"></script>')
    assert build.inline_script_hashes(tmp_path) == {"'sha256-bhHHL3z2vDgxUt0W3dWQOrprscmda2Y5pLsLg4GF+pI='"}


def test_lock_names_no_registry() -> None:
    lock = (build.HERE / "reflex.lock" / "package-lock.json").read_text()
    assert '"resolved"' not in lock
