"""Asks providers: their addresses, a token for a code, and whose it is."""

import asyncio
import base64
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import httpx
import orjson

from api.access.oauth.flow import Account, Pending, account_of
from api.access.oauth.provider import Endpoints, ProviderKind, SignInProvider, endpoints_of
from api.errors import ApiError, Unauthorized
from model.link_access import Renewal

PATIENCE_SECONDS = 10.0
MAX_ANSWER_BYTES = 1_000_000


class ProviderFailed(ApiError):
    """The provider did not answer, or not as it should."""

    code = "RUNTIME_UNAVAILABLE"
    status = 502


@dataclass(frozen=True, slots=True)
class Granted:
    """Who signed in, and the provider's token for it."""

    account: Account
    access_token: str = field(repr=False)
    renewal: Renewal | None = None  # of a token that ends
    username: str = ""  # what goes with a personal token that counts only together with it


class OAuthClient:
    """`now` is seconds since the epoch. Redirects are never followed: no secret goes where it was not sent."""

    def __init__(self, now: Callable[[], float]) -> None:
        self._now = now
        self._opened: httpx.AsyncClient | None = None

    @property
    def _client(self) -> httpx.AsyncClient:
        """Opened at the first use: it loads every authority there is, and most installations have no provider."""
        if self._opened is None:
            self._opened = httpx.AsyncClient(timeout=PATIENCE_SECONDS, trust_env=False, follow_redirects=False)
        return self._opened

    async def close(self) -> None:
        if self._opened is not None:
            await self._opened.aclose()

    async def endpoints(self, provider: SignInProvider) -> Endpoints:
        """Raises ProviderFailed."""
        if provider.kind is not ProviderKind.OIDC:
            return endpoints_of(provider)
        told = await self._get(f"{provider.host}/.well-known/openid-configuration", {})
        names = ("authorization_endpoint", "token_endpoint", "issuer", "jwks_uri")
        if not isinstance(told, dict) or not all(isinstance(told.get(name), str) for name in names):
            raise ProviderFailed(f"sign-in provider {provider.name} tells no OpenID Connect configuration")
        if told["issuer"].rstrip("/") != provider.host:
            raise ProviderFailed(f"sign-in provider {provider.name} calls itself by another issuer")
        return Endpoints(
            told["authorization_endpoint"], told["token_endpoint"], issuer=told["issuer"], keys=told["jwks_uri"]
        )

    async def redeem(self, provider: SignInProvider, code: str, pending: Pending, callback: str) -> Granted:
        """Raises Unauthorized when the provider refuses the code, ProviderFailed when it fails."""
        endpoints = await self.endpoints(provider)
        tokens = await self._tokens(provider, endpoints, code, pending, callback)
        access_token = tokens.get("access_token")
        if provider.kind is ProviderKind.OIDC:
            claims = await self._claims(provider, endpoints, tokens.get("id_token"), pending)
            account = account_of(provider.kind, claims)
            renewal = self._renewal(provider, endpoints, tokens)
            return Granted(account, access_token if isinstance(access_token, str) else "", renewal)
        if not isinstance(access_token, str) or not access_token:
            raise Unauthorized("the provider did not accept the sign-in")
        account = await self._owner(provider, endpoints, access_token)
        return Granted(account, access_token, self._renewal(provider, endpoints, tokens))

    async def owner(self, provider: SignInProvider, token: str, username: str = "") -> Granted:
        """Whose personal token it is. Raises Unauthorized when the host refuses it, ProviderFailed when it fails."""
        return Granted(await self._owner(provider, endpoints_of(provider), token, username), token, username=username)

    async def _owner(self, provider: SignInProvider, endpoints: Endpoints, token: str, username: str = "") -> Account:
        pair = base64.b64encode(f"{username}:{token}".encode()).decode()
        known = f"Basic {pair}" if username else f"Bearer {token}"
        headers = {"Authorization": known, "Accept": "application/json", "User-Agent": "argosy"}
        status, profile = await self._ask("GET", endpoints.profile, headers)
        if status in (401, 403):
            raise Unauthorized(f"{provider.host} does not accept this token, or it may not tell whose it is")
        if status != 200:
            raise ProviderFailed(f"the sign-in provider answered {status}")
        # A token need not be good for addresses; then none is known.
        told, emails = await self._ask("GET", endpoints.emails, headers) if endpoints.emails else (0, None)
        account = account_of(provider.kind, profile, emails if told == 200 else None)
        if provider.kind is ProviderKind.GITEA and not provider.own_names:
            account = Account(account.subject, account.login)  # it does not tell whether an address was verified
        return account

    def _renewal(self, provider: SignInProvider, endpoints: Endpoints, tokens: dict[str, Any]) -> Renewal | None:
        refresh_token, seconds = tokens.get("refresh_token"), tokens.get("expires_in")
        if not isinstance(refresh_token, str) or not refresh_token or not isinstance(seconds, int) or seconds <= 0:
            return None
        ends = datetime.fromtimestamp(self._now() + seconds, UTC)
        return Renewal(refresh_token, ends, endpoints.token, provider.client_id, provider.client_secret)

    async def _tokens(
        self, provider: SignInProvider, endpoints: Endpoints, code: str, pending: Pending, callback: str
    ) -> dict[str, Any]:
        form = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": callback,
            "client_id": provider.client_id,
            "code_verifier": pending.verifier,
        }
        if provider.client_secret:
            form["client_secret"] = provider.client_secret
        status, told = await self._ask("POST", endpoints.token, {"Accept": "application/json"}, form)
        if status in (400, 401, 403) or (isinstance(told, dict) and "error" in told):
            raise Unauthorized("the provider did not accept the sign-in; begin it again")
        if status != 200 or not isinstance(told, dict):
            raise ProviderFailed(f"sign-in provider {provider.name} answered {status}")
        return told

    async def _claims(
        self, provider: SignInProvider, endpoints: Endpoints, id_token: Any, pending: Pending
    ) -> Mapping[str, Any]:
        """Claims of an ID token that this provider signed, for us, in this very sign-in. Raises Unauthorized."""
        from api.access.oauth.id_token import verified_claims  # what it needs is loaded by those who sign in this way

        keys = await self._get(endpoints.keys, {})
        claims = verified_claims(
            id_token, keys, issuer=endpoints.issuer, client_id=provider.client_id, nonce=pending.nonce, now=self._now()
        )
        audience = claims["aud"]
        if isinstance(audience, list) and len(audience) > 1 and claims.get("azp") != provider.client_id:
            raise Unauthorized("the provider's ID token was made for somebody else too")
        return claims

    async def _get(self, url: str, headers: Mapping[str, str]) -> Any:
        status, told = await self._ask("GET", url, headers)
        if status != 200:
            raise ProviderFailed(f"the sign-in provider answered {status}")
        return told

    async def _ask(
        self, method: str, url: str, headers: Mapping[str, str], form: Mapping[str, str] | None = None
    ) -> tuple[int, Any]:
        body = bytearray()
        try:
            async with (
                asyncio.timeout(PATIENCE_SECONDS),
                self._client.stream(method, url, headers=dict(headers), data=dict(form) if form else None) as response,
            ):
                async for chunk in response.aiter_bytes():
                    body += chunk
                    if len(body) > MAX_ANSWER_BYTES:
                        raise ProviderFailed("the sign-in provider's answer is too long")
        except (httpx.HTTPError, httpx.InvalidURL, TimeoutError) as error:
            raise ProviderFailed("the sign-in provider does not answer", suggestion="try again in a moment") from error
        try:
            return response.status_code, orjson.loads(body)
        except orjson.JSONDecodeError:
            return response.status_code, None
