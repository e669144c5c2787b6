"""Addresses of repositories: which are allowed, which are the same, and how they look without credentials. Pure."""

import re
from urllib.parse import quote, urlsplit, urlunsplit

from gitsync.git.errors import AddressRefused

_SCHEMES = frozenset({"http", "https", "ssh"})
_SCP = re.compile(r"(?:(?P<user>[\w.-]+)@)?(?P<host>[\w.-]+):(?P<path>(?!//)[^\s]+)")
_SECRET_IN_URL = re.compile(r"(?P<scheme>[a-zA-Z][a-zA-Z0-9+.-]*://)[^/\s]*@")
# Path between repository and commit id on hosts that have pages for commits; tried in this order.
_COMMIT_PAGES = (("gitlab", "/-/commit/"), ("bitbucket", "/commits/"), ("git", "/commit/"), ("codeberg", "/commit/"))


def redact(text: str) -> str:
    """The text with user names and passwords cut out of every URL in it."""
    return _SECRET_IN_URL.sub(r"\g<scheme>", text)


def check_address(url: str) -> None:
    """Raises AddressRefused for anything but http, https and ssh: local files and helper programs stay closed."""
    if _has_control_character(url) or (urlsplit(url).scheme not in _SCHEMES and not _scp(url)):
        raise AddressRefused(
            f"{redact(url)!r:.200} is no address of a Git repository that can be fetched from",
            suggestion="Use an https://, http:// or ssh:// URL, or user@host:path.",
        )


def same_place(url: str) -> str:
    """A key that is equal for all spellings of one repository: scheme, user, `.git` and case of the host set aside."""
    if match := _scp(url):
        host, path = match["host"], match["path"]
    else:
        parts = urlsplit(url)
        host, path = parts.netloc.rpartition("@")[2], parts.path
    return f"{host.lower()}/{path.strip('/').removesuffix('.git')}"


def ssh_parts(url: str) -> tuple[str, str] | None:
    """Host and path of an address that is read over SSH; None for others."""
    if match := _scp(url):
        return match["host"].lower(), match["path"].strip("/")
    parts = urlsplit(url)
    return ((parts.hostname or "").lower(), parts.path.strip("/")) if parts.scheme == "ssh" else None


def normalized(url: str) -> str:
    """The URL without what makes no difference to a host. User and password stay: they make one."""
    if _scp(url):
        return url.removesuffix("/").removesuffix(".git")
    parts = urlsplit(url)
    user, at, host = parts.netloc.rpartition("@")
    path = parts.path.rstrip("/").removesuffix(".git")
    return urlunsplit((parts.scheme, f"{user}{at}{host.lower()}", path, parts.query, ""))


def commit_page(url: str, sha: str) -> str | None:
    """Address of the page that shows a commit, where the host is known to have such pages."""
    host, _, path = same_place(url).partition("/")
    for word, middle in _COMMIT_PAGES:
        if word in host and host.replace(".", "").replace("-", "").isalnum():
            return f"https://{host}/{quote(path)}{middle}{sha}"
    return None


def _scp(url: str) -> re.Match[str] | None:
    return None if "://" in url else _SCP.fullmatch(url)


def _has_control_character(url: str) -> bool:
    return any(character <= " " or character == "\x7f" for character in url)
