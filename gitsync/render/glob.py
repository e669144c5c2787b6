"""Globs of `directory.include` and `directory.exclude`, as Argo CD reads them. Pure.

`*` crosses `/`, `?` is any one character, `[abc]` and `[!a-z]` are sets, `{a,b}` are alternatives, `\\` takes the next
character as it is.
"""

import functools
import re
from collections.abc import Callable, Iterator

from gitsync.render.errors import SourceInvalid

_MAX_LENGTH = 2000
_MAX_ALTERNATIVES = 256


@functools.lru_cache(maxsize=1000)
def compile_glob(pattern: str) -> Callable[[str], bool]:
    """Whether a whole path matches. Raises SourceInvalid."""
    if len(pattern) > _MAX_LENGTH:
        raise _invalid(pattern, "is too long")
    alternatives = list(_alternatives(_tokens(pattern), pattern))
    expressions = [re.compile(_expression(tokens), re.DOTALL) for tokens in alternatives]
    return lambda path: any(expression.fullmatch(path) for expression in expressions)


def _tokens(pattern: str) -> list[str]:
    """Literals as regular expressions; the signs `*`, `{`, `,` and `}` as themselves."""
    tokens, position, depth = [], 0, 0
    while position < len(pattern):
        character = pattern[position]
        position += 1
        if character == "\\":
            if position == len(pattern):
                raise _invalid(pattern, "ends in a backslash")
            tokens.append(re.escape(pattern[position]))
            position += 1
        elif character == "[":
            expression, position = _set(pattern, position)
            tokens.append(expression)
        elif character == "?":
            tokens.append(".")
        elif character in "*{}" or (character == "," and depth):
            depth += {"{": 1, "}": -1}.get(character, 0)
            tokens.append(character)
        else:
            tokens.append(re.escape(character))
        if depth < 0:
            raise _invalid(pattern, "has a } without its {")
    if depth:
        raise _invalid(pattern, "has a { without its }")
    return tokens


def _set(pattern: str, position: int) -> tuple[str, int]:
    end = pattern.find("]", position + 1)
    if end < 0:
        raise _invalid(pattern, "has a [ without its ]")
    body = pattern[position:end]
    negated = body.startswith(("!", "^"))
    body = body[1:] if negated else body
    escaped = "".join(f"\\{character}" if character in "\\[]^&~|" else character for character in body)
    try:
        re.compile(f"[{escaped}]")
    except re.error as error:
        raise _invalid(pattern, f"has a set [{body}] that is none") from error
    return f"[{'^' if negated else ''}{escaped}]", end + 1


def _alternatives(tokens: list[str], pattern: str) -> Iterator[list[str]]:
    """The token lists without braces that one with braces stands for."""
    todo, count = [tokens], 0
    while todo:
        current = todo.pop()
        if "{" not in current:
            count += 1
            if count > _MAX_ALTERNATIVES:
                raise _invalid(pattern, "has too many alternatives")
            yield current
            continue
        # The last opening brace has no other inside.
        start = len(current) - 1 - current[::-1].index("{")
        end = current.index("}", start)
        if len(todo) > _MAX_ALTERNATIVES:
            raise _invalid(pattern, "has too many alternatives")
        todo += [[*current[:start], *choice, *current[end + 1 :]] for choice in _split(current[start + 1 : end])]


def _split(tokens: list[str]) -> list[list[str]]:
    choices: list[list[str]] = [[]]
    for part in tokens:
        if part == ",":
            choices.append([])
        else:
            choices[-1].append(part)
    return choices


def _expression(tokens: list[str]) -> str:
    """Between stars the shortest match is always right, and not going back on it keeps matching fast."""
    parts: list[list[str]] = [[]]
    for sign in tokens:
        if sign != "*":
            parts[-1].append(sign)
        elif parts[-1] or len(parts) == 1:
            parts.append([])
    if len(parts) == 1:
        return "".join(parts[0])
    first, *middle, last = ("".join(part) for part in parts)
    return first + "".join(f"(?>.*?{part})" for part in middle if part) + f".*{last}"


def _invalid(pattern: str, what: str) -> SourceInvalid:
    return SourceInvalid(
        f"the glob {pattern!r:.200} {what}", suggestion="Correct directory.include or directory.exclude of the source."
    )
