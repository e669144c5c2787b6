"""Providers as they are configured, and their addresses. Pure."""

import enum
import re
from urllib.parse import urlsplit

import msgspec

from api.errors import Invalid


class ProviderKind(enum.StrEnum):
    GITHUB = "github"
    GITLAB = "gitlab"
    GITEA = "gitea"
    BITBUCKET = "bitbucket"
    OIDC = "oidc"


class SignInProvider(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One entry of the file that ARGOSY_SIGN_IN names.

    `url` is the host, or the issuer of an OpenID Connect provider. `allowed`: addresses, or `@domain`, of those who may
    sign in; empty: everybody whom the provider knows. `admins`: addresses of those who are administrators here.
    `own_names`: accounts are called here as they are there, for a provider of one's own; otherwise `name@provider`,
    so that nobody gets the name of somebody else by taking it on a public host; with it, `allowed` and `admins` may
    have names too. `runtimes` get the person's token for `git_url` (the host, if unset), for their commits and
    permissions. `personal_tokens`: whoever has a personal token of the host may sign in with it; without `client_id`
    that is the only way.
    """

    name: str
    kind: ProviderKind
    client_id: str = ""
    client_secret: str = ""
    url: str = ""
    title: str = ""
    scopes: tuple[str, ...] = ()
    allowed: tuple[str, ...] = ()
    admins: tuple[str, ...] = ()
    own_names: bool = False
    runtimes: tuple[str, ...] = ()
    git_url: str = ""
    personal_tokens: bool = False

    def __repr__(self) -> str:
        return f"SignInProvider({self.name!r}, {self.kind.value})"

    @property
    def host(self) -> str:
        return (self.url or _PUBLIC.get(self.kind, "")).rstrip("/")


class Endpoints(msgspec.Struct, frozen=True):
    """Where a provider is asked. `issuer` and `keys` only of OpenID Connect; `profile` only of the others."""

    authorize: str
    token: str
    profile: str = ""
    emails: str = ""
    issuer: str = ""
    keys: str = ""


_PUBLIC = {
    ProviderKind.GITHUB: "https://github.com",
    ProviderKind.GITLAB: "https://gitlab.com",
    ProviderKind.BITBUCKET: "https://bitbucket.org",
}
_SCOPES = {
    ProviderKind.GITHUB: ("repo", "read:user", "user:email"),
    ProviderKind.GITLAB: ("read_user", "api"),
    ProviderKind.GITEA: ("read:user", "write:repository"),
    ProviderKind.BITBUCKET: ("account", "email", "repository:write", "pullrequest:write"),
    ProviderKind.OIDC: ("openid", "profile", "email"),
}
# How the tokens begin that people make for themselves. Others were given to some program, which must not be able to
# sign in here as the person who trusted it with something else.
_PERSONAL = {
    ProviderKind.GITHUB: re.compile(r"(ghp|github_pat)_[A-Za-z0-9_]{20,250}"),
    ProviderKind.GITLAB: re.compile(r"glpat-[A-Za-z0-9_.=-]{20,300}"),
    ProviderKind.GITEA: re.compile(r"[0-9a-f]{40}"),
    ProviderKind.BITBUCKET: re.compile(r"ATATT[A-Za-z0-9_=-]{20,500}"),
}
_decoder = msgspec.json.Decoder(tuple[SignInProvider, ...])


def read_providers(text: bytes) -> tuple[SignInProvider, ...]:
    """Raises Invalid, naming what is wrong and never a secret."""
    try:
        providers = _decoder.decode(text)
    except msgspec.DecodeError as error:
        raise Invalid(
            f"the sign-in providers cannot be read: {error}", suggestion="correct the file that ARGOSY_SIGN_IN names"
        ) from error
    for provider in providers:
        parts = urlsplit(provider.host)
        local = parts.hostname in ("127.0.0.1", "localhost", "::1")
        if not (parts.scheme == "https" or (parts.scheme == "http" and local)):
            raise Invalid(f"sign-in provider {provider.name!r} needs an https url", suggestion="set its `url`")
        if provider.personal_tokens and provider.kind not in _PERSONAL:
            raise Invalid(
                f"sign-in provider {provider.name!r} cannot take personal tokens",
                suggestion=f"only {', '.join(_PERSONAL)} can; leave personal_tokens out",
            )
        if not provider.client_id and not provider.personal_tokens:
            raise Invalid(f"sign-in provider {provider.name!r} needs a client_id", suggestion="set its `client_id`")
        if not provider.name.replace("-", "").isalnum():
            raise Invalid(f"{provider.name[:40]!r} is no name for a sign-in provider", suggestion="letters, digits, -")
    if len({provider.name for provider in providers}) != len(providers):
        raise Invalid("two sign-in providers have the same name", suggestion="give each a name of its own")
    return providers


def is_personal(provider: SignInProvider, token: str) -> bool:
    """Whether this is a token that somebody made for themselves, at a provider of which such tokens are taken."""
    known = _PERSONAL.get(provider.kind) if provider.personal_tokens else None
    return known is not None and known.fullmatch(token) is not None


def needs_username(provider: SignInProvider) -> bool:
    """Whether its personal tokens count only together with the address of their account."""
    return provider.kind is ProviderKind.BITBUCKET


def scopes_of(provider: SignInProvider) -> tuple[str, ...]:
    return provider.scopes or _SCOPES[provider.kind]


def endpoints_of(provider: SignInProvider) -> Endpoints:
    """Of every kind but OpenID Connect, whose provider tells its own."""
    host = provider.host
    match provider.kind:
        case ProviderKind.GITHUB:
            api = "https://api.github.com" if host == _PUBLIC[ProviderKind.GITHUB] else f"{host}/api/v3"
            authorize, token = f"{host}/login/oauth/authorize", f"{host}/login/oauth/access_token"
            return Endpoints(authorize, token, f"{api}/user", f"{api}/user/emails")
        case ProviderKind.GITEA:
            authorize, token = f"{host}/login/oauth/authorize", f"{host}/login/oauth/access_token"
            return Endpoints(authorize, token, f"{host}/api/v1/user")
        case ProviderKind.GITLAB:
            return Endpoints(f"{host}/oauth/authorize", f"{host}/oauth/token", f"{host}/api/v4/user")
        case ProviderKind.BITBUCKET:
            api = "https://api.bitbucket.org/2.0" if host == _PUBLIC[ProviderKind.BITBUCKET] else f"{host}/2.0"
            site = f"{host}/site/oauth2"
            return Endpoints(f"{site}/authorize", f"{site}/access_token", f"{api}/user", f"{api}/user/emails")
        case ProviderKind.OIDC:
            raise AssertionError("an OpenID Connect provider tells its own endpoints")


def git_user(provider: SignInProvider, login: str) -> str:
    """The user name that goes with an access token in Git over HTTPS."""
    return {ProviderKind.GITLAB: "oauth2", ProviderKind.BITBUCKET: "x-token-auth"}.get(provider.kind, login)
