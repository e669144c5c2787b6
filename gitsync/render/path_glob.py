"""Globs of Helm value files: `*`, `?` and sets stay within a name, `**` is any number of directories. Pure."""

import re
from collections.abc import Iterable

from gitsync.render.errors import SourceInvalid

_MAX_STARS = 20


def is_glob(path: str) -> bool:
    return any(sign in path for sign in "*?[{")


def expand(pattern: str, paths: Iterable[str]) -> list[str]:
    """The matching paths by name, the files of each directory before its subdirectories."""
    expression = _compile(pattern)
    matching = [path for path in paths if expression.fullmatch(path)]
    return sorted(
        matching, key=lambda path: [(index < path.count("/"), part) for index, part in enumerate(path.split("/"))]
    )


def fixed_part(pattern: str) -> str:
    """The directory below which everything that matches lies."""
    parts = pattern.split("/")
    first = next((index for index, part in enumerate(parts) if is_glob(part)), len(parts) - 1)
    return "/".join(parts[:first])


def _compile(pattern: str) -> re.Pattern[str]:
    if pattern.count("*") > _MAX_STARS or len(pattern) > 1000:
        raise SourceInvalid(f"the glob {pattern!r:.200} is too complex", suggestion="Use fewer stars.")
    parts = pattern.split("/")
    expressions = []
    for index, part in enumerate(parts):
        last = index == len(parts) - 1
        if part == "**":
            expressions.append(r"(?:[^/]+/)*[^/]+" if last else r"(?:[^/]+/)*")
        else:
            expressions.append(_name(part, pattern) + ("" if last else "/"))
    try:
        return re.compile("".join(expressions), re.DOTALL)
    except re.error as error:
        raise SourceInvalid(f"the glob {pattern!r:.200} is none", suggestion="Correct it in valueFiles.") from error


def _name(part: str, pattern: str) -> str:
    out, position, depth = [], 0, 0
    while position < len(part):
        sign = part[position]
        position += 1
        if sign == "*":
            out.append("[^/]*")
        elif sign == "?":
            out.append("[^/]")
        elif sign == "[" and (end := part.find("]", position + 1)) > 0:
            body = part[position:end].replace("\\", "\\\\").replace("[", "\\[")
            out.append(f"[^/{body[1:]}]" if body[0] in "!^" else f"[{body}]")
            position = end + 1
        elif sign == "{":
            depth += 1
            out.append("(?:")
        elif sign == "}" and depth:
            depth -= 1
            out.append(")")
        elif sign == "," and depth:
            out.append("|")
        elif sign == "\\" and position < len(part):
            out.append(re.escape(part[position]))
            position += 1
        else:
            out.append(re.escape(sign))
    if depth:
        raise SourceInvalid(f"the glob {pattern!r:.200} has a {{ without its }}", suggestion="Close it.")
    return "".join(out)
