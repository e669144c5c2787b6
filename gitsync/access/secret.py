"""Secrets of the runtime's namespace as values: repositories, clusters and people's Git credentials.

Formats are Argo CD's where Argo CD has one. Nothing here is ever printed: every secret field hides its value.
"""

import base64
import binascii
from collections.abc import Callable
from dataclasses import dataclass, field
from urllib.parse import urlsplit

import msgspec

from gitsync.errors import Failed
from gitsync.manifest.object import JsonObject
from model.link_access import Renewal

SECRET_TYPE_LABEL = "argocd.argoproj.io/secret-type"  # noqa: S105 - the name of a label
PERSON_LABEL = "argosy.io/git-credential"
_ATLASSIAN, _OF_ATLASSIAN = "ATATT", "x-bitbucket-api-token-auth"


class SecretUnreadable(Failed):
    """A Secret lacks a field or holds one that cannot be decoded. The message names fields, never values."""


@dataclass(frozen=True, slots=True)
class Credential:
    """User and password (or token) for one Git host."""

    username: str
    password: str = field(repr=False)

    @property
    def git_username(self) -> str:
        """Whom Git is told. Atlassian's API tokens go with the address of the account in its API, and never in Git."""
        return _OF_ATLASSIAN if self.password.startswith(_ATLASSIAN) and "@" in self.username else self.username


@dataclass(frozen=True, slots=True)
class RepositorySecret:
    """`template`: the credential is for every URL that begins with `url` (repo-creds). `type`: git, helm or oci.

    `project`: the only one whose applications may use it, "" when all may.
    """

    url: str
    template: bool
    credential: Credential | None
    ssh_private_key: str = field(default="", repr=False)
    insecure: bool = False
    type: str = "git"
    provider: str = ""
    project: str = ""


@dataclass(frozen=True, slots=True)
class PersonSecret:
    """A person's credential; `url` is the prefix it is for, "" when it names none."""

    person: str
    url: str
    credential: Credential
    renewal: Renewal | None = None


def secret_data(body: JsonObject) -> dict[str, str]:
    """Decoded `data` and `stringData`. Values that are not text are left out: nothing here needs them."""
    data: dict[str, str] = {}
    for name, encoded in (body.get("data") or {}).items():
        try:
            data[name] = base64.b64decode(encoded or "", validate=True).decode()
        except (binascii.Error, UnicodeDecodeError):
            continue
    data.update(body.get("stringData") or {})
    return data


def read_repository_secret(body: JsonObject) -> RepositorySecret:
    """Raises SecretUnreadable."""
    data = secret_data(body)
    if not data.get("url"):
        raise SecretUnreadable(
            f"Secret {body['metadata']['name']} has no url", suggestion="add the repository's url to its data"
        )
    known = data.get("username") or data.get("password")
    return RepositorySecret(
        url=data["url"],
        template=(body["metadata"].get("labels") or {}).get(SECRET_TYPE_LABEL) == "repo-creds",
        credential=Credential(data.get("username", ""), data.get("password", "")) if known else None,
        ssh_private_key=data.get("sshPrivateKey", ""),
        insecure="true" in (data.get("insecure"), data.get("insecureIgnoreHostKey")),
        type=data.get("type") or "git",
        provider=data.get("provider", "").upper(),
        project=data.get("project", ""),
    )


def is_sealed(body: JsonObject) -> bool:
    return "sealed" in (body.get("data") or {})


def read_person_secret(body: JsonObject, unseal: Callable[[str, str, str], str] | None = None) -> PersonSecret:
    """`unseal` opens a sealed token, given whose it is and for which URL. Raises SecretUnreadable."""
    data = secret_data(body)
    if data.get("sealed") and unseal is not None:
        data["password"] = unseal(data.get("person", ""), data.get("url", ""), data["sealed"])
    renewal = None
    if data.get("renewal") and unseal is not None:
        renewal = read_renewal(unseal(data.get("person", ""), data.get("url", ""), data["renewal"]))
    if missing := [name for name in ("person", "username", "password") if not data.get(name)]:
        raise SecretUnreadable(
            f"Secret {body['metadata']['name']} has no {' and no '.join(missing)}", suggestion="add it to its data"
        )
    return PersonSecret(data["person"], data.get("url", ""), Credential(data["username"], data["password"]), renewal)


def read_renewal(text: str) -> Renewal | None:
    """None: it was written by another version; the token is good until it ends."""
    try:
        return msgspec.json.decode(text, type=Renewal)
    except msgspec.DecodeError:
        return None


def comparable_url(url: str) -> str:
    """The URL as repositories are compared: no user, no trailing slash or `.git`, host in lower case."""
    url = url.strip()
    parts = urlsplit(url)
    if not parts.scheme or not parts.hostname:
        return url.removesuffix("/").removesuffix(".git")
    port = f":{parts.port}" if parts.port else ""
    path = parts.path.rstrip("/").removesuffix(".git")
    return f"{parts.scheme.lower()}://{parts.hostname}{port}{path}"


def host_of(url: str) -> str:
    """`scheme://host:port`: where a credential would be sent."""
    parts = urlsplit(comparable_url(url))
    return f"{parts.scheme}://{parts.netloc}" if parts.hostname else ""


def host_name(url: str) -> str:
    """What people call the host."""
    return urlsplit(comparable_url(url)).netloc or url


def is_prefix(prefix: str, url: str) -> bool:
    """`prefix` covers `url` at a path boundary: never `https://host` for `https://host.evil`."""
    short, long = comparable_url(prefix), comparable_url(url)
    return long == short or long.startswith(short.rstrip("/") + "/")
