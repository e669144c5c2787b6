"""The globs of AppProjects: `*`, `**`, `?`, `[...]`, `{a,b}`, and `!` in front to deny."""

import re
from functools import lru_cache


def matches(pattern: str, value: str, *, separator: str = "") -> bool:
    """Whether a pattern without `!` fits the whole value. With a separator, only `**` and a lone `*` cross it."""
    return pattern == "*" or _compile(pattern, separator).fullmatch(value) is not None


def matches_or_regex(pattern: str, value: str) -> bool:
    """A pattern between slashes is a regular expression, of which some part of the value has to be a match."""
    if len(pattern) < 2 or not (pattern.startswith("/") and pattern.endswith("/")):
        return matches(pattern, value)
    try:
        return re.search(pattern[1:-1], value) is not None
    except re.error:
        return False


def denies(pattern: str) -> bool:
    return pattern.startswith("!")


@lru_cache(maxsize=1024)
def _compile(pattern: str, separator: str) -> re.Pattern[str]:
    one = f"[^{re.escape(separator)}]" if separator else "."
    text, depth, position = "", 0, 0
    while position < len(pattern):
        character = pattern[position]
        if pattern.startswith("**", position):
            text, position = text + ".*", position + 1
        elif character == "*":
            text += f"{one}*"
        elif character == "?":
            text += one
        elif character == "[" and (end := pattern.find("]", position + 2)) > 0:
            text, position = text + _character_class(pattern[position + 1 : end]), end
        elif character == "{":
            text, depth = text + "(?:", depth + 1
        elif character == "}" and depth:
            text, depth = text + ")", depth - 1
        elif character == "," and depth:
            text += "|"
        else:
            text += re.escape(character)
        position += 1
    return re.compile(text + ")" * depth, re.DOTALL)


def _character_class(inside: str) -> str:
    negated = inside.startswith("!")
    return f"[{'^' if negated else ''}{re.escape(inside[negated:]).replace(chr(92) + '-', '-')}]"
