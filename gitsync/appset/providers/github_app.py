"""Tokens of GitHub Apps: a signed statement of who one is, for a token of one installation."""

import base64
from collections.abc import Callable, Mapping

import msgspec
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa

from gitsync.appset.errors import ProviderFailed
from gitsync.appset.providers.api import Api
from gitsync.appset.providers.github import headers

_VALID_SECONDS = 540  # GitHub allows ten minutes, and clocks differ


async def installation_token(
    api: Callable[[Mapping[str, str]], Api], app: str, installation: str, private_key: str, *, now_seconds: float
) -> str:
    """Raises ProviderFailed."""
    statement = signed_statement(app.strip(), private_key, now_seconds=now_seconds)
    if not installation.strip().isdigit():
        raise ProviderFailed("githubAppInstallationID is no number", suggestion="Correct the Secret.")
    asked = api(headers(statement))
    answer = (await asked.post(f"/app/installations/{installation.strip()}/access_tokens", {})).value
    return str(answer["token"])


def signed_statement(app: str, private_key: str, *, now_seconds: float) -> str:
    """A JSON Web Token, signed with RS256."""
    try:
        key = serialization.load_pem_private_key(private_key.encode(), password=None)
    except (ValueError, TypeError, UnsupportedAlgorithm) as error:
        raise ProviderFailed("githubAppPrivateKey is no private key", suggestion="Correct the Secret.") from error
    if not isinstance(key, rsa.RSAPrivateKey):
        raise ProviderFailed("githubAppPrivateKey is no RSA key", suggestion="Correct the Secret.")
    claims = {"iat": int(now_seconds) - 60, "exp": int(now_seconds) + _VALID_SECONDS, "iss": app}
    signed = b".".join((_encoded({"alg": "RS256", "typ": "JWT"}), _encoded(claims)))
    signature = key.sign(signed, padding.PKCS1v15(), hashes.SHA256())
    return b".".join((signed, base64.urlsafe_b64encode(signature).rstrip(b"="))).decode()


def _encoded(part: Mapping[str, object]) -> bytes:
    return base64.urlsafe_b64encode(msgspec.json.encode(part)).rstrip(b"=")
