"""Regular expressions, by the RE2 library that Go's follow: linear time, whatever the expression."""

import re
from functools import lru_cache
from typing import Any

import re2

from gitsync.appset.gotemplate.function import CallFailed, GoFunction, go
from gitsync.appset.gotemplate.values import Strings

_MAX_LENGTH = 10_000
_REFERENCE = re.compile(r"\$(?:\$|(\w+)|\{(\w+)\})", re.ASCII)


@lru_cache(maxsize=256)
def _compile(expression: str) -> Any:
    if len(expression) > _MAX_LENGTH:
        raise CallFailed("the regular expression is too long")
    options = re2.Options()
    options.log_errors = False
    try:
        return re2.compile(expression, options=options)
    except re2.error as error:
        raise CallFailed(f"error parsing regexp: {expression:.200}") from error


def _matches(expression: str, text: str) -> bool:
    return _compile(expression).search(text) is not None


def _matches_or_false(expression: str, text: str) -> bool:
    try:
        return _matches(expression, text)
    except CallFailed:
        return False


def _found(expression: str, text: str) -> list[Any]:
    """Matches as Go finds them: none that is empty right after another."""
    found, end = [], -1
    for match in _compile(expression).finditer(text):
        if match.start() == match.end() == end:
            continue
        found.append(match)
        end = match.end()
    return found


def _find(expression: str, text: str) -> str:
    match = _compile(expression).search(text)
    return str(match.group()) if match else ""


def _find_all(expression: str, text: str, count: int) -> Strings:
    found = _found(expression, text)
    return Strings(str(match.group()) for match in (found if count < 0 else found[:count]))


def _replace(expression: str, text: str, template: str) -> str:
    names = _compile(expression).groupindex
    return _replaced(expression, text, lambda match: _expanded(template, match, names))


def _replace_literally(expression: str, text: str, replacement: str) -> str:
    return _replaced(expression, text, lambda match: replacement)


def _replaced(expression: str, text: str, replacement: Any) -> str:
    parts, position = [], 0
    for match in _found(expression, text):
        parts += [text[position : match.start()], replacement(match)]
        position = match.end()
    return "".join([*parts, text[position:]])


def _expanded(template: str, match: Any, names: Any) -> str:
    def group(reference: re.Match[str]) -> str:
        name = reference.group(1) or reference.group(2)
        if name is None:
            return "$"
        if name.isdecimal():
            return (match.group(int(name)) or "") if int(name) <= len(match.groups()) else ""
        return (match.group(name) or "") if name in names else ""

    return _REFERENCE.sub(group, template)


def _split(expression: str, text: str, count: int) -> Strings:
    if count == 0:
        return Strings()
    if expression and not text:
        return Strings([""])
    parts, begin, end = Strings(), 0, 0
    for match in _found(expression, text):
        if count > 0 and len(parts) == count - 1:
            break
        end = match.start()
        if match.end() != 0:
            parts.append(text[begin:end])
        begin = match.end()
    if end != len(text):
        parts.append(text[begin:])
    return parts


def _quote_meta(text: str) -> str:
    return re.sub(r"[\\.+*?()|\[\]{}^$]", lambda match: "\\" + match.group(), text)


def _both(name: str, function: GoFunction) -> dict[str, GoFunction]:
    return {name: function, f"must{name[0].upper()}{name[1:]}": function}


REGEXES: dict[str, GoFunction] = {
    "regexMatch": go(_matches_or_false, "string", "string"),
    "mustRegexMatch": go(_matches, "string", "string"),
    **_both("regexFind", go(_find, "string", "string")),
    **_both("regexFindAll", go(_find_all, "string", "string", "int")),
    **_both("regexReplaceAll", go(_replace, "string", "string", "string")),
    **_both("regexReplaceAllLiteral", go(_replace_literally, "string", "string", "string")),
    **_both("regexSplit", go(_split, "string", "string", "int")),
    "regexQuoteMeta": go(_quote_meta, "string"),
}
