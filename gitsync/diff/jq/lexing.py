"""Text to tokens. A string with interpolations is one token that holds the texts and the tokens between them."""

import re
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from gitsync.diff.jq.errors import ExpressionUnusable

MAX_LENGTH = 4096

_NAME = r"[A-Za-z_][A-Za-z0-9_]*"
_TOKENS = re.compile(
    rf"""
    (?P<space>[\s]+|\#[^\n]*)
    |(?P<field>\.{_NAME})
    |(?P<number>(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?)
    |(?P<variable>\${_NAME})
    |(?P<format>@[A-Za-z0-9]+)
    |(?P<word>{_NAME}(?:::{_NAME})*)
    |(?P<sign>\.\.|\?//=?|//=|\|=|\+=|-=|\*=|/=|%=|==|!=|<=|>=|//|[.\[\](){{}}|,:;?=<>+\-*/%])
    |(?P<quote>")
    """,
    re.VERBOSE,
)
_PLAIN = re.compile(r'[^"\\]+')
_ESCAPES = {'"': '"', "\\": "\\", "/": "/", "b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t"}
_HEX = re.compile(r"[0-9a-fA-F]{4}")


class Type(StrEnum):
    """What a token is. Signs and words are told apart by their text."""

    FIELD = "field"
    NUMBER = "number"
    VARIABLE = "variable"
    FORMAT = "format"
    WORD = "word"
    SIGN = "sign"
    STRING = "string"
    END = "end"


@dataclass(frozen=True, slots=True)
class Token:
    """`parts` of a string: texts, and lists of tokens for what is to be put in."""

    type: Type
    text: str
    at: int
    parts: tuple[Any, ...] = ()


def tokens_of(text: str) -> list[Token]:
    """All tokens, an END last. Raises ExpressionUnusable."""
    if len(text) > MAX_LENGTH:
        raise ExpressionUnusable(f"it is longer than {MAX_LENGTH} characters")
    found, end = _Lexer(text).read(0, closing=False)
    return [*found, Token(Type.END, "", end)]


class _Lexer:
    def __init__(self, text: str) -> None:
        self._text = text

    def read(self, at: int, *, closing: bool) -> tuple[list[Token], int]:
        """Tokens up to the end, or (`closing`) up to the parenthesis that ends an interpolation."""
        found: list[Token] = []
        depth = 0
        while at < len(self._text):
            match = _TOKENS.match(self._text, at)
            if match is None:
                raise ExpressionUnusable(f"character {self._text[at]!r} at {at + 1} means nothing")
            kind, text = str(match.lastgroup), match.group()
            if kind == "quote":
                token, at = self._string(at)
                found.append(token)
                continue
            if text == "(":
                depth += 1
            elif text == ")":
                if closing and depth == 0:
                    return found, match.end()
                depth -= 1
            if kind != "space":
                found.append(Token(Type(kind), text[1:] if kind == "field" else text, at))
            at = match.end()
        if closing:
            raise ExpressionUnusable("a string is not closed")
        return found, at

    def _string(self, start: int) -> tuple[Token, int]:
        parts: list[Any] = []
        text, at = "", start + 1
        while at < len(self._text):
            if match := _PLAIN.match(self._text, at):
                text, at = text + match.group(), match.end()
            elif self._text[at] == '"':
                return Token(Type.STRING, text, start, (*parts, text)), at + 1
            elif self._text.startswith("\\(", at):
                inner, at = self.read(at + 2, closing=True)
                parts += [text, [*inner, Token(Type.END, "", at)]]
                text = ""
            else:
                character, at = self._escaped(at)
                text += character
        raise ExpressionUnusable("a string is not closed")

    def _escaped(self, at: int) -> tuple[str, int]:
        letter = self._text[at + 1 : at + 2]
        if letter in _ESCAPES and letter:
            return _ESCAPES[letter], at + 2
        match = _HEX.match(self._text, at + 2) if letter == "u" else None
        if match is None:
            raise ExpressionUnusable(f"\\{letter} at {at + 1} is no escape of a string")
        code, end = int(match.group(), 16), match.end()
        low = _HEX.match(self._text, end + 2) if self._text.startswith("\\u", end) else None
        if 0xD800 <= code < 0xDC00 and low is not None and 0xDC00 <= int(low.group(), 16) < 0xE000:
            return chr(0x10000 + ((code - 0xD800) << 10) + (int(low.group(), 16) - 0xDC00)), low.end()
        return ("\ufffd" if 0xD800 <= code < 0xE000 else chr(code)), end
