"""Package fmt: `print`, `println`, `printf` and what a template prints of a value."""

import re
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from gitsync.appset.gotemplate.number import exponential, general
from gitsync.appset.gotemplate.values import MISSING, as_bytes, is_nil, type_name

_DIRECTIVE = re.compile(
    r"%([+\-# 0]*)(?:\[(\d+)\])?(\*|\d+)?(?:\.(?:\[(\d+)\])?(\*|\d*))?(?:\[(\d+)\])?([^+\-# 0\d*.\[])?", re.DOTALL
)
_LONGEST_FIELD = 10_000
_NIL = "interface {}(nil)"
_ESCAPES = {"\a": "\\a", "\b": "\\b", "\f": "\\f", "\n": "\\n", "\r": "\\r", "\t": "\\t", "\v": "\\v", "\\": "\\\\"}


def shown(value: Any) -> str:
    """What a template prints of a value."""
    return "<no value>" if is_nil(value) else plain(value)


def plain(value: Any) -> str:
    """`%v`."""
    return _Directive("v").write(value)


def sprint(values: Sequence[Any]) -> str:
    """Spaces stand between two operands that are no strings."""
    parts: list[str] = []
    for position, value in enumerate(values):
        if position and not isinstance(value, str) and not isinstance(values[position - 1], str):
            parts.append(" ")
        parts.append(plain(value))
    return "".join(parts)


def sprintln(values: Sequence[Any]) -> str:
    return " ".join(map(plain, values)) + "\n"


@dataclass(frozen=True, slots=True)
class _Directive:
    verb: str
    flags: str = ""
    width: int = -1
    precision: int = -1

    def write(self, value: Any) -> str:
        return self._operand(value, 0)

    def _operand(self, value: Any, depth: int) -> str:
        if self.verb == "T":
            return self._padded(type_name(value))
        if is_nil(value):
            return self._padded("<nil>") if self.verb == "v" else f"%!{self.verb}(<nil>)"
        if isinstance(value, bool):
            return self._padded("true" if value else "false") if self.verb in "tv" else self._bad(value)
        if isinstance(value, int):
            return self._integer(value)
        if isinstance(value, float):
            return self._float(value)
        if isinstance(value, str):
            return self._string(value)
        return self._composite(value, depth)

    def _composite(self, value: Any, depth: int) -> str:
        if isinstance(value, dict):
            return self._map(value, depth)
        if isinstance(value, list):
            if self._sharp and self.verb == "v":
                return type_name(value) + "{" + ", ".join(self._operand(item, depth + 1) for item in value) + "}"
            return "[" + " ".join(self._item(item, depth) for item in value) + "]"
        text = time_text(value) if isinstance(value, datetime) else str(value)
        return self._string(text) if self.verb in "vsqxX" else self._bad(value)

    def _item(self, item: Any, depth: int) -> str:
        """nil inside of a list or map is written with its verb."""
        if is_nil(item) and self.verb not in "vT":
            return f"%!{self.verb}(<nil>)"
        return self._operand(item, depth + 1)

    def _map(self, value: dict[str, Any], depth: int) -> str:
        items = sorted(value.items())
        if self._sharp and self.verb == "v":
            inside = ", ".join(
                f"{self._operand(key, depth + 1)}:{_NIL if is_nil(one) else self._operand(one, depth + 1)}"
                for key, one in items
            )
            return type_name(value) + "{" + inside + "}"
        return "map[" + " ".join(f"{self._item(key, depth)}:{self._item(one, depth)}" for key, one in items) + "]"

    @property
    def _sharp(self) -> bool:
        return "#" in self.flags

    def _integer(self, value: int) -> str:
        verb, size = self.verb, abs(value)
        if verb in "vd":
            if verb == "v" and self._sharp and type_name(value) == "uint8":
                return self._padded(hex(size))
            return self._number(value, str(size))
        if verb in "boOxX":
            digits = format(size, verb.lower())
            return self._number(value, _prefix(verb, sharp=self._sharp) + (digits.upper() if verb == "X" else digits))
        if verb in "cqU" and 0 <= value <= 0x10FFFF:
            if verb == "U":
                return self._padded(f"U+{value:04X}" + (f" '{chr(value)}'" if self._sharp else ""))
            return self._padded(chr(value) if verb == "c" else "'" + _escaped(chr(value), "'", ascii_only=False) + "'")
        return self._bad(value)

    def _float(self, value: float) -> str:
        precision, letter = self.precision, self.verb
        if letter in "vgG":
            exponent = "E" if letter == "G" else "e"
            text = general(abs(value), precision, letter=exponent)
        elif letter in "eE":
            text = exponential(abs(value), precision, letter)
        elif letter in "fF":
            text = f"{abs(value):.{6 if precision < 0 else precision}f}"
        else:
            return self._bad(value)
        negative = value < 0 or str(value).startswith("-")
        return self._number(-1 if negative else 1, text, precise=False)

    def _number(self, sign_of: float, digits: str, *, precise: bool = True) -> str:
        sign = "-" if sign_of < 0 else ("+" if "+" in self.flags else (" " if " " in self.flags else ""))
        if precise and self.precision >= 0:
            digits = digits.rjust(self.precision, "0")
            return self._padded(sign + digits, zeros=False)
        if "0" in self.flags and "-" not in self.flags and self.width >= 0:
            digits = digits.rjust(self.width - len(sign), "0")
        return self._padded(sign + digits, zeros=False)

    def _string(self, value: str) -> str:
        verb = self.verb
        if verb == "v" and self._sharp:
            return self._padded(quoted(value))
        if verb in "sv":
            return self._padded(value if self.precision < 0 else value[: self.precision])
        if verb == "q":
            cut = value if self.precision < 0 else value[: self.precision]
            if self._sharp and "`" not in cut and "\n" not in cut:
                return self._padded(f"`{cut}`")
            return self._padded(quoted(cut, ascii_only="+" in self.flags))
        if verb in "xX":
            data = as_bytes(value)[: self.precision if self.precision >= 0 else None]
            text = (" " if " " in self.flags else "").join(f"{byte:02x}" for byte in data)
            if self._sharp and text:
                text = "0x" + text.replace(" ", " 0x")
            return self._padded(text.upper() if verb == "X" else text)
        return self._bad(value)

    def _padded(self, text: str, *, zeros: bool = True) -> str:
        if "-" in self.flags:
            return text.ljust(self.width)
        return text.rjust(self.width, "0" if zeros and "0" in self.flags else " ")

    def _bad(self, value: Any) -> str:
        return f"%!{self.verb}({type_name(value)}={plain(value)})"


