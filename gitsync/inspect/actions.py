"""`argosy inspect actions` and `action`: what could be done to an object, and what that would make of it."""

from datetime import datetime

from gitsync.actions.rules import ActionRules
from gitsync.actions.values import AvailableAction
from gitsync.inspect.files import read_single
from gitsync.manifest.object import JsonObject


def actions_of_file(file: str, rules: ActionRules, *, now: datetime) -> list[JsonObject]:
    return inspect_actions(read_single(file), rules, now=now)


def action_on_file(
    file: str, name: str, parameters: dict[str, str], rules: ActionRules, *, now: datetime
) -> list[JsonObject]:
    return inspect_action(read_single(file), name, parameters, rules, now=now)


def inspect_actions(body: JsonObject, rules: ActionRules, *, now: datetime) -> list[JsonObject]:
    """One entry per action that the object's kind has, possible now or not."""
    return [_shown(action) for action in rules.available(body, now=now)]


def inspect_action(
    body: JsonObject, name: str, parameters: dict[str, str], rules: ActionRules, *, now: datetime
) -> list[JsonObject]:
    """The objects as they should be afterwards: changed ones and new ones."""
    return [impact.body for impact in rules.run(body, name, parameters, now=now)]


def _shown(action: AvailableAction) -> JsonObject:
    return {
        "name": action.name,
        "displayName": action.display_name,
        "disabled": action.disabled,
        "reason": action.reason,
        "iconClass": action.icon,
        "parameters": action.parameters,
    }
