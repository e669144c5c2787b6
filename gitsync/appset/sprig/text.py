"""Texts. Lengths and positions count bytes where Go's do."""

import re
from typing import Any

from gitsync.appset.gotemplate.function import CallFailed, GoFunction, go
from gitsync.appset.gotemplate.printing import plain, quoted
from gitsync.appset.gotemplate.values import StringMap, Strings, as_bytes, as_text
from gitsync.appset.sprig.casing import camelcase, snakecase, swapcase, title
from gitsync.appset.sprig.cast import as_string, as_strings

_LONGEST = 4_000_000


def _abbreviated(width: int, text: str) -> str:
    return text if width < 4 else _abbreviate_both(0, width, text)


def _abbreviate_both(offset: int, width: int, text: str) -> str:
    if width < 4 or (offset > 0 and width < 7):
        return text
    data = as_bytes(text)
    if len(data) <= width:
        return text
    offset = min(offset, len(data))
    if len(data) - offset < width - 3:
        offset = len(data) - (width - 3)
    if offset <= 4:
        return as_text(data[: width - 3]) + "..."
    if offset + width - 3 < len(data):
        return "..." + _abbreviate_both(0, width - 3, as_text(data[offset:]))
    return "..." + as_text(data[len(data) - (width - 3) :])


def _trunc(count: int, text: str) -> str:
    data = as_bytes(text)
    if count < 0:
        return as_text(data[len(data) + count :]) if len(data) + count > 0 else text
    return as_text(data[:count])


def _substr(start: int, end: int, text: str) -> str:
    data = as_bytes(text)
    if start < 0:
        start, end = 0, end
    elif end < 0 or end > len(data):
        end = len(data)
    if not 0 <= start <= end <= len(data):
        raise CallFailed(f"runtime error: slice bounds out of range [{start}:{end}]")
    return as_text(data[start:end])


def _repeat(count: int, text: str) -> str:
    if count < 0:
        raise CallFailed("strings: negative Repeat count")
    if count * len(text) > _LONGEST:
        raise CallFailed("the repeated text is too long")
    return text * count


def _initials(text: str) -> str:
    return "".join(word[0] for word in text.split())


def _quote(*values: Any) -> str:
    return " ".join(quoted(as_string(value)) for value in values if value is not None)


def _squote(*values: Any) -> str:
    return " ".join(f"'{plain(value)}'" for value in values if value is not None)


def _cat(*values: Any) -> str:
    return " ".join(plain(value) for value in values if value is not None)


def _indent(spaces: int, text: str) -> str:
    if spaces < 0:
        raise CallFailed("strings: negative Repeat count")
    if spaces * (text.count("\n") + 1) > _LONGEST:
        raise CallFailed("the indented text is too long")
    return " " * spaces + text.replace("\n", "\n" + " " * spaces)


def _split_parts(separator: str, text: str, count: int = -1) -> list[str]:
    if count == 0:
        return []
    if not separator:
        characters = list(text)
        return (
            characters
            if count < 0 or count >= len(characters)
            else [*characters[: count - 1], "".join(characters[count - 1 :])]
        )
    return text.split(separator, count - 1 if count > 0 else -1)


def _numbered(parts: list[str]) -> StringMap:
    return StringMap({f"_{position}": part for position, part in enumerate(parts)})


def _replace(old: str, new: str, text: str) -> str:
    if len(new) * text.count(old) > _LONGEST:
        raise CallFailed("the replaced text is too long")
    return text.replace(old, new)


def _wrap(width: int, text: str) -> str:
    return _wrap_with(width, "\n", text, breaks=False)


def _wrap_with(width: int, separator: str, text: str, *, breaks: bool = True) -> str:
    width = max(width, 1)
    lines, offset, separator = [], 0, separator or "\n"
    while len(text) - offset > width:
        if text[offset] == " ":
            offset += 1
            continue
        space = text.rfind(" ", offset, offset + width + 1)
        if space < 0 and not breaks:
            space = text.find(" ", offset + width)
            if space < 0:
                break
        end = space if space >= 0 else offset + width
        lines.append(text[offset:end])
        offset = end + (space >= 0)
    return separator.join([*lines, text[offset:]])


def _untitle(text: str) -> str:
    return re.sub(r"(^|\s)(\S)", lambda match: match.group(1) + match.group(2).lower(), text)


TEXTS: dict[str, GoFunction] = {
    "hello": go(lambda: "Hello!"),
    "abbrev": go(_abbreviated, "int", "string"),
    "abbrevboth": go(_abbreviate_both, "int", "int", "string"),
    "trunc": go(_trunc, "int", "string"),
    "trim": go(lambda text: text.strip(" \t\n\v\f\r\x85\xa0"), "string"),
    "upper": go(lambda text: "".join(c.upper() if len(c.upper()) == 1 else c for c in text), "string"),
    "lower": go(lambda text: "".join(c.lower() if len(c.lower()) == 1 else c for c in text), "string"),
    "title": go(title, "string"),
    "untitle": go(_untitle, "string"),
    "substr": go(_substr, "int", "int", "string"),
    "repeat": go(_repeat, "int", "string"),
    "trimall": go(lambda cut, text: text.strip(cut) if cut else text, "string", "string"),
    "trimAll": go(lambda cut, text: text.strip(cut) if cut else text, "string", "string"),
    "trimSuffix": go(lambda suffix, text: text.removesuffix(suffix), "string", "string"),
    "trimPrefix": go(lambda prefix, text: text.removeprefix(prefix), "string", "string"),
    "nospace": go(lambda text: re.sub(r"\s", "", text), "string"),
    "initials": go(_initials, "string"),
    "swapcase": go(swapcase, "string"),
    "snakecase": go(snakecase, "string"),
    "kebabcase": go(lambda text: snakecase(text, "-"), "string"),
    "camelcase": go(camelcase, "string"),
    "wrap": go(_wrap, "int", "string"),
    "wrapWith": go(_wrap_with, "int", "string", "string"),
    "contains": go(lambda part, text: part in text, "string", "string"),
    "hasPrefix": go(lambda prefix, text: text.startswith(prefix), "string", "string"),
    "hasSuffix": go(lambda suffix, text: text.endswith(suffix), "string", "string"),
    "quote": go(_quote, "any..."),
    "squote": go(_squote, "any..."),
    "cat": go(_cat, "any..."),
    "indent": go(_indent, "int", "string"),
    "nindent": go(lambda spaces, text: "\n" + _indent(spaces, text), "int", "string"),
    "replace": go(_replace, "string", "string", "string"),
    "plural": go(lambda one, many, count: one if count == 1 else many, "string", "string", "int"),
    "toString": go(as_string, "any"),
    "toStrings": go(as_strings, "any"),
    "join": go(lambda separator, value: separator.join(as_strings(value)), "string", "any"),
    "split": go(lambda separator, text: _numbered(_split_parts(separator, text)), "string", "string"),
    "splitn": go(
        lambda separator, count, text: _numbered(_split_parts(separator, text, count)), "string", "int", "string"
    ),
    "splitList": go(lambda separator, text: Strings(_split_parts(separator, text)), "string", "string"),
}
