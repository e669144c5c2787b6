"""What Git hosts say when something was pushed: who signed it, and which repositories it is about. Pure.

host               signature                                              addresses
GitHub             X-Hub-Signature-256: sha256=HMAC, and with SHA-1 in    repository.clone_url, ssh_url, html_url
                   X-Hub-Signature, as Gitea and Forgejo have it, too
Gitea, Forgejo     X-Gitea-Signature, X-Forgejo-Signature: HMAC           the same
Gogs               X-Gogs-Signature: HMAC                                 the same
GitLab             X-Gitlab-Token: the secret                             project.git_http_url, git_ssh_url
Bitbucket          X-Hub-Signature: sha256=HMAC                           repository.links.html
Bitbucket Server   X-Hub-Signature: sha256=HMAC                           repository.links.clone; may be missing: all
Azure DevOps       Authorization: Basic, the secret as password           resource.repository.remoteUrl, sshUrl
GHCR               as GitHub, event `package`                             package.namespace, package.name
Harbor             Authorization: Bearer, the secret                      event_data.resources[].resource_url
anything else      X-Argosy-Signature: sha256=HMAC, or Bearer, the secret repository or repositories: addresses
"""

import base64
import binascii
import hashlib
import hmac
from collections.abc import Iterator, Mapping
from urllib.parse import urlsplit

import msgspec

_SIGNATURES = (
    "x-hub-signature-256",
    "x-hub-signature",
    "x-gitea-signature",
    "x-forgejo-signature",
    "x-gogs-signature",
    "x-argosy-signature",
)
_PUSHES_WITHOUT_ADDRESS = frozenset({"repo:refs_changed", "mirror:repo_synchronized"})
_OCI = "oci://"
_MAX_URLS = 20
_MAX_URL_LENGTH = 2_048


class _Link(msgspec.Struct, frozen=True):
    href: str = ""


class _Links(msgspec.Struct, frozen=True):
    html: _Link | None = None
    clone: tuple[_Link, ...] = ()


class _Repository(msgspec.Struct, frozen=True):
    """Addresses of a repository under each name that a host has for them."""

    clone_url: str = ""
    ssh_url: str = ""
    git_http_url: str = ""
    git_ssh_url: str = ""
    html_url: str = ""
    remote_url: str = msgspec.field(default="", name="remoteUrl")
    azure_ssh_url: str = msgspec.field(default="", name="sshUrl")
    links: _Links | None = None

    def urls(self) -> Iterator[str]:
        yield from (self.clone_url, self.ssh_url, self.git_http_url, self.git_ssh_url, self.html_url)
        yield from (self.remote_url, self.azure_ssh_url)
        if self.links is not None:
            yield from (link.href for link in self.links.clone)
            yield self.links.html.href if self.links.html is not None else ""


class _Resource(msgspec.Struct, frozen=True):
    repository: _Repository | None = None


class _Package(msgspec.Struct, frozen=True):
    """What GitHub says of an image or a chart."""

    name: str = ""
    namespace: str = ""
    package_type: str = ""

    def urls(self) -> Iterator[str]:
        if self.package_type.lower() == "container" and self.namespace and self.name:
            yield f"{_OCI}ghcr.io/{self.namespace}/{self.name}"


class _Artifact(msgspec.Struct, frozen=True):
    """What Harbor says of one: an address of a registry with a tag or a digest."""

    resource_url: str = ""

    def urls(self) -> Iterator[str]:
        place, slash, name = self.resource_url.partition("@")[0].rpartition("/")
        if slash:
            yield f"{_OCI}{place}/{name.partition(':')[0]}"


class _EventData(msgspec.Struct, frozen=True):
    resources: tuple[_Artifact, ...] = ()


class _Push(msgspec.Struct, frozen=True):
    package: _Package | None = None
    event_data: _EventData | None = None
    repository: _Repository | str | None = None
    project: _Repository | None = None
    resource: _Resource | None = None
    repositories: tuple[str, ...] = ()

    def urls(self) -> Iterator[str]:
        yield from self.repositories
        artifacts = self.event_data.resources if self.event_data else ()
        parts = (self.repository, self.project, self.resource.repository if self.resource else None)
        for registry in (self.package, *artifacts):
            if registry is not None:
                yield from registry.urls()
        for part in parts:
            if isinstance(part, str):
                yield part
            elif part is not None:
                yield from part.urls()


_decoder = msgspec.json.Decoder(_Push)


def is_signed(headers: Mapping[str, str], body: bytes, secret: str) -> bool:
    """Whether the sender knows the secret. `headers` by lower case name. Every signature that is there has to fit, and
    one with SHA-1, which hosts send for old receivers, is never enough alone."""
    given = [value for name in _SIGNATURES if (value := headers.get(name)) is not None]
    if given:
        old = [value for value in given if value.startswith("sha1=")]
        strong = [value.removeprefix("sha256=") for value in given if value not in old]
        return (
            bool(strong)
            and all(_same(value, hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()) for value in strong)
            and all(_same(value, "sha1=" + hmac.new(secret.encode(), body, hashlib.sha1).hexdigest()) for value in old)
        )
    return any(_same(value, secret) for value in _plain_secrets(headers))


def pushed_urls(headers: Mapping[str, str], body: bytes) -> tuple[str, ...] | None:
    """Addresses of the repositories that were pushed to; () for all of them: which ones it does not say.

    None: it is nothing that could be a push.
    """
    try:
        push = _decoder.decode(body)
    except (msgspec.DecodeError, RecursionError):
        return None
    urls = tuple(dict.fromkeys(url for url in push.urls() if _is_address(url)))[:_MAX_URLS]
    if urls:
        return urls
    return () if headers.get("x-event-key") in _PUSHES_WITHOUT_ADDRESS else None


def _plain_secrets(headers: Mapping[str, str]) -> Iterator[str]:
    if token := headers.get("x-gitlab-token"):
        yield token
    scheme, _, rest = headers.get("authorization", "").partition(" ")
    if scheme.lower() == "bearer":
        yield rest.strip()
    if scheme.lower() == "basic":
        try:
            yield base64.b64decode(rest.strip(), validate=True).decode().partition(":")[2]
        except (binascii.Error, UnicodeDecodeError):
            return


def _same(given: str, expected: str) -> bool:
    """In constant time; text that is not ASCII included."""
    return hmac.compare_digest(given.encode(errors="surrogatepass"), expected.encode())


def _is_address(url: str) -> bool:
    if not url or len(url) > _MAX_URL_LENGTH or not url.isprintable():
        return False
    try:
        return bool(urlsplit(url).path)
    except ValueError:
        return False
