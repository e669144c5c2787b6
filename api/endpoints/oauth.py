"""Sign-in with an account elsewhere: GET /auth/providers, /auth/sign-in/NAME (sends there), /auth/callback/NAME (back);
POST /auth/sign-in/NAME with a personal token of that host.

The browser keeps the sign-in that is under way in a cookie of its own, so that any replica can end what another began.
"""

import asyncio
import re

import msgspec
import structlog
from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response

from api.access.oauth.client import Granted
from api.access.oauth.flow import Pending, authorization_url, is_admin, may_sign_in, person_name, same_state
from api.access.oauth.provider import SignInProvider, git_user, is_personal, needs_username
from api.access.sign_in import SignedIn
from api.endpoints.auth import MAX_LOGIN_BYTES
from api.endpoints.request import (
    SESSION_COOKIE,
    error_response,
    plane_of,
    read_body,
    refuse_cross_site,
    viewer_of,
)
from api.errors import ApiError, Invalid, NotVisible, Unauthorized
from api.live.tidings import CredentialChanged
from api.plane import ControlPlane
from model.link_access import GitTokensAnswer, PutGitToken

PENDING_COOKIE = "argosy_sign_in"
PENDING_SECONDS = 600
HAND_OVER_SECONDS = 5.0
LONGEST_CODE = 4096


class WithToken(msgspec.Struct, frozen=True):
    token: str
    username: str = ""

    def __repr__(self) -> str:
        return "WithToken()"


_ADDRESS = re.compile(r"[\x21-\x39\x3b-\x7e]{1,200}@[\x21-\x39\x3b-\x7e]{1,200}")  # no colon: it ends the name
_with_token = msgspec.json.Decoder(WithToken)
log = structlog.get_logger(__name__)


async def providers(request: Request) -> Response:
    """What a sign-in page offers."""
    offered = plane_of(request).settings.sign_in
    return JSONResponse(
        [
            {
                "name": one.name,
                "kind": one.kind.value,
                "title": one.title or one.name.capitalize(),
                "account": bool(one.client_id),
                "personalToken": one.personal_tokens,
                "needsUsername": one.personal_tokens and needs_username(one),
            }
            for one in offered
        ]
    )


async def begin(request: Request) -> Response:
    plane = plane_of(request)
    try:
        provider = _provider(plane, request)
        if not provider.client_id:
            raise NotVisible("this provider takes personal tokens only", suggestion="send one with POST")
        endpoints = await plane.oauth.endpoints(provider)
    except ApiError as error:
        return error_response(error)
    pending = Pending.begin(provider.name, request.query_params.get("return", "/"))
    response = RedirectResponse(authorization_url(provider, endpoints, pending, _callback(request, provider)), 302)
    _set_cookie(request, response, PENDING_COOKIE, pending.pack(), PENDING_SECONDS, path="/auth")
    response.headers["cache-control"] = "no-store"
    return response


async def callback(request: Request) -> Response:
    plane = plane_of(request)
    try:
        provider = _provider(plane, request)
        pending = _pending(request, provider)
        if pending.runtime:
            return await _another_round(plane, request, provider, pending)
        granted = await _redeem(plane, request, provider, pending)
        signed_in = await _sign_in(plane, provider, granted)
    except ApiError as error:
        refusal = _refusal(request, error)
        refusal.delete_cookie(PENDING_COOKIE, path="/auth")
        return refusal
    response = await _onward(plane, request, provider, pending, granted)
    seconds = int(signed_in.lifetime.total_seconds())
    _set_cookie(request, response, SESSION_COOKIE, signed_in.token, seconds, path="/")
    return response


async def _redeem(plane: ControlPlane, request: Request, provider: SignInProvider, pending: Pending) -> Granted:
    code = request.query_params.get("code", "")
    if not code or len(code) > LONGEST_CODE:
        raise Unauthorized("the provider did not let you sign in")
    return await plane.oauth.redeem(provider, code, pending, _callback(request, provider))


async def _another_round(plane: ControlPlane, request: Request, provider: SignInProvider, pending: Pending) -> Response:
    """A token for one more runtime. Whatever fails here, the person is signed in, and goes where they wanted to go."""
    granted = None
    try:
        viewer = await viewer_of(request)
        granted = await _redeem(plane, request, provider, pending)
        if viewer is not None and granted.account.subject == pending.subject:
            await _hand_over(plane, pending.runtime, viewer.name, provider, granted, renews=True)
            plane.tidings.tell(CredentialChanged(viewer.name))
    except ApiError as error:
        log.warning("no token of its own for a runtime", runtime=pending.runtime, reason=error.message)
    return await _onward(plane, request, provider, pending, granted)


async def _onward(
    plane: ControlPlane, request: Request, provider: SignInProvider, pending: Pending, granted: Granted | None
) -> Response:
    """To the provider again for the next runtime, where tokens end: a host takes what a token is renewed with once, so
    each runtime needs its own. Else where the person wanted to go."""
    at = provider.runtimes.index(pending.runtime) if pending.runtime in provider.runtimes else 0
    rest = [one for one in provider.runtimes[at + 1 :] if plane.connected.available(one)]
    if granted is None or granted.renewal is None or not rest:
        response = RedirectResponse(pending.return_to, 303)
        response.delete_cookie(PENDING_COOKIE, path="/auth")
    else:
        endpoints = await plane.oauth.endpoints(provider)
        again = Pending.begin(provider.name, pending.return_to, runtime=rest[0], subject=granted.account.subject)
        response = RedirectResponse(authorization_url(provider, endpoints, again, _callback(request, provider)), 303)
        _set_cookie(request, response, PENDING_COOKIE, again.pack(), PENDING_SECONDS, path="/auth")
    response.headers["cache-control"] = "no-store"
    return response


