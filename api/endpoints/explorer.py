"""GET /graphql in a browser: a page to try queries, from our own files, with nothing loaded from elsewhere.

Only in the demo. Its policy allows scripts and styles of this page's own files and nothing inline.
"""

from pathlib import Path

from starlette.requests import Request
from starlette.responses import FileResponse, PlainTextResponse, Response
from starlette.routing import BaseRoute, Route

ASSETS = Path(__file__).parent / "explorer_assets"
_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self' ws: wss:; img-src 'self'; "
    "frame-ancestors 'none'; base-uri 'none'; form-action 'none'"
)
_FILES = {"explorer.js": "text/javascript", "explorer.css": "text/css"}


def routes() -> list[BaseRoute]:
    return [Route("/graphql", page, methods=["GET"]), Route("/graphql/{name}", asset, methods=["GET"])]


async def page(request: Request) -> Response:
    """Queries over GET are refused: only a browser that wants a page gets one."""
    if "text/html" not in request.headers.get("accept", ""):
        return PlainTextResponse("send queries by POST\n", status_code=405, headers={"allow": "POST"})
    return FileResponse(ASSETS / "explorer.html", headers={"content-security-policy": _POLICY})


async def asset(request: Request) -> Response:
    name = request.path_params["name"]
    if name not in _FILES:
        return PlainTextResponse("not found\n", status_code=404)
    return FileResponse(ASSETS / name, media_type=_FILES[name])
