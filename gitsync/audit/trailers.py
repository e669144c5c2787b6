"""Trailers of commit messages: what Argosy writes about its own commits, and reads again. Pure.

Set the image of cart to 1.4

The customer asked for it.

Argosy-Action: EDIT
Argosy-Entity: Application demo/argosy/cart
Argosy-Operation-Id: 0197...
Argosy-Actor: Dana <dana@example.com>
"""

import re
from dataclasses import dataclass

ACTION = "Argosy-Action"
ENTITY = "Argosy-Entity"
OPERATION_ID = "Argosy-Operation-Id"
ACTOR = "Argosy-Actor"
REASON = "Argosy-Reason"

_TRAILER = re.compile(r"([A-Za-z][A-Za-z0-9-]*):[ \t]*(.*)")
_PERSON = re.compile(r"(?P<name>[^<>]*?)\s*<(?P<email>[^<>\s]*)>\s*")
_MAX_TRAILERS = 100


@dataclass(frozen=True, slots=True)
class Message:
    """A commit message in its parts. `trailers` by name in lower case; of one that is repeated, the last."""

    subject: str
    body: str
    trailers: dict[str, str]

    def trailer(self, name: str) -> str:
        return self.trailers.get(name.lower(), "")


@dataclass(frozen=True, slots=True)
class Entity:
    """What a commit is about: a kind, and an address of up to three parts."""

    kind: str
    runtime: str
    namespace: str
    name: str


def parse_message(text: str) -> Message:
    """The parts of a message. Trailers are the last paragraph, if all of its lines are trailers or go on with one."""
    subject, _, rest = text.strip().partition("\n")
    paragraphs = re.split(r"\n[ \t]*\n", rest.strip()) if rest.strip() else []
    trailers = _trailers(paragraphs[-1]) if paragraphs else None
    if trailers is None:
        return Message(subject.strip(), rest.strip(), {})
    return Message(subject.strip(), "\n\n".join(paragraphs[:-1]).strip(), trailers)


def parse_entity(text: str) -> Entity | None:
    """`Kind runtime/namespace/name`, `Kind runtime/name` or `Kind name`. None for anything else."""
    kind, _, address = text.strip().partition(" ")
    parts = [part for part in address.strip().split("/") if part]
    if not kind or len(parts) > 3 or " " in address.strip():
        return None
    parts = ["", *parts] if len(parts) < 2 else parts
    runtime, namespace, name = parts if len(parts) == 3 else (parts[0], "", parts[1] if len(parts) > 1 else "")
    return Entity(kind, runtime, namespace, name)


def format_entity(entity: Entity) -> str:
    """The text that `parse_entity` reads."""
    address = "/".join(part for part in (entity.runtime, entity.namespace, entity.name) if part)
    return f"{entity.kind} {address}".strip()


def parse_person(text: str) -> tuple[str, str]:
    """`(name, email)` of `Name <email>`, or of a name alone."""
    match = _PERSON.fullmatch(text.strip())
    if match is None:
        return text.strip(), ""
    return match["name"] or match["email"], match["email"]


def _trailers(paragraph: str) -> dict[str, str] | None:
    found: dict[str, str] = {}
    last = ""
    lines = paragraph.split("\n")
    if len(lines) > _MAX_TRAILERS:
        return None
    for line in lines:
        match = _TRAILER.fullmatch(line.rstrip())
        if match is not None:
            last = match[1].lower()
            found[last] = match[2].strip()
        elif last and line[:1] in (" ", "\t"):
            found[last] = f"{found[last]} {line.strip()}".strip()
        else:
            return None
    return found
