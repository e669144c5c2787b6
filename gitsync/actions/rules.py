"""Which actions an object has and what they yield: our own, and scripts of argocd-cm that replace or extend them."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from gitsync.actions.built_in import BUILT_IN
from gitsync.actions.scripted import ScriptedActions
from gitsync.actions.values import Action, ActionImpossible, AvailableAction, Impact, Parameters
from gitsync.lua.customization import Customization, read_customizations
from gitsync.manifest.object import JsonObject


class ActionRules:
    """All actions, those of one argocd-cm included. A kind that has scripts there loses ours unless it keeps them."""

    def __init__(self, customizations: tuple[Customization, ...] = ()) -> None:
        scripted = [entry for entry in customizations if entry.actions is not None]
        self._scripted = {(entry.group, entry.kind): ScriptedActions(entry) for entry in scripted}

    def has_actions(self, group: str, kind: str) -> bool:
        return (group, kind) in BUILT_IN or (group, kind) in self._scripted

    def names(self, group: str, kind: str) -> tuple[str, ...]:
        """What the actions of a kind are called, whatever state an object is in."""
        own = [action.name for action in BUILT_IN.get((group, kind), ())]
        scripted = self._scripted.get((group, kind))
        if scripted is None:
            return tuple(own)
        return (*scripted.names, *(name for name in own if scripted.keep_built_in and name not in scripted.names))

    def named(self, body: JsonObject) -> tuple[AvailableAction, ...]:
        """The actions of an object of which no more than metadata is known; no script is asked."""
        own = {action.name: action for action in available_actions(body)}
        return tuple(own.get(name) or AvailableAction(name, name) for name in self.names(*_kind_of(body)))

    def available(self, body: JsonObject, *, now: datetime) -> tuple[AvailableAction, ...]:
        """The actions of the object's kind, with the reason where one is not possible now. Raises ScriptError."""
        scripted = self._scripted.get(_kind_of(body))
        if scripted is None:
            return available_actions(body)
        own = scripted.available(body, now=now)
        if not scripted.keep_built_in:
            return own
        names = {action.name for action in own}
        return (*own, *(action for action in available_actions(body) if action.name not in names))

    def run(self, body: JsonObject, name: str, parameters: Parameters, *, now: datetime) -> tuple[Impact, ...]:
        """What the action yields. Raises ActionImpossible and ScriptError."""
        scripted = self._scripted.get(_kind_of(body))
        if scripted is not None and (scripted.defines(name) or not scripted.keep_built_in):
            return scripted.run(body, name, parameters, now=now)
        return run_action(body, name, parameters, now=now)


def load_action_rules(config: Mapping[str, Any]) -> ActionRules:
    """`config` is the data of argocd-cm. Raises ScriptError where its YAML is broken."""
    return ActionRules(read_customizations(config))


def available_actions(body: JsonObject) -> tuple[AvailableAction, ...]:
    """Our own actions of the object's kind."""
    return tuple(_available(action, body) for action in BUILT_IN.get(_kind_of(body), ()))


def run_action(body: JsonObject, name: str, parameters: Parameters, *, now: datetime) -> tuple[Impact, ...]:
    """What one of our own actions yields. Raises ActionImpossible."""
    actions = BUILT_IN.get(_kind_of(body), ())
    for action in actions:
        if action.name == name:
            if reason := action.disabled(body):
                raise ActionImpossible(f"{name} is not possible now: {reason}")
            return action.run(body, parameters, now)
    known = ", ".join(action.name for action in actions) or "none"
    raise ActionImpossible(f"{body.get('kind')} has no action {name!r}", suggestion=f"Its actions: {known}")


def _available(action: Action, body: JsonObject) -> AvailableAction:
    reason = action.disabled(body)
    return AvailableAction(
        action.name, action.display_name, disabled=bool(reason), reason=reason, parameters=action.parameters
    )


def _kind_of(body: JsonObject) -> tuple[str, str]:
    return str(body.get("apiVersion") or "").rpartition("/")[0], str(body.get("kind") or "")
