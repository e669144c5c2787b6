"""Compatibility tables: rules of other programs that hold here, each with the code that does it and its proof.

A table is a YAML list. `rule` says it in one sentence; `code` names objects (`package.module:name`) and `tests` the
proofs (`tests/path.py::test_name`). In place of tests stands `deviation` (we do otherwise on purpose; tests may prove
that too) or `not_yet`, with the reason.
"""

from dataclasses import dataclass
from pathlib import Path

from tests.support.yaml_text import read_yaml

ROOT = Path(__file__).parents[2]
_FIELDS = {"rule", "code", "tests", "deviation", "not_yet"}


class TableError(ValueError):
    """A table that cannot be read, with the file, the number of the rule, and what to write there."""


@dataclass(frozen=True)
class Rule:
    text: str
    number: int
    code: tuple[str, ...] = ()
    tests: tuple[str, ...] = ()
    deviation: str = ""
    not_yet: str = ""


def read_table(path: Path) -> list[Rule]:
    rows = read_yaml(path.read_text())
    if not isinstance(rows, list):
        raise TableError(f"{path.name}: a table is a list of rules")
    return [_rule(row, f"{path.name}, rule {number}", number) for number, row in enumerate(rows, 1)]


def _rule(row: object, place: str, number: int) -> Rule:
    if not isinstance(row, dict):
        raise TableError(f"{place}: a rule is a mapping with rule, code and tests")
    if unknown := sorted(set(row) - _FIELDS):
        raise TableError(f"{place}: unknown field {', '.join(unknown)}")
    rule = Rule(
        _sentence(row, "rule", place, needed=True),
        number,
        _names(row, "code", place),
        _names(row, "tests", place),
        _sentence(row, "deviation", place),
        _sentence(row, "not_yet", place),
    )
    if not (rule.tests or rule.deviation or rule.not_yet):
        raise TableError(f"{place}: give tests, deviation or not_yet")
    if not (rule.code or rule.not_yet):
        raise TableError(f"{place}: names no code")
    return rule


def _sentence(row: dict[str, object], field: str, place: str, needed: bool = False) -> str:
    if field not in row and not needed:
        return ""
    text = row.get(field)
    if not isinstance(text, str) or not text.strip():
        raise TableError(f"{place}: {field} needs a {'sentence' if field == 'rule' else 'reason'}")
    return text


def _names(row: dict[str, object], field: str, place: str) -> tuple[str, ...]:
    names = row.get(field, [])
    if not isinstance(names, list) or not all(isinstance(name, str) and name for name in names):
        raise TableError(f"{place}: {field} is a list of names")
    return tuple(names)
