"""Actions that argocd-cm defines in Lua: one script tells which there are, and each has one that carries it out."""

from datetime import datetime
from typing import Any

from gitsync.actions.values import ActionImpossible, AvailableAction, Impact, Operation, Parameters, replaced
from gitsync.lua.customization import Customization
from gitsync.lua.errors import ScriptError
from gitsync.lua.result import restored
from gitsync.lua.script import Script
from gitsync.manifest.object import JsonObject


class ScriptedActions:
    """The scripted actions of one kind. `customization.actions` is not None."""

    def __init__(self, customization: Customization) -> None:
        assert customization.actions is not None
        where = f"of {customization.group}/{customization.kind}".replace(" /", " ")
        libraries = customization.open_libraries
        discovery = customization.actions.discovery
        self.keep_built_in = customization.actions.keep_built_in
        self._where = where
        self._discovery = (
            Script(discovery, name=f"discovery.lua {where}", open_libraries=libraries) if discovery.strip() else None
        )
        self._scripts = {
            entry.name: Script(entry.script, name=f"action.lua {entry.name} {where}", open_libraries=libraries)
            for entry in customization.actions.definitions
        }

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(self._scripts)

    def defines(self, name: str) -> bool:
        return name in self._scripts

    def available(self, body: JsonObject, *, now: datetime) -> tuple[AvailableAction, ...]:
        if self._discovery is None:
            return ()
        found = self._discovery.run(body, now=now)
        if found == []:
            found = {}
        if not isinstance(found, dict):
            raise ScriptError(f"discovery.lua {self._where} should return a table of actions")
        return tuple(_available(name, fields if isinstance(fields, dict) else {}) for name, fields in found.items())

    def run(self, body: JsonObject, name: str, parameters: Parameters, *, now: datetime) -> tuple[Impact, ...]:
        script = self._scripts.get(name)
        if script is None:
            known = ", ".join(self._scripts) or "none"
            raise ActionImpossible(f"{body.get('kind')} has no action {name!r}", suggestion=f"Its actions: {known}")
        if any(action.name == name and action.disabled for action in self.available(body, now=now)):
            raise ActionImpossible(f"{name} is not possible now: {self._where[3:]} disables it in this state")
        given = {key: str(value) for key, value in parameters.items()}
        return _impacts(script.run(body, now=now, parameters=given), body, script.name)


def _available(name: str, fields: JsonObject) -> AvailableAction:
    return AvailableAction(
        name,
        str(fields.get("displayName") or name),
        disabled=fields.get("disabled") is True,
        reason="its script disables it in this state" if fields.get("disabled") is True else "",
        icon=str(fields.get("iconClass") or ""),
        parameters=_parameters(fields.get("params") or fields.get("parameters")),
    )


def _parameters(listed: Any) -> JsonObject | None:
    """The list of a script as a JSON schema; values are text, as Argo CD hands them to the script."""
    named = [entry for entry in listed if isinstance(entry, dict) and entry.get("name")] if listed else []
    if not isinstance(listed, list) or not named:
        return None
    properties = {
        str(entry["name"]): {
            "type": "string",
            **({"default": str(entry["default"])} if entry.get("default") is not None else {}),
        }
        for entry in named
    }
    return {"type": "object", "properties": properties}


def _impacts(answer: Any, body: JsonObject, script: str) -> tuple[Impact, ...]:
    """Either the object as it should be, or a list of objects with what should be done with them."""
    if isinstance(answer, dict) and "kind" in answer:
        return (_impact(Operation.PATCH, answer, body, script),)
    if not isinstance(answer, list):
        raise ScriptError(f"{script} should return the object, or a list of operations and resources")
    impacts = []
    for entry in answer:
        fields = entry if isinstance(entry, dict) else {}
        operation, resource = fields.get("operation"), fields.get("resource")
        if operation not in ("create", "patch") or not isinstance(resource, dict):
            raise ScriptError(f"{script}: each entry needs an operation (create or patch) and a resource")
        impacts.append(_impact(Operation(operation), resource, body, script))
    return tuple(impacts)


def _impact(operation: Operation, resource: JsonObject, body: JsonObject, script: str) -> Impact:
    if not isinstance(resource.get("metadata"), dict) or not resource.get("apiVersion") or not resource.get("kind"):
        raise ScriptError(f"{script}: a resource needs apiVersion, kind and metadata")
    if operation is Operation.CREATE:
        return Impact(operation, resource)
    wanted = restored(resource, body)
    if _identity(wanted) != _identity(body):
        raise ScriptError(f"{script}: only the object that the action is run on can be patched")
    return replaced(body, wanted)


def _identity(body: JsonObject) -> tuple[Any, ...]:
    metadata = body.get("metadata") or {}
    return body.get("apiVersion"), body.get("kind"), metadata.get("namespace"), metadata.get("name")
