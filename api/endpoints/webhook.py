"""POST /webhooks/git: a Git host says that something was pushed.

Anybody can send this, so: a cap on the body, then the signature, then as little of the payload as possible, and that
only as a hint. The runtimes ask the Git host themselves.
"""

import asyncio
from collections.abc import Mapping

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from api.endpoints.request import error_response, plane_of, read_body
from api.endpoints.webhook_payload import is_signed, pushed_urls
from api.errors import ApiError, Unauthorized
from api.live.tidings import Hinted

MAX_WEBHOOK_BYTES = 5 * 1024 * 1024
_IN_A_THREAD_BYTES = 256 * 1024  # hashing and reading more than this would hold up the others


async def git_pushed(request: Request) -> Response:
    plane = plane_of(request)
    try:
        secret = plane.settings.webhook_secret
        if not secret:
            raise Unauthorized("webhooks are off: no secret is set (ARGOSY_WEBHOOK_SECRET)")
        body = await read_body(request, MAX_WEBHOOK_BYTES)
        if len(body) > _IN_A_THREAD_BYTES:
            urls = await asyncio.to_thread(_read, request.headers, body, secret)
        else:
            urls = _read(request.headers, body, secret)
    except ApiError as error:
        return error_response(error)
    if urls is None:
        return JSONResponse({"status": "ignored"}, status_code=202)
    plane.tidings.tell(Hinted(urls))
    return JSONResponse({"status": "noted"}, status_code=202)


def _read(headers: Mapping[str, str], body: bytes, secret: str) -> tuple[str, ...] | None:
    """Raises Unauthorized before anything of the body is looked at."""
    if not is_signed(headers, body, secret):
        raise Unauthorized("the signature does not fit the secret")
    return pushed_urls(headers, body)
