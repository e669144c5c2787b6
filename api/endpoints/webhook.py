"""POST /webhooks/git: a Git host says that something was pushed.

Anybody can send this, so: a cap on the body, then the signature, then as little of the payload as possible, and that
only as a hint. The runtimes ask the Git host themselves.
"""

import hashlib
import hmac
from typing import Any

import msgspec
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from api.endpoints.request import error_response, plane_of, read_body
from api.errors import ApiError, Unauthorized

MAX_WEBHOOK_BYTES = 1024 * 1024


class Repository(msgspec.Struct, frozen=True):
    """Addresses of the repository, as GitHub and Gitea (clone_url), GitLab (git_http_url) and Bitbucket name them."""

    clone_url: str = ""
    ssh_url: str = ""
    git_http_url: str = ""
    git_ssh_url: str = ""
    html_url: str = ""

    @property
    def urls(self) -> tuple[str, ...]:
        given = (self.clone_url, self.ssh_url, self.git_http_url, self.git_ssh_url, self.html_url)
        return tuple(dict.fromkeys(url for url in given if url))


class Push(msgspec.Struct, frozen=True):
    repository: Repository | None = None
    project: Repository | None = None

    @property
    def urls(self) -> tuple[str, ...]:
        parts = (self.repository, self.project)
        return tuple(dict.fromkeys(url for part in parts if part is not None for url in part.urls))


_decoder = msgspec.json.Decoder(Push)


async def git_pushed(request: Request) -> Response:
    plane = plane_of(request)
    try:
        body = await read_body(request, MAX_WEBHOOK_BYTES)
        _check_signature(request, body, plane.settings.webhook_secret)
    except ApiError as error:
        return error_response(error)
    try:
        urls = _decoder.decode(body).urls
    except (msgspec.DecodeError, RecursionError):
        return JSONResponse({"status": "ignored"}, status_code=202)
    if urls:
        plane.connected.hint(urls)
    return JSONResponse({"status": "noted" if urls else "ignored"}, status_code=202)


def _check_signature(request: Request, body: bytes, secret: str | None) -> None:
    """GitHub and Gitea sign the body, GitLab sends the secret itself. Raises Unauthorized."""
    if not secret:
        raise Unauthorized("webhooks are off: no secret is set (ARGOSY_WEBHOOK_SECRET)")
    expected = hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()
    headers: Any = request.headers
    signed = headers.get("x-hub-signature-256", "").removeprefix("sha256=") or headers.get("x-gitea-signature", "")
    if signed:
        valid = hmac.compare_digest(signed.encode(), expected.encode())
    else:
        valid = hmac.compare_digest(headers.get("x-gitlab-token", "").encode(), secret.encode())
    if not valid:
        raise Unauthorized("the signature does not fit the secret")
