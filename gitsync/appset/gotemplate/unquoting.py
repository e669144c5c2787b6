"""Literals of Go to what they mean."""

import re

from gitsync.appset.gotemplate.errors import TemplateSyntaxInvalid
from gitsync.appset.gotemplate.values import as_bytes, as_text

_ESCAPE = re.compile(
    rb"\\(?:x([0-9a-fA-F]{2})|u([0-9a-fA-F]{4})|U([0-9a-fA-F]{8})|([0-7]{3})|([abfnrtv\\\"']))|(\\)", re.DOTALL
)
_LETTERS = {b"a": 7, b"b": 8, b"f": 12, b"n": 10, b"r": 13, b"t": 9, b"v": 11, b"\\": 92, b'"': 34, b"'": 39}


def unquote(literal: str, line: int) -> str:
    """A string in double quotes."""
    return _unescape(literal[1:-1], '"', line)


def unquote_character(literal: str, line: int) -> str:
    """A character in single quotes."""
    text = _unescape(literal[1:-1], "'", line)
    if len(text) != 1:
        raise _invalid(literal, line)
    return text


def _unescape(text: str, quote: str, line: int) -> str:
    other = b"'" if quote == '"' else b'"'

    def replace(match: re.Match[bytes]) -> bytes:
        byte, short, long, octal, letter, _ = match.groups()
        if byte or (octal and int(octal, 8) < 256):
            return bytes([int(byte, 16) if byte else int(octal, 8)])
        code = short or long
        if code and int(code, 16) <= 0x10FFFF and not 0xD800 <= int(code, 16) < 0xE000:
            return chr(int(code, 16)).encode()
        if letter and letter != other:
            return bytes([_LETTERS[letter]])
        raise _invalid(text, line)

    return as_text(_ESCAPE.sub(replace, as_bytes(text)))


def _invalid(text: str, line: int) -> TemplateSyntaxInvalid:
    return TemplateSyntaxInvalid(
        f"line {line}: {text:.80} has an escape that is none", suggestion="Correct the template."
    )
