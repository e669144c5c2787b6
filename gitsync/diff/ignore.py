"""ignoreDifferences: which fields of which objects are nobody's business.

Rules match by group and kind (globs) and exact name and namespace. Pointers remove a field; managers claim the fields
that they own in managedFields, which are then taken from live. jq expressions are kept so that a caller can refuse them
by name; they are not evaluated yet.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from fnmatch import fnmatchcase

from model.identity import ResourceKey
from model.kinds.application import IgnoreDifference


@dataclass(frozen=True, slots=True)
class IgnoreRules:
    """What is ignored in one object. Hashable, so that memos can be keyed by it."""

    json_pointers: tuple[str, ...] = ()
    managers: tuple[str, ...] = ()
    jq_path_expressions: tuple[str, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.json_pointers or self.managers)


NO_RULES = IgnoreRules()


def rules_for(key: ResourceKey, rules: Iterable[IgnoreDifference]) -> IgnoreRules:
    """The rules that concern one object, put together."""
    matching = [rule for rule in rules if _matches(rule, key)]
    if not matching:
        return NO_RULES
    return IgnoreRules(
        tuple(dict.fromkeys(pointer for rule in matching for pointer in rule.json_pointers)),
        tuple(dict.fromkeys(manager for rule in matching for manager in rule.managed_fields_managers)),
        tuple(dict.fromkeys(expression for rule in matching for expression in rule.jq_path_expressions)),
    )


def _matches(rule: IgnoreDifference, key: ResourceKey) -> bool:
    return (
        fnmatchcase(key.group, rule.group)
        and fnmatchcase(key.kind, rule.kind)
        and rule.name in ("", key.name)
        and rule.namespace in ("", key.namespace)
    )
