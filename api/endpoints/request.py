"""What all routes ask of a request: who sends it, from where, and a body that is not too big."""

from starlette.requests import HTTPConnection, Request
from starlette.responses import JSONResponse, Response
from strawberry.http.websocket_origin import is_same_origin, normalize_allowed_origins, normalize_origin

from api.access.viewer import Viewer
from api.errors import ApiError
from api.plane import ControlPlane

SESSION_COOKIE = "argosy_session"
MAX_BODY_BYTES = 1024 * 1024


class BodyTooLarge(ApiError):
    code = "VALIDATION_ERROR"
    status = 413


class CrossSite(ApiError):
    code = "FORBIDDEN_ERROR"
    status = 403


def plane_of(connection: HTTPConnection) -> ControlPlane:
    plane: ControlPlane = connection.state.plane
    return plane


def token_of(connection: HTTPConnection) -> str:
    """From `Authorization: Bearer <token>`, the bare token there, or the session cookie; "" when there is none."""
    header = connection.headers.get("authorization", "")
    return bare_token(header) or connection.cookies.get(SESSION_COOKIE, "")


def bare_token(header: str) -> str:
    scheme, _, rest = header.strip().partition(" ")
    return rest.strip() if scheme.lower() == "bearer" else header.strip()


async def viewer_of(connection: HTTPConnection) -> Viewer | None:
    return await plane_of(connection).sign_in.recognise(token_of(connection))


def refuse_cross_site(connection: HTTPConnection) -> None:
    """A browser says where a page came from; programs say nothing. Raises CrossSite."""
    origin = connection.headers.get("origin")
    if origin is None or is_same_origin(origin, connection.headers.get("host")):
        return
    allowed = normalize_allowed_origins(plane_of(connection).settings.allowed_origins)
    if normalize_origin(origin) not in allowed:
        raise CrossSite("pages of other sites may not call this", suggestion="add the site to ARGOSY_ALLOWED_ORIGINS")


async def read_body(request: Request, limit: int = MAX_BODY_BYTES) -> bytes:
    """Raises BodyTooLarge before more than `limit` is in memory."""
    declared = request.headers.get("content-length", "")
    if declared.isdecimal() and (len(declared) > 12 or int(declared) > limit):
        raise BodyTooLarge(f"at most {limit} bytes are accepted")
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > limit:
            raise BodyTooLarge(f"at most {limit} bytes are accepted")
    return bytes(body)


def error_response(error: ApiError) -> Response:
    """The error as JSON; the same shape on every route but /graphql, which has its own."""
    body = {"error": {"code": error.code, "message": error.message, "suggestion": error.suggestion}}
    return JSONResponse(body, status_code=error.status)
