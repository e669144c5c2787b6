"""Paths and URLs."""

import posixpath
from typing import Any
from urllib.parse import quote, unquote, urlsplit

from gitsync.appset.gotemplate.function import CallFailed, GoFunction, go


def clean(path: str) -> str:
    """The shortest path that means the same."""
    cleaned = posixpath.normpath(path) if path else "."
    return cleaned[1:] if cleaned.startswith("//") else cleaned


def base(path: str) -> str:
    if not path:
        return "."
    trimmed = path.rstrip("/")
    return trimmed.rpartition("/")[2] if trimmed else "/"


def _directory(path: str) -> str:
    return clean(path[: path.rfind("/") + 1])


def _extension(path: str) -> str:
    name = path.rpartition("/")[2]
    return name[name.rfind(".") :] if "." in name else ""


def _parse(url: str) -> dict[str, Any]:
    try:
        parts = urlsplit(url)
        hostname = parts.netloc.rpartition("@")[2]
        _ = parts.port
    except ValueError as error:
        raise CallFailed(f"unable to parse url: {error}") from error
    user, at, host = parts.netloc.rpartition("@")
    name = host[1 : host.find("]")] if host.startswith("[") else hostname.partition(":")[0]
    opaque = bool(parts.scheme) and not parts.netloc and not parts.path.startswith("/") and bool(parts.path)
    return {
        "scheme": parts.scheme,
        "host": host,
        "hostname": name,
        "path": "" if opaque else unquote(parts.path),
        "query": parts.query,
        "opaque": parts.path if opaque else "",
        "fragment": unquote(parts.fragment),
        "userinfo": user if at else "",
    }


def _join(parts: dict[str, Any]) -> str:
    def part(name: str) -> str:
        value = parts.get(name, "")
        if not isinstance(value, str):
            raise CallFailed(f"unable to parse {name} key, must be of type string")
        return value

    text = f"{part('scheme')}:" if part("scheme") else ""
    if part("opaque"):
        text += part("opaque")
    else:
        path = quote(part("path"), safe="/$&+,:;=@-_.~!*'()")
        host = (part("userinfo") + "@" if part("userinfo") else "") + part("host")
        if host or part("scheme") or part("userinfo"):
            text += "//" + host if host or path.startswith("//") or part("scheme") == "file" else ""
            path = "/" + path if host and path and not path.startswith("/") else path
        text += path
    text += "?" + part("query") if part("query") else ""
    return text + ("#" + quote(part("fragment"), safe="/$&+,:;=@-_.~!*'()?") if part("fragment") else "")


_PATHS: dict[str, GoFunction] = {
    "base": go(base, "string"),
    "dir": go(_directory, "string"),
    "clean": go(clean, "string"),
    "ext": go(_extension, "string"),
    "isAbs": go(lambda path: path.startswith("/"), "string"),
}
PLACES: dict[str, GoFunction] = {
    **_PATHS,
    **{f"os{name[0].upper()}{name[1:]}": function for name, function in _PATHS.items()},
    "urlParse": go(_parse, "string"),
    "urlJoin": go(_join, "map"),
}
