"""Rules that are data: finds the rule of a kind among the files of `gitsync/health/rules/`.

One file per API group, named after it; a leading `_` stands for any prefix (`_.services.k8s.aws.yaml`). The names alone
are read at first use, and a file when an object of its group turns up, so a fleet pays for the groups it has.
"""

from __future__ import annotations

from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from importlib.resources.abc import Traversable

    from gitsync.health.rule_file import Judge, RuleFile

_SUFFIX = ".yaml"


def declared_rule(group: str, kind: str) -> Judge | None:
    """The declared rule of the kind; None where there is none."""
    found = rules_of(group)
    return found.judge(kind) if found is not None else None


@cache
def rules_of(group: str) -> RuleFile | None:
    """The rules of an API group. Raises RuleError for a file that is wrong, which a test excludes for ours."""
    names = _files()
    if group in names:
        return _parse(names[group])
    for pattern, file in names.items():
        if pattern.startswith("*") and group.endswith(pattern[1:]):
            return _parse(file)
    return None


def rule_groups() -> tuple[str, ...]:
    """The API groups with rules of their own; a leading * stands for any prefix."""
    return tuple(_files())


@cache
def _files() -> dict[str, Traversable]:
    entries = sorted(files("gitsync.health").joinpath("rules").iterdir(), key=lambda entry: entry.name)
    return {_group(entry.name): entry for entry in entries if entry.name.endswith(_SUFFIX)}


def _group(name: str) -> str:
    group = name.removesuffix(_SUFFIX)
    return f"*{group[1:]}" if group.startswith("_") else group


def _parse(file: Traversable) -> RuleFile:
    # Here, so that processes that only import health do not pay for YAML.
    from gitsync.health.rule_file import parse_rule_file
    from gitsync.health.rule_node import RuleError

    parsed = parse_rule_file(file.read_text(encoding="utf-8"), file=file.name)
    if parsed.group != _group(file.name):
        raise RuleError(f"{file.name}:1: group is {parsed.group}", suggestion="Name the file after its group.")
    return parsed