async def with_token(request: Request) -> Response:
    plane = plane_of(request)
    try:
        refuse_cross_site(request)
        provider = _provider(plane, request)
        given = await _personal_token(request, provider)
        address = request.client.host if request.client else ""
        granted = await plane.sign_in.limited(address, lambda: plane.oauth.owner(provider, given.token, given.username))
        signed_in = await _sign_in(plane, provider, granted)
    except ApiError as error:
        return error_response(error)
    response = JSONResponse({"token": signed_in.token}, headers={"cache-control": "no-store"})
    seconds = int(signed_in.lifetime.total_seconds())
    _set_cookie(request, response, SESSION_COOKIE, signed_in.token, seconds, path="/")
    return response


async def _personal_token(request: Request, provider: SignInProvider) -> WithToken:
    """JSON only, as for passwords. A user name is kept only where the host asks for one."""
    wanted = 'send {"token": ...} as application/json'
    if request.headers.get("content-type", "").partition(";")[0].strip().lower() != "application/json":
        raise Invalid(wanted)
    try:
        given = _with_token.decode(await read_body(request, MAX_LOGIN_BYTES))
    except msgspec.DecodeError as error:
        raise Invalid(wanted) from error
    token, username = given.token.strip(), given.username.strip()
    if not is_personal(provider, token):
        raise Invalid(
            f"that is no personal token of {provider.title or provider.name}",
            field="token",
            suggestion="make one in the settings of your account there",
        )
    if not needs_username(provider):
        return WithToken(token)
    if not _ADDRESS.fullmatch(username):
        raise Invalid(
            f"{provider.title or provider.name} knows a token only together with its account's address",
            field="username",
            suggestion='send {"username": "you@example.com", "token": ...}',
        )
    return WithToken(token, username)


def _refusal(request: Request, error: ApiError) -> Response:
    """A browser goes back to the sign-in page, which knows words for the code; a program gets the error itself."""
    if "text/html" not in request.headers.get("accept", ""):
        return error_response(error)
    log.info("sign-in refused", reason=error.message)
    return RedirectResponse(f"/login?problem={error.code}", 303, headers={"cache-control": "no-store"})


async def _sign_in(plane: ControlPlane, provider: SignInProvider, granted: Granted) -> SignedIn:
    account = granted.account
    if not may_sign_in(provider, account):
        raise Unauthorized("this account may not sign in here; ask an administrator")
    name = person_name(provider, account)
    signed_in = await plane.sign_in.sign_in_account(
        provider.name, account.subject, name, email=account.email, is_admin=is_admin(provider, account)
    )
    viewer = await plane.sign_in.recognise(signed_in.token)
    if viewer is not None and granted.access_token:
        # A host gives a new refresh token for the old one, so this one is the first runtime's. See `_onward`.
        await asyncio.gather(
            *(
                _hand_over(plane, runtime, viewer.name, provider, granted, renews=runtime == provider.runtimes[0])
                for runtime in provider.runtimes
            )
        )
        plane.tidings.tell(CredentialChanged(viewer.name))
    log.info("signed in", person=name, provider=provider.name)
    return signed_in


async def _hand_over(
    plane: ControlPlane, runtime: str, person: str, provider: SignInProvider, granted: Granted, *, renews: bool
) -> None:
    """The token goes to a runtime, for what the person does in Git. One that is away gets it at the next sign-in."""
    username = granted.username or git_user(provider, granted.account.login)
    url, renewal = provider.git_url or provider.host, granted.renewal if renews else None
    body = PutGitToken(person, url, username, granted.access_token, checked=True, renewal=renewal)
    try:
        await plane.connected.ask(runtime, body, GitTokensAnswer, deadline_seconds=HAND_OVER_SECONDS)
    except ApiError as error:
        log.warning("git token not handed over", runtime=runtime, person=person, reason=error.message)


def _provider(plane: ControlPlane, request: Request) -> SignInProvider:
    name = request.path_params["provider"]
    for one in plane.settings.sign_in:
        if one.name == name:
            return one
    raise NotVisible("there is no such sign-in provider", suggestion="ask an administrator which there are")


def _pending(request: Request, provider: SignInProvider) -> Pending:
    """The sign-in that this browser began. Raises Unauthorized for one that was begun elsewhere, or not at all."""
    pending = Pending.unpack(request.cookies.get(PENDING_COOKIE, ""))
    given = request.query_params.get("state", "")
    if pending is None or pending.provider != provider.name or not same_state(pending, given):
        raise Unauthorized("this sign-in was not begun here, or took too long; begin it again")
    return pending


def _callback(request: Request, provider: SignInProvider) -> str:
    site = (plane_of(request).settings.public_url or str(request.base_url)).rstrip("/")
    return f"{site}/auth/callback/{provider.name}"


def _set_cookie(request: Request, response: Response, name: str, value: str, seconds: int, *, path: str) -> None:
    response.set_cookie(
        name,
        value,
        max_age=seconds,
        path=path,
        httponly=True,
        samesite="lax",  # the way back from the provider is a navigation of another site
        secure=plane_of(request).settings.secure_cookies or request.url.scheme == "https",
    )
