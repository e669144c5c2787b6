"""Addresses that a browser may open: only those with a scheme that cannot run anything."""

from urllib.parse import urlsplit

_SCHEMES = ("http", "https", "mailto")


def safe_url(url: str | None) -> str | None:
    """The address, or None when a browser must not open it."""
    if not url or any(character.isspace() or ord(character) < 32 for character in url):
        return None
    try:
        scheme = urlsplit(url).scheme.lower()
    except ValueError:
        return None
    return url if scheme in _SCHEMES else None
