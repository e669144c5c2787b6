"""GET /changelog: what changed in which version, as it came with this control plane.

It says nothing of an installation, so nobody has to sign in.
"""

import sys
from pathlib import Path

from starlette.requests import Request
from starlette.responses import FileResponse, PlainTextResponse, Response

_CHECKOUT = Path(__file__).resolve().parents[2]
_INSTALLED = Path(sys.prefix) / "share" / "argosy" / "CHANGELOG.md"


async def changelog(_request: Request) -> Response:
    """404 where a package was made without it."""
    found = _CHECKOUT / "CHANGELOG.md" if (_CHECKOUT / "pyproject.toml").is_file() else _INSTALLED
    if not found.is_file():
        return PlainTextResponse("this installation came without its changelog", status_code=404)
    return FileResponse(found, media_type="text/plain; charset=utf-8")
