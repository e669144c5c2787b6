"""What an action is and what it yields."""

import enum
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from gitsync.errors import Failed
from gitsync.manifest.merge_patch import apply_merge_patch, merge_patch
from gitsync.manifest.object import JsonObject


class ActionImpossible(Failed):
    """The action does not exist for this kind, is not possible now, or its parameters are wrong."""


class Operation(enum.StrEnum):
    """What is done to an object; spellings are those that scripts return."""

    CREATE = "create"
    PATCH = "patch"


@dataclass(frozen=True, slots=True)
class Impact:
    """One object that an action makes or changes. `body` is the whole object as it should be afterwards."""

    operation: Operation
    body: JsonObject
    patch: JsonObject | None = None

    @property
    def spec_patch(self) -> JsonObject:
        """The merge patch without status; {} when the action changes nothing else."""
        return {name: value for name, value in (self.patch or {}).items() if name != "status"}

    @property
    def status_patch(self) -> JsonObject:
        """The merge patch of the status, for the subresource where the kind has one; {} when there is none."""
        status = (self.patch or {}).get("status")
        return {"status": status} if status is not None else {}


@dataclass(frozen=True, slots=True)
class AvailableAction:
    """An action that the kind has. `parameters` is a JSON schema; `reason` says why it is not possible now."""

    name: str
    display_name: str
    disabled: bool = False
    reason: str = ""
    icon: str = ""
    parameters: JsonObject | None = None


Parameters = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Action:
    """One of our own. `disabled` gives the reason why it is not possible now, or ""."""

    name: str
    display_name: str
    run: Callable[[JsonObject, Parameters, datetime], tuple[Impact, ...]]
    disabled: Callable[[JsonObject], str] = lambda _: ""
    parameters: JsonObject | None = None


def patched(body: JsonObject, patch: JsonObject) -> tuple[Impact, ...]:
    return (Impact(Operation.PATCH, apply_merge_patch(body, patch), patch),)


def replaced(body: JsonObject, wanted: JsonObject) -> Impact:
    return Impact(Operation.PATCH, wanted, merge_patch(body, wanted))


def created(body: JsonObject) -> tuple[Impact, ...]:
    return (Impact(Operation.CREATE, body),)


def timestamp(now: datetime) -> str:
    return now.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
