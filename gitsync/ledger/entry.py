"""One operation as it stands in the ledger, and the file that tells it. Pure."""

from datetime import datetime
from typing import Any

import msgspec

from gitsync.git.change import Change, Contents, Person, checked_path
from gitsync.git.tree import Files
from gitsync.manifest.yaml_text import yaml_text
from model.identity import ApplicationKey

TOP = "operations"


class Entry(msgspec.Struct, frozen=True):
    """What is asked (`action`, `parameters`), of which application, by whom and why."""

    operation_id: str
    action: str
    runtime: str
    application: ApplicationKey
    actor: str
    actor_email: str
    requested_at: datetime
    reason: str = ""
    parameters: dict[str, Any] = {}

    @property
    def path(self) -> str:
        """The file of the application: it always tells the newest operation, its history is that of the commits."""
        key = self.application
        return checked_path(f"{TOP}/{self.runtime}/{key.namespace}/{key.name}.yaml")

    @property
    def entity(self) -> str:
        return f"Application {self.runtime}/{self.application.namespace}/{self.application.name}"


class Outcome(msgspec.Struct, frozen=True, omit_defaults=True):
    """How an operation ended; as the text of a note it is JSON, which programs read and people can."""

    outcome: str
    message: str = ""
    finished_at: datetime | None = None


def file_text(entry: Entry, *, late: bool) -> str:
    operation: dict[str, Any] = {
        "id": entry.operation_id,
        "action": entry.action,
        "actor": entry.actor,
        "requestedAt": entry.requested_at.isoformat(),
    }
    if entry.reason:
        operation["reason"] = entry.reason
    if late:
        operation["late"] = True
    body: dict[str, Any] = {
        "application": {
            "runtime": entry.runtime,
            "namespace": entry.application.namespace,
            "name": entry.application.name,
        },
        "operation": operation,
    }
    if entry.parameters:
        body["parameters"] = msgspec.to_builtins(entry.parameters)
    return "# The newest operation of this application; earlier ones are in the history of this file.\n" + yaml_text(
        body
    )


def change_of(entry: Entry, *, late: bool = False) -> Change:
    """The commit that writes the operation down. `late`: it was carried out before that was possible."""
    path, content = entry.path, file_text(entry, late=late).encode()

    def edit(files: Files) -> Contents:
        return {path: content}

    return Change(
        operation_id=entry.operation_id,
        action=entry.action,
        entity=entry.entity,
        actor=Person(entry.actor, entry.actor_email),
        message=f"{_verb(entry.action)} {entry.application.namespace}/{entry.application.name}",
        edit=edit,
        late=late,
        reason=entry.reason,
    )


def note_text(outcome: Outcome) -> str:
    return msgspec.json.encode(outcome).decode() + "\n"


def _verb(action: str) -> str:
    return action.replace("_", " ").capitalize()
