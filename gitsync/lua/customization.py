"""The scripts that argocd-cm holds, in both of its notations.

    resource.customizations.health.<group>_<kind>        resource.customizations: |
    resource.customizations.actions.<group>_<kind>         <group>/<kind>:
    resource.customizations.useOpenLibs.<group>_<kind>       health.lua, health.lua.useOpenLibs, actions

Kinds of the core group have no group before them. Only the second notation can have wildcards in group and kind, since
keys of a ConfigMap cannot; where both speak of one thing, the first wins.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from fnmatch import fnmatchcase
from typing import Any

import yaml

from gitsync.lua.errors import ScriptError

_TOGETHER = "resource.customizations"
_HEALTH = f"{_TOGETHER}.health."
_ACTIONS = f"{_TOGETHER}.actions."
_OPEN = f"{_TOGETHER}.useOpenLibs."


@dataclass(frozen=True, slots=True)
class Definition:
    """One action: its name, and the script that carries it out."""

    name: str
    script: str


@dataclass(frozen=True, slots=True)
class ActionScripts:
    """`keep_built_in`: the actions that we have for the kind stay, unless one here has the same name."""

    discovery: str = ""
    definitions: tuple[Definition, ...] = ()
    keep_built_in: bool = False


@dataclass(frozen=True, slots=True)
class Customization:
    """What argocd-cm says of one kind; group and kind may hold wildcards."""

    group: str
    kind: str
    health: str = ""
    actions: ActionScripts | None = None
    open_libraries: bool = False

    @property
    def wildcard(self) -> bool:
        return "*" in self.group or "*" in self.kind

    def matches(self, group: str, kind: str) -> bool:
        """Spelled as argocd-cm spells kinds, so that `*/*` leaves those of the core group out, and `*` none."""
        return fnmatchcase(_spelled(group, kind), _spelled(self.group, self.kind))


def _spelled(group: str, kind: str) -> str:
    return f"{group}/{kind}" if group else kind


@dataclass(frozen=True, slots=True)
class Unreadable:
    """An entry of argocd-cm that cannot be used: `key` is the ConfigMap's."""

    key: str
    message: str


def read_customizations(data: Mapping[str, Any]) -> tuple[Customization, ...]:
    """The customizations with scripts, in the order of the ConfigMap. Raises ScriptError that names the entry."""
    found, unreadable = find_customizations(data)
    if unreadable:
        raise ScriptError(unreadable[0].message, suggestion="Correct argocd-cm.")
    return found


def find_customizations(data: Mapping[str, Any]) -> tuple[tuple[Customization, ...], tuple[Unreadable, ...]]:
    """As `read_customizations`, going on after an entry that cannot be read. Never raises."""
    found: dict[tuple[str, str], Customization] = {}
    unreadable: list[Unreadable] = []
    try:
        for where, fields in _mapping(data.get(_TOGETHER), _TOGETHER).items():
            group, _, kind = str(where).rpartition("/")
            found[group, kind] = _together(group, kind, fields if isinstance(fields, dict) else {}, str(where))
    except ScriptError as error:
        unreadable.append(Unreadable(_TOGETHER, error.message))
    for name, value in data.items():
        for prefix in (_HEALTH, _ACTIONS, _OPEN):
            if name.startswith(prefix):
                group, _, kind = name.removeprefix(prefix).rpartition("_")
                known = found.get((group, kind)) or Customization(group, kind)
                try:
                    found[group, kind] = _with(known, prefix, value, name)
                except ScriptError as error:
                    unreadable.append(Unreadable(name, error.message))
    return tuple(found.values()), tuple(unreadable)


def _together(group: str, kind: str, fields: Mapping[str, Any], where: str) -> Customization:
    actions = fields.get("actions")
    return Customization(
        group,
        kind,
        health=str(fields.get("health.lua") or ""),
        actions=_actions(actions, where) if actions else None,
        open_libraries=_true(fields.get("health.lua.useOpenLibs")),
    )


def _with(known: Customization, prefix: str, value: Any, name: str) -> Customization:
    if prefix == _HEALTH:
        return replace(known, health=str(value or ""))
    if prefix == _OPEN:
        return replace(known, open_libraries=_true(value))
    return replace(known, actions=_actions(value, name))


def _actions(value: Any, where: str) -> ActionScripts:
    fields = _mapping(value, where)
    definitions = fields.get("definitions") or []
    if not isinstance(definitions, list) or not all(isinstance(entry, dict) for entry in definitions):
        raise ScriptError(f"{where}: definitions is no list of actions", suggestion="Correct argocd-cm.")
    return ActionScripts(
        discovery=str(fields.get("discovery.lua") or ""),
        definitions=tuple(
            Definition(str(entry.get("name") or ""), str(entry.get("action.lua") or "")) for entry in definitions
        ),
        keep_built_in=_true(fields.get("mergeBuiltinActions")),
    )


def _true(value: Any) -> bool:
    return value is True or (isinstance(value, str) and value.strip().lower() == "true")


def _mapping(value: Any, where: str) -> dict[str, Any]:
    try:
        loaded = yaml.safe_load(value) if isinstance(value, str) else value
    except yaml.YAMLError as error:
        raise ScriptError(f"{where}: {error}", suggestion="Correct the YAML inside argocd-cm.") from error
    if loaded is None:
        return {}
    if not isinstance(loaded, dict):
        raise ScriptError(f"{where}: is no mapping", suggestion="Correct argocd-cm.")
    return loaded
