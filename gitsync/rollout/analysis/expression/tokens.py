"""Text of an expression into tokens."""

import re
from dataclasses import dataclass
from enum import Enum, auto

from gitsync.rollout.analysis.expression.errors import ExpressionInvalid

MAX_LENGTH = 10_000
_TOKEN = re.compile(
    r"""(?P<space>\s+|//[^\n]*|/\*.*?\*/)
    |(?P<number>0[xX][0-9a-fA-F_]+|0[bB][01_]+|0[oO][0-7_]+
        |(?:\d[\d_]*(?:\.(?!\.)[\d_]*)?|\.\d[\d_]*)(?:[eE][+-]?\d+)?)
    |(?P<text>"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*'|`[^`]*`)
    |(?P<name>[A-Za-z_$][A-Za-z0-9_$]*)
    |(?P<pointer>\#[A-Za-z_]*)
    |(?P<symbol>\?\?|\?\.|\.\.|==|!=|<=|>=|&&|\|\||\*\*|[-+*/%^<>=!?:.,;|(){}\[\]])""",
    re.VERBOSE | re.DOTALL,
)
_ESCAPES = {"n": "\n", "t": "\t", "r": "\r", "a": "\a", "b": "\b", "f": "\f", "v": "\v", "0": "\0"}


class Kind(Enum):
    NUMBER = auto()
    TEXT = auto()
    NAME = auto()
    POINTER = auto()
    SYMBOL = auto()
    END = auto()


@dataclass(frozen=True, slots=True)
class Token:
    """`position` counts characters from 0. `value` is the number or the text without its quotes."""

    kind: Kind
    text: str
    position: int
    value: int | float | str | None = None


def tokens(source: str) -> list[Token]:
    """Raises ExpressionInvalid for a character that begins no token."""
    if len(source) > MAX_LENGTH:
        raise ExpressionInvalid(f"the expression is longer than {MAX_LENGTH} characters", suggestion="shorten it")
    found: list[Token] = []
    position = 0
    while position < len(source):
        match = _TOKEN.match(source, position)
        if match is None:
            raise ExpressionInvalid(
                f"unrecognized character {source[position]!r} at {position + 1} in {source!r}",
                suggestion="correct the condition",
            )
        if match.lastgroup != "space":
            found.append(_token(match, position))
        position = match.end()
    found.append(Token(Kind.END, "", position))
    return found


def _token(match: re.Match[str], position: int) -> Token:
    text = match.group(0)
    match match.lastgroup:
        case "number":
            return Token(Kind.NUMBER, text, position, _number(text.replace("_", "")))
        case "text":
            return Token(Kind.TEXT, text, position, _unquoted(text))
        case "name":
            return Token(Kind.NAME, text, position)
        case "pointer":
            return Token(Kind.POINTER, text, position)
    return Token(Kind.SYMBOL, text, position)


def _number(text: str) -> int | float:
    if text[:2].lower() in ("0x", "0b", "0o"):
        return int(text, 0)
    return int(text) if text.isdigit() else float(text)


def _unquoted(text: str) -> str:
    if text[0] == "`":
        return text[1:-1]
    return re.sub(r"\\(u[0-9a-fA-F]{4}|x[0-9a-fA-F]{2}|.)", _unescaped, text[1:-1], flags=re.DOTALL)


def _unescaped(match: re.Match[str]) -> str:
    code = match.group(1)
    if len(code) > 1:
        return chr(int(code[1:], 16))
    return _ESCAPES.get(code, code)
