"""/git/...: requests for the embedded Git host of the demo, passed on as they come, both ways, without buffering."""

from collections.abc import AsyncIterator

import httpx
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse

_HOP_BY_HOP = frozenset(
    {"connection", "keep-alive", "te", "trailer", "transfer-encoding", "upgrade", "proxy-connection", "host"}
)
_TIMEOUT = httpx.Timeout(connect=5.0, read=300.0, write=300.0, pool=5.0)


class GitForwarding:
    """`target` is the address of the Git host, to which the path below this control plane is added."""

    def __init__(self, target: str) -> None:
        self._client = httpx.AsyncClient(
            base_url=target.rstrip("/"), timeout=_TIMEOUT, trust_env=False, follow_redirects=False
        )

    async def close(self) -> None:
        await self._client.aclose()

    async def forward(self, request: Request) -> Response:
        raw_path: bytes = request.scope.get("raw_path") or request.url.path.encode()
        query: bytes = request.scope["query_string"]
        url = httpx.URL(raw_path.decode("latin-1").partition("?")[0], query=query or None)
        body = request.stream() if request.method in ("POST", "PUT") else None
        outgoing = self._client.build_request(request.method, url, headers=_kept(request.headers.raw), content=body)
        try:
            answer = await self._client.send(outgoing, stream=True)
        except httpx.HTTPError:
            return Response("the Git host does not answer\n", status_code=502, media_type="text/plain")
        response = StreamingResponse(_chunks(answer), status_code=answer.status_code)
        response.raw_headers = _kept(answer.headers.raw)
        return response


def _kept(headers: list[tuple[bytes, bytes]]) -> list[tuple[bytes, bytes]]:
    return [(name.lower(), value) for name, value in headers if name.lower().decode("latin-1") not in _HOP_BY_HOP]


async def _chunks(answer: httpx.Response) -> AsyncIterator[bytes]:
    try:
        async for chunk in answer.aiter_raw():
            yield chunk
    finally:
        await answer.aclose()
