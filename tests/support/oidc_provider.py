"""An OpenID Connect provider on loopback that checks PKCE as real ones do, and lies when a test tells it to."""

import base64
import functools
import hashlib
import secrets
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs, urlsplit

from aiohttp import web
from joserfc import jwt
from joserfc.jwk import RSAKey

from tests.support.http_host import serving

CLIENT, SECRET = "argosy", "client-secret-canary"


@functools.cache
def _key() -> RSAKey:
    """Once a process: making one takes longer than most tests."""
    return RSAKey.generate_key(2048, {"kid": "one"})


@dataclass
class OidcProvider:
    """`claims` override those of the ID token; `sign` replaces how it is signed."""

    url: str = ""
    claims: dict[str, Any] = field(default_factory=dict)
    sign: Callable[[dict[str, Any]], str] | None = None
    issuer: str = ""
    lifetime_seconds: int = 0  # of its tokens; 0: they do not end
    forms: list[dict[str, str]] = field(default_factory=list)
    key: RSAKey = field(default_factory=_key)
    _codes: dict[str, dict[str, str]] = field(default_factory=dict)

    def authorize(self, location: str) -> str:
        """What a browser would do at the provider; the code that the person comes back with."""
        asked = {name: values[0] for name, values in parse_qs(urlsplit(location).query).items()}
        code = secrets.token_hex(8)
        self._codes[code] = asked
        return code

    async def configuration(self, _: web.Request) -> web.Response:
        return web.json_response(
            {
                "issuer": self.issuer or self.url,
                "authorization_endpoint": f"{self.url}/authorize",
                "token_endpoint": f"{self.url}/token",
                "jwks_uri": f"{self.url}/keys",
            }
        )

    async def keys(self, _: web.Request) -> web.Response:
        return web.json_response({"keys": [self.key.as_dict(private=False)]})

    async def token(self, request: web.Request) -> web.Response:
        form = {name: str(value) for name, value in (await request.post()).items()}
        self.forms.append(form)
        asked = self._codes.pop(form["code"], None)
        challenge = base64.urlsafe_b64encode(hashlib.sha256(form["code_verifier"].encode()).digest()).decode()
        if (
            asked is None
            or form["client_secret"] != SECRET
            or asked["code_challenge"] != challenge.rstrip("=")
            or asked["redirect_uri"] != form["redirect_uri"]
        ):
            return web.json_response({"error": "invalid_grant"}, status=400)
        claims = {
            "iss": self.url,
            "aud": CLIENT,
            "sub": "subject-1",
            "exp": int(time.time()) + 300,
            "nonce": asked["nonce"],
            "preferred_username": "dana",
            "email": "dana@example.com",
            "email_verified": True,
            **self.claims,
        }
        claims = {name: value for name, value in claims.items() if value is not None}
        token = self.sign(claims) if self.sign else jwt.encode({"alg": "RS256", "kid": "one"}, claims, self.key)
        told: dict[str, Any] = {"access_token": "access-canary", "token_type": "Bearer", "id_token": token}
        if self.lifetime_seconds:
            told |= {"expires_in": self.lifetime_seconds, "refresh_token": f"refresh-{len(self.forms)}"}
        return web.json_response(told)


@asynccontextmanager
async def oidc_provider() -> AsyncIterator[OidcProvider]:
    provider = OidcProvider()
    application = web.Application()
    application.router.add_get("/.well-known/openid-configuration", provider.configuration)
    application.router.add_get("/keys", provider.keys)
    application.router.add_post("/token", provider.token)
    async with serving(application) as provider.url:
        yield provider
