"""One broken rule, worded as the API server words it."""

from dataclasses import dataclass
from typing import Any

import orjson

from gitsync.manifest.object import JsonObject
from gitsync.sandbox.errors import Cause, InvalidError
from gitsync.sandbox.metadata import subject_of
from gitsync.sandbox.registry import ResourceType


@dataclass(frozen=True, slots=True)
class Problem:
    """A field and what is wrong with it."""

    field: str
    reason: str
    message: str


def shown(value: Any) -> str:
    return orjson.dumps(value, option=orjson.OPT_SORT_KEYS).decode()


def required(field: str, detail: str = "") -> Problem:
    return Problem(field, "FieldValueRequired", "Required value" + (f": {detail}" if detail else ""))


def invalid(field: str, value: Any, detail: str) -> Problem:
    return Problem(field, "FieldValueInvalid", f"Invalid value: {shown(value)}: {detail}")


def wrong_type(field: str, found: str, detail: str) -> Problem:
    return Problem(field, "FieldValueTypeInvalid", f'Invalid value: "{found}": {detail}: "{found}"')


def forbidden(field: str, detail: str) -> Problem:
    return Problem(field, "FieldValueForbidden", f"Forbidden: {detail}")


def duplicate(field: str, value: Any) -> Problem:
    return Problem(field, "FieldValueDuplicate", f"Duplicate value: {shown(value)}")


def unsupported(field: str, value: Any, supported: list[Any]) -> Problem:
    options = ", ".join(shown(item) for item in supported)
    return Problem(field, "FieldValueNotSupported", f"Unsupported value: {shown(value)}: supported values: {options}")


def refuse(type_: ResourceType, body: JsonObject, problems: list[Problem], *, by_kind: bool = True) -> None:
    """Raises InvalidError if there are problems."""
    if not problems:
        return
    subject = subject_of(type_, body["metadata"].get("name", ""), by_kind=by_kind)
    texts = [f"{problem.field}: {problem.message}" for problem in problems]
    text = texts[0] if len(texts) == 1 else f"[{', '.join(texts)}]"
    causes = tuple(Cause(problem.reason, problem.message, problem.field) for problem in problems)
    raise InvalidError(f'{subject.resource} "{subject.name}" is invalid: {text}', subject=subject, causes=causes)
