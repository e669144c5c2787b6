"""Filters of the SCM provider and pull request generators, over entries that a provider answered.

An entry may hold `labels` (a list), `branch`, `repository`, `target_branch`, `title`, and `paths` (what of the asked
paths exists).
"""

from collections.abc import Iterable, Mapping
from typing import Any

import re2

from gitsync.appset.errors import GeneratorInvalid
from gitsync.manifest.object import JsonObject

_EXPRESSIONS = {
    "repositoryMatch": "repository",
    "branchMatch": "branch",
    "targetBranchMatch": "target_branch",
    "titleMatch": "title",
}
_HIDDEN = ("paths",)


def keep_entries(
    kind: str, entries: Iterable[Mapping[str, Any]], filters: Iterable[JsonObject]
) -> list[dict[str, Any]]:
    """Entries that fit all conditions of at least one filter; without filters, all."""
    rules = list(filters)
    return [
        {key: value for key, value in entry.items() if key not in _HIDDEN}
        for entry in entries
        if not rules or any(_fits(rule, entry) for rule in rules)
    ]


def _fits(rule: JsonObject, entry: Mapping[str, Any]) -> bool:
    for name, field in _EXPRESSIONS.items():
        if rule.get(name) and not _found(rule[name], str(entry.get(field) or "")):
            return False
    if rule.get("labelMatch") and not any(_found(rule["labelMatch"], label) for label in entry.get("labels") or ()):
        return False
    paths = entry.get("paths") or ()
    return set(rule.get("pathsExist") or ()) <= set(paths) and not set(rule.get("pathsDoNotExist") or ()) & set(paths)


def _found(expression: str, text: str) -> bool:
    options = re2.Options()
    options.log_errors = False
    try:
        return re2.compile(expression, options=options).search(text) is not None
    except re2.error as error:
        raise GeneratorInvalid(
            f"{expression!r:.100} is no regular expression", suggestion="Correct the filter."
        ) from error
