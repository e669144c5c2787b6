"""POST /auth/login and /auth/logout."""

import msgspec
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from api.endpoints.request import (
    SESSION_COOKIE,
    error_response,
    plane_of,
    read_body,
    refuse_cross_site,
    token_of,
)
from api.errors import ApiError, Invalid, TooMany
from api.live.tidings import SignInEnded

MAX_LOGIN_BYTES = 16 * 1024


class Login(msgspec.Struct, frozen=True):
    username: str
    password: str


_decoder = msgspec.json.Decoder(Login)


async def login(request: Request) -> Response:
    try:
        refuse_cross_site(request)
        credentials = await _credentials(request)
        address = request.client.host if request.client else ""
        signed_in = await plane_of(request).sign_in.sign_in(credentials.username, credentials.password, address=address)
    except TooMany as error:
        response = error_response(error)
        response.headers["retry-after"] = str(int(error.retry_after_seconds) + 1)
        return response
    except ApiError as error:
        return error_response(error)
    response = JSONResponse({"token": signed_in.token})
    response.set_cookie(
        SESSION_COOKIE,
        signed_in.token,
        max_age=int(signed_in.lifetime.total_seconds()),
        httponly=True,
        samesite="lax",  # not strict: a link from a Git host to the console must find the person signed in
        secure=plane_of(request).settings.secure_cookies or request.url.scheme == "https",
    )
    return response


async def logout(request: Request) -> Response:
    try:
        refuse_cross_site(request)
    except ApiError as error:
        return error_response(error)
    if token := token_of(request):
        plane = plane_of(request)
        await plane.sign_in.sign_out(token)
        plane.tidings.tell(SignInEnded("a session"))
    response = Response(status_code=204)
    response.delete_cookie(SESSION_COOKIE, httponly=True, samesite="lax")
    return response


async def _credentials(request: Request) -> Login:
    """JSON only: a plain form of another site could otherwise sign somebody in."""
    if request.headers.get("content-type", "").partition(";")[0].strip().lower() != "application/json":
        raise Invalid('send {"username": ..., "password": ...} as application/json')
    try:
        return _decoder.decode(await read_body(request, MAX_LOGIN_BYTES))
    except msgspec.DecodeError as error:
        raise Invalid('send {"username": ..., "password": ...} as application/json') from error
