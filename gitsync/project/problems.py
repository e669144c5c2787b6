"""What of an AppProject nobody can honour: fields that there are not, patterns that mean nothing, left-over templates.

None of it opens the project: what is not understood permits nothing. It is told, so that nobody believes otherwise.
"""

import re
from collections.abc import Iterator
from typing import Any

from gitsync.manifest.object import JsonObject
from gitsync.project.roles import role_problems
from gitsync.project.windows import UnreadableWindow, read_window

_LISTS = frozenset(
    {
        *("destinationServiceAccounts", "destinations", "roles", "signatureKeys", "sourceNamespaces", "sourceRepos"),
        *("clusterResourceBlacklist", "clusterResourceWhitelist", "syncWindows"),
        *("namespaceResourceBlacklist", "namespaceResourceWhitelist"),
    }
)
_FIELDS = _LISTS | {"description", "orphanedResources", "permitOnlyProjectScopedClusters", "sourceIntegrity"}
_PLACE = ("server", "name", "namespace")
_TEMPLATE = re.compile(r"\{\{.*?\}\}", re.DOTALL)
_MOST_TOLD = 10


def project_problems(project: JsonObject) -> tuple[str, ...]:
    """One sentence each, with the field that it is about."""
    spec = project.get("spec")
    if not isinstance(spec, dict):
        return ("spec is missing or no map: nothing is permitted.",) if spec is not None else ()
    written = (*_unknown(spec), *_shapes(spec), *_denials(spec), *_windows(spec), *_templates("spec", spec))
    found = (*written, *role_problems(project))
    return tuple(dict.fromkeys(found))[:_MOST_TOLD]


def _unknown(spec: JsonObject) -> Iterator[str]:
    for field in sorted(spec.keys() - _FIELDS):
        yield f"spec.{field} is no field of an AppProject and has no effect. Correct its name, or remove it."


def _shapes(spec: JsonObject) -> Iterator[str]:
    for field in sorted(_LISTS):
        if spec.get(field) is not None and not isinstance(spec[field], list):
            yield f"spec.{field} is no list and has no effect. Write it as a list."


def _denials(spec: JsonObject) -> Iterator[str]:
    """To deny everything is no restriction of a list but an empty one."""
    for index, pattern in enumerate(_list(spec, "sourceRepos")):
        if pattern == "!*":
            yield f"spec.sourceRepos[{index}] denies every repository. Remove it, and list what is permitted."
    for index, entry in enumerate(_list(spec, "destinations")):
        if isinstance(entry, dict):
            for field in (one for one in _PLACE if entry.get(one) == "!*"):
                place = f"spec.destinations[{index}].{field}"
                yield f"{place} denies everything. Remove it, and list what is permitted."


def _windows(spec: JsonObject) -> Iterator[str]:
    for index, written in enumerate(_list(spec, "syncWindows")):
        if not isinstance(written, dict):
            yield f"spec.syncWindows[{index}] is no map and has no effect. Write kind, schedule and duration."
            continue
        try:
            read_window(index, written)
        except UnreadableWindow as error:
            yield f"spec.syncWindows[{index}] closes what it concerns: {error.message}. {error.suggestion}"


def _templates(path: str, value: Any) -> Iterator[str]:
    """AppProjects have no templates: an expression in one was meant to be filled in before."""
    match value:
        case str() if (found := _TEMPLATE.search(value)) is not None:
            yield f"{path} holds {found.group(0)[:80]!r}, which nobody fills in. Write the value itself."
        case dict():
            for name, item in value.items():
                yield from _templates(f"{path}.{name}", item)
        case list():
            for index, item in enumerate(value):
                yield from _templates(f"{path}[{index}]", item)


def _list(spec: JsonObject, field: str) -> list[Any]:
    value = spec.get(field)
    return value if isinstance(value, list) else []
