"""One sign-in under way, as a value that the person's own browser keeps, and who an account is. Pure.

The browser must bring back the state that it was sent away with (so that nobody signs somebody else in), the code only
works with the verifier (so that a stolen code is of no use), and an ID token only with the nonce.
"""

import base64
import hashlib
import hmac
import re
import secrets
from typing import Any
from urllib.parse import urlencode

import msgspec

from api.access.oauth.provider import Endpoints, ProviderKind, SignInProvider, scopes_of
from api.errors import Unauthorized

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._@+-]{0,99}")  # a name stands in addresses, trailers and labels of logs


class Pending(msgspec.Struct, frozen=True):
    """What the browser keeps while the person is at the provider. `return_to` is a path of this site.

    `runtime`: whoever signed in as the account `subject` a moment ago gets a token of its own for this runtime, too.
    """

    provider: str
    state: str
    verifier: str
    nonce: str
    return_to: str
    runtime: str = ""
    subject: str = ""

    @staticmethod
    def begin(provider: str, return_to: str, *, runtime: str = "", subject: str = "") -> "Pending":
        texts = (secrets.token_urlsafe(32), secrets.token_urlsafe(48), secrets.token_urlsafe(24))
        return Pending(provider, *texts, return_to=safe_path(return_to), runtime=runtime, subject=subject)

    def pack(self) -> str:
        return base64.urlsafe_b64encode(msgspec.json.encode(self)).decode()

    @staticmethod
    def unpack(text: str) -> "Pending | None":
        try:
            found = msgspec.json.decode(base64.urlsafe_b64decode(text.encode()), type=Pending)
        except (ValueError, msgspec.DecodeError):
            return None
        return msgspec.structs.replace(found, return_to=safe_path(found.return_to))


class Account(msgspec.Struct, frozen=True):
    """An account at a provider. `subject` never changes; the name may. `email` is "" unless it was verified there."""

    subject: str
    login: str
    email: str = ""


def safe_path(text: str) -> str:
    """A path of this site, or its front page: nobody is sent elsewhere after signing in."""
    odd = any(character <= " " or character == "\\" for character in text)
    return text if text.startswith("/") and not text.startswith("//") and not odd and len(text) < 1000 else "/"


def authorization_url(provider: SignInProvider, endpoints: Endpoints, pending: Pending, callback: str) -> str:
    challenge = base64.urlsafe_b64encode(hashlib.sha256(pending.verifier.encode()).digest()).decode().rstrip("=")
    parameters = {
        "response_type": "code",
        "client_id": provider.client_id,
        "redirect_uri": callback,
        "scope": " ".join(scopes_of(provider)),
        "state": pending.state,
        "code_challenge": challenge,
        "code_challenge_method": "S256",
    }
    if provider.kind is ProviderKind.OIDC:
        parameters["nonce"] = pending.nonce
        if pending.runtime:
            parameters["prompt"] = "none"  # nobody is asked again; hosts of Git do not ask whoever agreed before
    return f"{endpoints.authorize}{'&' if '?' in endpoints.authorize else '?'}{urlencode(parameters)}"


def same_state(pending: Pending, given: str) -> bool:
    return hmac.compare_digest(pending.state.encode(), given.encode())


def account_of(kind: ProviderKind, profile: Any, emails: Any = None) -> Account:
    """Raises Unauthorized when the profile lacks what names an account for good."""
    body: dict[str, Any] = profile if isinstance(profile, dict) else {}
    subject, login, email = _parts(kind, body, emails)
    if isinstance(subject, bool) or not isinstance(subject, str | int) or not str(subject):
        raise Unauthorized("the provider did not say whose account this is")
    if not isinstance(login, str) or not _NAME.fullmatch(login):
        raise Unauthorized("the provider tells no name for this account that could be used here")
    return Account(str(subject), login, email if isinstance(email, str) else "")


def _parts(kind: ProviderKind, body: dict[str, Any], emails: Any) -> tuple[Any, Any, Any]:
    """Lasting id, name and verified address, as each kind of provider tells them."""
    match kind:
        case ProviderKind.GITHUB:
            return body.get("id"), body.get("login"), _verified(emails)
        case ProviderKind.GITLAB:
            return body.get("id"), body.get("username"), body.get("email") if body.get("confirmed_at") else ""
        case ProviderKind.GITEA:
            return body.get("id"), body.get("login"), body.get("email")
        case ProviderKind.BITBUCKET:
            return body.get("uuid"), body.get("nickname"), _verified(_values(emails))
        case ProviderKind.OIDC:
            email = body.get("email") if body.get("email_verified") is True else ""
            return body.get("sub"), body.get("preferred_username") or email or body.get("sub"), email


def may_sign_in(provider: SignInProvider, account: Account) -> bool:
    """By verified address or its domain, or by name where the provider's names are our own."""
    if not provider.allowed:
        return True
    email = account.email.lower()
    named = {entry.lower() for entry in provider.allowed}
    by_address = bool(email) and (email in named or f"@{email.rpartition('@')[2]}" in named)
    return by_address or (provider.own_names and account.login.lower() in named)


def person_name(provider: SignInProvider, account: Account) -> str:
    return account.login if provider.own_names else f"{account.login}@{provider.name}"


def is_admin(provider: SignInProvider, account: Account) -> bool:
    """By verified address, or by name where the provider's names are our own: elsewhere a name can change hands."""
    by_name = provider.own_names and account.login in provider.admins
    return by_name or (bool(account.email) and account.email in provider.admins)


def _verified(emails: Any) -> str:
    """The primary address, if it was verified."""
    for entry in emails if isinstance(emails, list) else ():
        if isinstance(entry, dict):
            primary = entry.get("primary") or entry.get("is_primary")
            if primary and (entry.get("verified") or entry.get("is_confirmed")):
                return str(entry.get("email") or "")
    return ""


def _values(body: Any) -> Any:
    return body.get("values") if isinstance(body, dict) else None
