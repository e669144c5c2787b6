"""What a `.sops.yaml` says about one path: for whom a file is encrypted, and which values of it. Pure.

The first rule whose `path_regex` is found in the path counts, as in SOPS. A rule that asks for keys of other kinds
besides age is not followed in part: whoever holds those keys could not open the file.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import re2
import yaml

from gitsync.sops.errors import RuleUnusable

FILE = ".sops.yaml"
_VALUES_OF_SECRETS = "^(data|stringData)$"
_KNOWN = frozenset({"path_regex", "age", "encrypted_regex", "mac_only_encrypted"})


@dataclass(frozen=True, slots=True)
class Rule:
    """`recipients` are public keys of age; `encrypted_regex` is searched in each key above a value."""

    recipients: tuple[str, ...]
    encrypted_regex: str = _VALUES_OF_SECRETS
    mac_only_encrypted: bool = False


def rule_for(text: bytes, path: str) -> Rule | None:
    """None: no rule is for this path. Raises RuleUnusable."""
    try:
        content = yaml.safe_load(text)
    except yaml.YAMLError as error:
        raise RuleUnusable(f"{FILE} cannot be read: {error}"[:500]) from error
    rules = content.get("creation_rules") if isinstance(content, dict) else None
    for position, rule in enumerate(rules if isinstance(rules, list) else ()):
        where = f"rule {position + 1} of {FILE}"
        if not isinstance(rule, dict):
            raise RuleUnusable(f"{where} is no object")
        if found(str(rule.get("path_regex") or ""), path, where):
            return _rule(rule, where)
    return None


def found(expression: str, text: str, where: str) -> bool:
    """Whether the expression, as Go has them, is found in the text. Raises RuleUnusable."""
    options = re2.Options()
    options.log_errors = False
    try:
        return re2.compile(expression, options=options).search(text) is not None
    except re2.error as error:
        raise RuleUnusable(f"{where}: {expression!r:.200} is no regular expression") from error


def _rule(rule: Mapping[str, Any], where: str) -> Rule:
    other = sorted(str(key) for key, value in rule.items() if key not in _KNOWN and value)
    if other:
        raise RuleUnusable(
            f"{where} has {', '.join(other)}; only age, encrypted_regex and mac_only_encrypted are known"
        )
    recipients = tuple(dict.fromkeys(_recipients(rule.get("age"))))
    if not recipients:
        raise RuleUnusable(f"{where} names no age recipient")
    expression = str(rule.get("encrypted_regex") or _VALUES_OF_SECRETS)
    if not found(expression, "stringData", where):
        raise RuleUnusable(f"{where} leaves the values of a Secret readable: {expression!r:.200} is not in stringData")
    return Rule(recipients, expression, bool(rule.get("mac_only_encrypted")))


def _recipients(value: object) -> Iterator[str]:
    """A list, or one text with commas."""
    for one in value if isinstance(value, list) else str(value or "").split(","):
        if text := str(one).strip():
            yield text
