"""GET /runtimes/NAME/logs: a runtime's own log as .tar.gz with a file for each component, or one component as text."""

import asyncio

from starlette.requests import Request
from starlette.responses import Response

from api.actions.runtime_logs import MOST_LINES, archive, runtime_log
from api.endpoints.request import error_response, plane_of, refuse_cross_site, viewer_of
from api.errors import ApiError, Unauthorized


async def download(request: Request) -> Response:
    name, component = str(request.path_params["name"]), request.query_params.get("component", "")
    try:
        refuse_cross_site(request)
        viewer = await viewer_of(request)
        if viewer is None:
            raise Unauthorized
        lines = await runtime_log(plane_of(request), viewer, name, lines=MOST_LINES, component=component)
    except ApiError as error:
        return error_response(error)
    headers = {"cache-control": "no-store"}
    if component:
        text = "".join(f"{line.text}\n" for line in lines)
        return Response(text, media_type="text/plain; charset=utf-8", headers=headers)
    headers["content-disposition"] = f'attachment; filename="{name}-logs.tar.gz"'
    content = await asyncio.to_thread(archive, name, lines)
    return Response(content, media_type="application/gzip", headers=headers)
