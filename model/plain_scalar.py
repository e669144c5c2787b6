"""Which texts may stand in YAML without quotes and are text to every reader: those of YAML 1.1, of 1.2, and kubectl's.

A namespace may be called `1e3`, a branch `on`, a tag `2024-01-01`. Readers differ in which of them they take for
something else, so whatever is not text to one of them is quoted.
"""

import re
from typing import Any

import yaml

# YAML 1.1: https://yaml.org/type/ (bool, null, int, float, timestamp, merge, value). YAML 1.2: its core schema.
_WORD = re.compile(r"(?:y|n|yes|no|true|false|on|off|null|~|=|<<|[-+]?\.inf|\.nan)?", re.IGNORECASE)
_NUMBER = re.compile(
    r"[-+]?(?:0b[01]+|0o[0-7]+|0x[0-9a-f]+|[0-9]+(?::[0-5]?[0-9])+(?:\.[0-9]*)?"
    r"|(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:e[-+]?[0-9]+)?)",
    re.IGNORECASE,
)
_DATE = re.compile(r"[0-9]{4}-[0-9]{1,2}-[0-9]{1,2}(?:[Tt \t].*)?")


def is_text_unquoted(text: str) -> bool:
    """Whether no reader takes the unquoted scalar for a truth value, a number, a date or nothing. Its characters are
    another question: see the indicators of YAML."""
    number = text.replace("_", "")  # a separator to some
    return not (_WORD.fullmatch(text) or _NUMBER.fullmatch(number) or _DATE.fullmatch(text))


class TextDumper(yaml.SafeDumper):
    """PyYAML's own quotes what itself would misread, which lets `1e3` and `y` through."""


def _represent_text(dumper: TextDumper, text: str) -> Any:
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style=None if is_text_unquoted(text) else '"')


TextDumper.add_representer(str, _represent_text)
