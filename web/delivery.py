"""How the console leaves the server: to its own origin only, under a strict policy, cached as long as it can be."""

import json
from collections.abc import Callable, Collection
from pathlib import Path

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

YEAR_SECONDS = 31_536_000


def same_origin(origin: str | None, host: str | None, public_origins: Collection[str]) -> bool:
    """Whether a request with this Origin header may use the console. None: not sent by a page."""
    if origin is None or origin in public_origins:
        return True
    _, separator, place = origin.partition("://")
    return bool(separator) and place == host


def content_security_policy(script_hashes: Collection[str]) -> str:
    """Everything from ourselves. Inline styles are allowed: Emotion and the tree's positions need them."""
    return "; ".join(
        (
            "default-src 'none'",
            f"script-src 'self' {' '.join(sorted(script_hashes))}".strip(),
            "style-src 'self' 'unsafe-inline'",
            "connect-src 'self'",
            "font-src 'self' data:",
            "img-src 'self' data:",
            "manifest-src 'self'",
            "worker-src 'self'",
            "base-uri 'none'",
            "form-action 'self'",
            "frame-ancestors 'none'",
        )
    )


def read_script_hashes(file: Path) -> list[str]:
    """The hashes that the build noted."""
    hashes: list[str] = json.loads(file.read_text())
    return hashes


class Delivery:
    """Middleware around the console."""

    def __init__(
        self,
        app: ASGIApp,
        *,
        script_hashes: Collection[str],
        public_origins: Collection[str],
        pages: Collection[str],
        on_address: Callable[[str, int], None],
    ) -> None:
        self._app = app
        self._policy = content_security_policy(script_hashes)
        self._public_origins = frozenset(public_origins)
        self._pages = frozenset(pages)
        self._on_address = on_address

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Refuse foreign origins, note our own address, add headers to answers."""
        if scope["type"] not in {"http", "websocket"}:
            await self._app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        if not same_origin(headers.get("origin"), headers.get("host"), self._public_origins):
            await _refuse(scope, send)
            return
        host, port = scope.get("server") or (None, None)
        if host and port:
            self._on_address(host, port)
        if scope["type"] == "websocket":
            await self._app(scope, receive, send)
            return
        path = scope["path"].rstrip("/")
        if (
            path in self._pages
        ):  # the file itself: a folder would answer with a redirect to an address of its own making
            scope = {**scope, "path": f"{path}.html"}
        await self._app(scope, receive, self._with_headers(scope["path"], send))

    def _with_headers(self, path: str, send: Send) -> Send:
        async def add(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                headers["Content-Security-Policy"] = self._policy
                headers["X-Content-Type-Options"] = "nosniff"
                headers["Referrer-Policy"] = "same-origin"
                fixed = path.startswith("/assets/") and message["status"] == 200
                headers["Cache-Control"] = f"public, max-age={YEAR_SECONDS}, immutable" if fixed else "no-cache"
            await send(message)

        return add


async def _refuse(scope: Scope, send: Send) -> None:
    if scope["type"] == "websocket":
        await send({"type": "websocket.close", "code": 4403, "reason": "foreign origin"})
        return
    await send(
        {"type": "http.response.start", "status": 403, "headers": [(b"content-type", b"text/plain; charset=utf-8")]}
    )
    await send({"type": "http.response.body", "body": b"This origin may not use the console."})
