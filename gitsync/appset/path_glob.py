"""The three ways in which paths of a repository are matched."""

import re
from functools import lru_cache

from gitsync.appset.errors import GeneratorInvalid

_MAX_LENGTH = 1000


def matches_directory(pattern: str, path: str) -> bool:
    """Go's path.Match: no sign crosses a `/`."""
    return _compile(pattern, "path").fullmatch(path) is not None


def matches_file(pattern: str, path: str, *, new_globbing: bool = False) -> bool:
    """Files: a `*` crosses `/` as in git's pathspecs, unless `new_globbing`, where only `**` does."""
    if new_globbing:
        return _compile(pattern, "doublestar").fullmatch(path) is not None
    if not re.search(r"[*?\[]", pattern):
        plain = pattern.rstrip("/")
        return path == plain or path.startswith(plain + "/") or not plain
    return _compile(pattern, "pathspec").fullmatch(path) is not None


@lru_cache(maxsize=1024)
def _compile(pattern: str, style: str) -> re.Pattern[str]:
    if len(pattern) > _MAX_LENGTH:
        raise _invalid(pattern)
    one = "." if style == "pathspec" else "[^/]"
    text, position = "", 0
    while position < len(pattern):
        character = pattern[position]
        if character == "*":
            end = position
            while pattern[end : end + 1] == "*":
                end += 1
            text, position = _stars(text, pattern, position, end, style)
            continue
        if character == "?":
            text += one
        elif character == "[":
            end = pattern.find("]", position + 2)
            if end < 0:
                raise _invalid(pattern)
            inside = pattern[position + 1 : end]
            negated = inside[0] in "^!"
            escaped = re.sub(r"([\[&~|])", r"\\\1", inside[negated:])
            text, position = text + f"[{'^' if negated else ''}{escaped}]", end
        elif character == "\\" and position + 1 < len(pattern):
            position += 1
            text += re.escape(pattern[position])
        else:
            text += re.escape(character)
        position += 1
    try:
        return re.compile(text, re.DOTALL)
    except re.error as error:
        raise _invalid(pattern) from error


def _stars(text: str, pattern: str, start: int, end: int, style: str) -> tuple[str, int]:
    """Stars in a row become one, so that a pattern cannot be made slow by many of them."""
    if style == "pathspec":
        return text + ".*", end
    whole = end - start == 2 and (start == 0 or pattern[start - 1] == "/")
    if style == "doublestar" and whole and pattern[end : end + 1] in ("", "/"):
        return (text + "(?:.*/)?", end + 1) if end < len(pattern) else (text + ".*", end)
    return text + "[^/]*", end


def _invalid(pattern: str) -> GeneratorInvalid:
    return GeneratorInvalid(f"the glob {pattern!r:.200} is none", suggestion="Correct the path of the git generator.")