def _prefix(verb: str, *, sharp: bool) -> str:
    if verb == "O":
        return "0o"
    return {"b": "0b", "o": "0", "x": "0x", "X": "0X"}[verb] if sharp else ""


def sprintf(template: str, values: Sequence[Any]) -> str:
    """`printf`, its remarks on wrong verbs and operands included."""
    return "".join(_Formatting(values).parts(template))


class _Formatting:
    """One call: which operand comes next, and whether one was named by its number."""

    def __init__(self, values: Sequence[Any]) -> None:
        self._values = values
        self._next = 0
        self._reordered = False

    def parts(self, template: str) -> Iterator[str]:
        position = 0
        while (start := template.find("%", position)) >= 0:
            yield template[position:start]
            match = _DIRECTIVE.match(template, start)
            assert match is not None
            position = match.end()
            yield self._directive(match)
        yield template[position:]
        if not self._reordered and self._next < len(self._values):
            extra = ", ".join(self._extra(value) for value in self._values[self._next :])
            yield f"%!(EXTRA {extra})"

    @staticmethod
    def _extra(value: Any) -> str:
        return "<nil>" if is_nil(value) else f"{type_name(value)}={plain(value)}"

    def _directive(self, match: re.Match[str]) -> str:
        flags, before_width, width, before_precision, precision, before_verb, verb = match.groups()
        directive = _Directive(verb or "", flags)
        self._jump(before_width)
        if width is not None:
            directive = self._with_width(directive, width)
        if match.group(0).find(".") >= 0 and (precision is not None or before_precision is not None):
            self._jump(before_precision)
            value = self._star() if precision == "*" else int(precision or 0)
            directive = replace(directive, precision=min(value, _LONGEST_FIELD))
        self._jump(before_verb)
        if verb is None:
            return "%!(NOVERB)"
        if verb == "%":
            return "%"
        if not 0 <= self._next < len(self._values):
            return f"%!{verb}({'BADINDEX' if self._reordered else 'MISSING'})"
        value = self._values[self._next]
        self._next += 1
        if verb == "v":
            directive = replace(directive, flags=directive.flags.replace("+", ""))
        return directive.write(value)

    def _with_width(self, directive: _Directive, width: str) -> _Directive:
        value = self._star() if width == "*" else int(width)
        flags = directive.flags + "-" if value < 0 else directive.flags
        return replace(directive, flags=flags, width=min(abs(value), _LONGEST_FIELD))

    def _star(self) -> int:
        value = self._values[self._next] if self._next < len(self._values) else MISSING
        self._next += 1
        return value if isinstance(value, int) else -1

    def _jump(self, number: str | None) -> None:
        if number is not None:
            self._next, self._reordered = int(number) - 1, True


def quoted(text: str, *, ascii_only: bool = False) -> str:
    """A Go string literal."""
    return '"' + _escaped(text, '"', ascii_only=ascii_only) + '"'


def _escaped(text: str, quote: str, *, ascii_only: bool) -> str:
    return "".join(_escaped_character(character, quote, ascii_only=ascii_only) for character in text)


def _escaped_character(character: str, quote: str, *, ascii_only: bool) -> str:
    if character == quote:
        return "\\" + quote
    if character in _ESCAPES:
        return _ESCAPES[character]
    code = ord(character)
    if 0xDC80 <= code <= 0xDCFF:
        return f"\\x{code - 0xDC00:02x}"
    if (code < 0x80 or not ascii_only) and (character == " " or unicodedata.category(character)[0] in "LMNPS"):
        return character
    if code < 0x80:
        return f"\\x{code:02x}"
    return f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"


def time_text(moment: datetime) -> str:
    """time.Time's String()."""
    offset = moment.strftime("%z") or "+0000"
    fraction = f".{moment.microsecond:06d}".rstrip("0") if moment.microsecond else ""
    return f"{moment:%Y-%m-%d %H:%M:%S}{fraction} {offset} {moment.tzname() or 'UTC'}"
