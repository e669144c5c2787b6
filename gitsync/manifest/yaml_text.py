"""JSON values as YAML text that every reader, and those of Kubernetes first, reads back as the same values. Pure."""

import json
import re
from typing import Any

from gitsync.manifest.yaml_scalar import NotFinite, resolve_plain
from model.plain_scalar import is_text_unquoted

# Text that may stand without quotes anywhere: no indicator, nothing that looks like a comment or a key.
_PLAIN = re.compile(r"[A-Za-z0-9_./][A-Za-z0-9_./@+=()%^~-]*(?:[ :][A-Za-z0-9_./@+=()%^~-]+)*")
_UNPRINTABLE = re.compile(r"[\x7f-\x9f\u2028\u2029\ufeff\ud800-\udfff\ufffe\uffff]")
_LITERAL_LINE = re.compile(
    r"(?:[^\s\x00-\x1f\x7f-\x9f\u2028\u2029\ufeff\ud800-\udfff\ufffe\uffff]"
    r"[^\x00-\x08\x0a-\x1f\x7f-\x9f\u2028\u2029\ufeff\ud800-\udfff\ufffe\uffff]*)?"
)
_INDENTED_LINE = re.compile(r" *" + _LITERAL_LINE.pattern)


def scalar_text(value: Any, *, like: str = "") -> str:
    """One line for a scalar or an empty collection. `like`: the quote that its place had."""
    if isinstance(value, dict | list) and not value:
        return "{}" if isinstance(value, dict) else "[]"
    if not isinstance(value, str):
        return json.dumps(value)
    if like == "'" and value.isprintable() and not _UNPRINTABLE.search(value):
        return "'" + value.replace("'", "''") + "'"
    if like != '"' and _PLAIN.fullmatch(value) and _means_itself(value):
        return value
    return _printable(json.dumps(value, ensure_ascii=False))


def flow_text(value: Any) -> str:
    """Any value on one line, in braces and brackets."""
    if isinstance(value, dict):
        return "{" + ", ".join(f"{_flow_scalar(key)}: {flow_text(entry)}" for key, entry in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(flow_text(item) for item in value) + "]"
    return _flow_scalar(value)


def literal_lines(value: Any) -> tuple[str, list[str]] | None:
    """Header and lines of a text as a block scalar; None where only quotes can hold it."""
    if not isinstance(value, str) or "\n" not in value.rstrip("\n"):
        return None
    body = value.removesuffix("\n")
    lines = body.split("\n")
    if body.endswith("\n") or not lines[0] or not _LITERAL_LINE.fullmatch(lines[0]):
        return None
    if not all(_INDENTED_LINE.fullmatch(line) and (not line or line.strip()) for line in lines):
        return None
    return ("|" if value.endswith("\n") else "|-"), lines


def block_lines(value: Any, indent: int, *, hanging: bool = True) -> list[str]:
    """A map or list as lines at this indent. `hanging`: lists below a key stand two columns to the right of it."""
    if isinstance(value, dict):
        return [line for key, entry in value.items() for line in entry_lines(key, entry, indent, hanging=hanging)]
    return [line for item in value for line in item_lines(item, indent, hanging=hanging)]


def entry_lines(key: str, value: Any, indent: int, *, hanging: bool = True) -> list[str]:
    """`key: value` at this indent."""
    first, rest = value_lines(value, indent, hanging=hanging)
    return [f"{' ' * indent}{scalar_text(key)}:{first}", *rest]


def item_lines(value: Any, indent: int, *, hanging: bool = True) -> list[str]:
    """`- value` at this indent."""
    pad = " " * indent
    if isinstance(value, dict | list) and value:
        lines = block_lines(value, indent + 2, hanging=hanging)
        return [f"{pad}- {lines[0][indent + 2 :]}", *lines[1:]]
    first, rest = value_lines(value, indent, hanging=hanging)
    return [f"{pad}-{first}", *rest]


def value_lines(value: Any, indent: int, *, hanging: bool = True) -> tuple[str, list[str]]:
    """What follows `key:` on its line, and the lines below it; `indent` is that of the key."""
    if isinstance(value, dict) and value:
        return "", block_lines(value, indent + 2, hanging=hanging)
    if isinstance(value, list) and value:
        return "", block_lines(value, indent + 2 if hanging else indent, hanging=hanging)
    literal = literal_lines(value)
    if literal is not None:
        header, lines = literal
        return f" {header}", [f"{' ' * (indent + 2)}{line}" if line else "" for line in lines]
    return f" {scalar_text(value)}", []


def json_text(value: Any) -> str:
    return _printable(json.dumps(value, indent=2, ensure_ascii=False))


def yaml_text(value: Any) -> str:
    """A whole document."""
    if isinstance(value, dict | list) and value:
        return "\n".join(block_lines(value, 0)) + "\n"
    return scalar_text(value) + "\n"


def _printable(quoted: str) -> str:
    """Quoted text with escapes for what YAML does not take as it is."""
    return _UNPRINTABLE.sub(lambda match: f"\\u{ord(match[0]):04x}", quoted)


def _flow_scalar(value: Any) -> str:
    if isinstance(value, str) and not re.fullmatch(r"[A-Za-z0-9_./-]+", value):
        return scalar_text(value, like='"')
    return scalar_text(value)


def _means_itself(text: str) -> bool:
    try:
        return is_text_unquoted(text) and resolve_plain(text) == text
    except NotFinite:
        return False
