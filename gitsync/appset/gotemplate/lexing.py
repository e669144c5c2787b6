"""Text to tokens: what stands outside of `{{` and `}}` is one token, what stands inside is cut by Go's rules."""

import re
from collections.abc import Generator, Iterator
from dataclasses import dataclass
from enum import StrEnum

from gitsync.appset.gotemplate.errors import TemplateSyntaxInvalid

_SPACES = " \t\r\n"
_WORD = r"[^\W\d]\w*"
_TOKENS = re.compile(
    rf"""
    (?P<space>[ \t\r\n]+)
    |(?P<string>"(?:[^"\\\n]|\\[^\n])*")
    |(?P<raw>`[^`]*`)
    |(?P<char>'(?:[^'\\\n]|\\[^\n])+')
    |(?P<field>\.{_WORD})
    |(?P<number>[+-]?(?:0[xX][0-9a-fA-F_]+|0[oO][0-7_]+|0[bB][01_]+|(?:\d[\d_]*\.?[\d_]*|\.\d[\d_]*)(?:[eE][+-]?[\d_]+)?))
    |(?P<dot>\.)
    |(?P<variable>\$\w*)
    |(?P<word>{_WORD})
    |(?P<declare>:=)
    |(?P<sign>[|(),=])
    """,
    re.VERBOSE,
)
# What must follow a name, so that `$x{` or `.a"b"` is refused.
_AFTER_NAME = re.compile(r"[ \t\r\n.,|:()]|-?\}\}|=|\Z")


class Type(StrEnum):
    TEXT = "text"
    OPEN = "{{"
    CLOSE = "}}"
    SPACE = "space"
    STRING = "string"
    RAW = "raw"
    CHARACTER = "char"
    FIELD = "field"
    NUMBER = "number"
    DOT = "dot"
    VARIABLE = "variable"
    WORD = "word"
    DECLARE = "declare"
    SIGN = "sign"
    END = "end"


@dataclass(frozen=True, slots=True)
class Token:
    type: Type
    text: str
    line: int


def tokens(source: str) -> Iterator[Token]:
    """Raises TemplateSyntaxInvalid."""
    position, line, trim = 0, 1, False
    while True:
        start = source.find("{{", position)
        text = source[position : start if start >= 0 else len(source)]
        lines = text.count("\n")
        if trim:
            text = text.lstrip(_SPACES)
        inside = start + 2
        if start >= 0 and _opens_trimming(source, inside):
            text, inside = text.rstrip(_SPACES), inside + 1
        if text:
            yield Token(Type.TEXT, text, line)
        line += lines
        if start < 0:
            yield Token(Type.END, "", line)
            return
        comment = _comment(source, inside, line)
        if comment is not None:
            position, trim = comment
        else:
            yield Token(Type.OPEN, "{{", line)
            position, trim = yield from _action(source, inside, line)
        line += source.count("\n", start, position)


def _opens_trimming(source: str, position: int) -> bool:
    return source[position : position + 1] == "-" and source[position + 1 : position + 2] in tuple(_SPACES)


def _comment(source: str, position: int, line: int) -> tuple[int, bool] | None:
    """Where a comment ends, if one begins here, and whether it trims what follows."""
    begin = position
    if source[position - 1] == "-":
        while source[begin : begin + 1] in tuple(_SPACES):
            begin += 1
    if not source.startswith("/*", begin):
        return None
    end = source.find("*/", begin + 2)
    if end < 0:
        raise _invalid("a comment is not closed", line)
    rest = re.compile(r"([ \t\r\n]-)?\}\}").match(source, end + 2)
    if rest is None:
        raise _invalid("a comment ends before the closing }}", line)
    return rest.end(), rest.group(1) is not None


def _action(source: str, position: int, line: int) -> Generator[Token, None, tuple[int, bool]]:
    """The tokens of one action; its value is where the action ends, and whether it trims what follows."""
    depth = 0
    while True:
        closing = re.compile(r"[ \t\r\n]-\}\}|\}\}").match(source, position)
        if closing is not None:
            if depth:
                raise _invalid("a ( is not closed", line)
            yield Token(Type.CLOSE, "}}", line)
            return closing.end(), closing.group().startswith(tuple(_SPACES))
        match = _TOKENS.match(source, position)
        if match is None:
            what = f"{source[position]!r} stands where it may not" if position < len(source) else "}} is missing"
            raise _invalid(what, line)
        token = _checked(match, source, line)
        depth += {"(": 1, ")": -1}.get(token.text, 0) if token.type is Type.SIGN else 0
        if depth < 0:
            raise _invalid("a ) stands without its (", line)
        yield token
        line += token.text.count("\n")
        position = match.end()
        if token.type is Type.SPACE and source.startswith("-}}", position):
            position -= 1


def _checked(match: re.Match[str], source: str, line: int) -> Token:
    type_, text, after = Type(str(match.lastgroup)), match.group(), match.end()
    if type_ in (Type.FIELD, Type.VARIABLE, Type.WORD) and not _AFTER_NAME.match(source, after):
        raise _invalid(f"{source[after]!r} stands right after {text}", line)
    if type_ is Type.NUMBER and re.match(r"\w", source[after : after + 1]):
        raise _invalid(f"{text}{source[after]} is no number", line)
    return Token(type_, text, line)


def _invalid(what: str, line: int) -> TemplateSyntaxInvalid:
    return TemplateSyntaxInvalid(f"line {line}: {what}", suggestion="Correct the template.")
