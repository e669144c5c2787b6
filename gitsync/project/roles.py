"""Roles of an AppProject: whether they are written as Argo CD takes them. Pure.

Nobody is let in or kept out by them here, since what somebody may do follows from Git. But the same object rules an
Argo CD beside us or before us, which refuses a project with a role like these.
"""

import re
from collections.abc import Iterator
from typing import Any

from gitsync.manifest.object import JsonObject

_NAME = re.compile(r"[a-zA-Z0-9]([-_a-zA-Z0-9]*[a-zA-Z0-9])?")
_RESOURCES = frozenset({"applications", "applicationsets", "clusters", "exec", "logs", "repositories"})
_ACTIONS = ("action", "create", "delete", "get", "invoke", "override", "sync", "update")
_ACTION = re.compile(rf"\*|{'|'.join(_ACTIONS)}|(action|delete|update)/.+")
_EFFECTS = ("allow", "deny")
_NOT_IN_A_GROUP = re.compile(r"[,\n\r\t]")


def role_problems(project: JsonObject) -> Iterator[str]:
    """One sentence for each thing that is wrong, with the field that it is about."""
    spec, name = project.get("spec") or {}, str((project.get("metadata") or {}).get("name") or "")
    seen: set[str] = set()
    for index, role in enumerate(_list(spec.get("roles"))):
        where = f"spec.roles[{index}]"
        if not isinstance(role, dict):
            yield f"{where} is no map. Write name, policies and groups."
            continue
        called = str(role.get("name") or "")
        if not _NAME.fullmatch(called):
            yield f"{where}.name is {called[:40]!r}. Use letters, digits, '-' and '_'."
        elif called in seen:
            yield f"{where}.name is {called!r}, as that of another role. Choose another."
        seen.add(called)
        yield from _policies(where, role, name)
        yield from _groups(where, role)


def _policies(where: str, role: JsonObject, project: str) -> Iterator[str]:
    seen: set[str] = set()
    for index, policy in enumerate(_list(role.get("policies"))):
        place = f"{where}.policies[{index}]"
        if why := _why_no_policy(str(policy), f"proj:{project}:{role.get('name')}", project):
            yield f"{place} grants nothing: {why}."
        elif policy in seen:
            yield f"{place} is there twice. Remove it."
        seen.add(str(policy))


def _why_no_policy(policy: str, subject: str, project: str) -> str:
    """`p, SUBJECT, RESOURCE, ACTION, PROJECT/OBJECT, EFFECT`."""
    parts = [part.strip() for part in policy.split(",")]
    if len(parts) != 6 or parts[0] != "p":
        return f"write it as p, {subject}, applications, get, {project}/*, allow"
    _, who, resource, action, what, effect = parts
    if who != subject:
        return f"its subject is {who[:80]!r}, and a role's own is {subject}"
    if resource not in _RESOURCES:
        return f"its resource is {resource[:40]!r}, and can be one of {', '.join(sorted(_RESOURCES))}"
    if not _ACTION.fullmatch(action):
        return f"its action is {action[:40]!r}, and can be one of {', '.join(_ACTIONS)}, or *"
    if not re.fullmatch(rf"{re.escape(project)}/\S*[*\w.-]", what):
        return f"its object is {what[:80]!r}, and should be one of this project, such as {project}/*"
    return "" if effect in _EFFECTS else f"its effect is {effect[:40]!r}, and can be allow or deny"


def _groups(where: str, role: JsonObject) -> Iterator[str]:
    seen: set[str] = set()
    for index, group in enumerate(_list(role.get("groups"))):
        text = str(group)
        if not text.strip() or text != text.strip() or _NOT_IN_A_GROUP.search(text):
            yield f"{where}.groups[{index}] is {text[:40]!r}, which is no name of a group. Correct it."
        elif text in seen:
            yield f"{where}.groups[{index}] is there twice. Remove it."
        seen.add(text)


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []
