"""Single files on servers, as kustomizations and values name them. Pure."""

import ipaddress
from dataclasses import dataclass
from urllib.parse import urlsplit

from gitsync.render.errors import SourceInvalid

_FETCHED = ("http", "https")


@dataclass(frozen=True, slots=True)
class FileUse:
    """The kustomization in `directory` names the file as `name`, which is its address."""

    directory: str
    name: str

    @property
    def url(self) -> str:
        return self.name


def is_address(name: str) -> bool:
    """Whether a name is that of a single file on a server."""
    return urlsplit(name).scheme in _FETCHED


def require_fetchable(url: str) -> None:
    """Raises SourceInvalid for an address that no file is fetched from."""
    parts = urlsplit(url)
    try:
        local = ipaddress.ip_address(parts.hostname or "").is_link_local
    except ValueError:
        local = False
    if local or not parts.hostname or parts.username or parts.password:
        raise SourceInvalid(
            f"the file {parts.hostname!r:.200} is at an address that is not fetched from",
            suggestion="Commit the file to the repository, or to one that another source refers to.",
        )
