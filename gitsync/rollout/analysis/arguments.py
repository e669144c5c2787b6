"""Arguments of analyses: where their values come from, and `{{args.name}}` in the text of a metric."""

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote, quote_plus

from gitsync.manifest.object import JsonObject
from gitsync.rollout.values import InvalidSpec

_REFERENCE = re.compile(r"\{\{\s*args\.([^{}\s]+?)\s*\}\}")
_ANY_REFERENCE = re.compile(r"\{\{\s*([^{}]+?)\s*\}\}")
_PATH_PART = re.compile(r"\.?([A-Za-z0-9_-]+)|\['([^']+)'\]|\[\"([^\"]+)\"\]|\[(\d+)\]")
REDACTED = "*****"


@dataclass(frozen=True, slots=True)
class SecretKey:
    """One entry of a Secret in the namespace of the run."""

    name: str
    key: str


Secrets = Mapping[SecretKey, str]


@dataclass(frozen=True, slots=True)
class Arguments:
    """Values by name. `secret_values` must never be shown anywhere."""

    values: Mapping[str, str] = field(repr=False)
    secret_values: tuple[str, ...] = field(default=(), repr=False)

    def redacted(self, text: str) -> str:
        """Longest first: a secret that contains another one must not leave its rest behind."""
        spellings = {spelling for one in self.secret_values if one for spelling in _spellings(one)}
        for secret in sorted(spellings, key=len, reverse=True):
            text = text.replace(secret, REDACTED)
        return text


def _spellings(secret: str) -> tuple[str, ...]:
    """As it is, inside of JSON, and inside of an address."""
    return secret, json.dumps(secret)[1:-1], quote(secret, safe=""), quote_plus(secret)


def secret_keys(arguments: Iterable[JsonObject]) -> tuple[SecretKey, ...]:
    """What has to be read before `resolve`."""
    references = [(one.get("valueFrom") or {}).get("secretKeyRef") for one in arguments]
    return tuple(SecretKey(str(one.get("name", "")), str(one.get("key", ""))) for one in references if one)


def resolve(arguments: Iterable[JsonObject], secrets: Secrets) -> Arguments:
    """Values of a run's arguments. Raises InvalidSpec, which names arguments and Secrets but no values."""
    values: dict[str, str] = {}
    hidden: list[str] = []
    for one in arguments:
        name, source = str(one.get("name", "")), one.get("valueFrom") or {}
        if source and one.get("value") is not None:
            raise InvalidSpec(f"arg '{name}' has both Value and ValueFrom fields", suggestion="remove one of the two")
        if reference := source.get("secretKeyRef"):
            key = SecretKey(str(reference.get("name", "")), str(reference.get("key", "")))
            if key not in secrets:
                raise InvalidSpec(
                    f"key '{key.key}' does not exist in secret '{key.name}'",
                    suggestion="create the Secret with that key",
                )
            values[name] = secrets[key]
            hidden.append(secrets[key])
        elif one.get("value") is not None:
            values[name] = str(one["value"])
    plain = {name: _substituted(value, values, strict=False) for name, value in values.items()}
    return Arguments(plain, tuple(dict.fromkeys(hidden)))


def substituted(body: Any, arguments: Arguments) -> Any:
    """A copy with every reference in its texts replaced. Raises InvalidSpec for one that has no value."""
    if isinstance(body, str):
        return _substituted(body, arguments.values, strict=True)
    if isinstance(body, dict):
        return {key: substituted(value, arguments) for key, value in body.items()}
    if isinstance(body, list):
        return [substituted(one, arguments) for one in body]
    return body


def _substituted(text: str, values: Mapping[str, str], *, strict: bool) -> str:
    if "{{" not in text:
        return text

    def value_of(match: re.Match[str]) -> str:
        name = match.group(1)
        if name in values:
            return values[name]
        if strict:
            raise InvalidSpec(
                f"failed to resolve {{{{args.{name}}}}}", suggestion=f"give the argument {name} a value, or a default"
            )
        return match.group(0)

    return _REFERENCE.sub(value_of, text)


def with_references(text: str, values: Mapping[str, str]) -> str:
    """As experiments write them: `{{templates.name.podTemplateHash}}`. Raises InvalidSpec for an unknown one."""

    def value_of(match: re.Match[str]) -> str:
        name = match.group(1)
        if name not in values:
            raise InvalidSpec(f"failed to resolve {{{{{name}}}}}", suggestion="use a template of this experiment")
        return values[name]

    return _ANY_REFERENCE.sub(value_of, text)


def field_of(body: JsonObject, path: str) -> str:
    """The text at a path such as `metadata.labels['app']`. Raises InvalidSpec when nothing is there."""
    value: Any = body
    position = 0
    while position < len(path):
        match = _PATH_PART.match(path, position)
        if match is None:
            raise InvalidSpec(f"invalid fieldPath {path!r}", suggestion="write it like metadata.labels['app']")
        name, quoted, double, index = match.groups()
        key = name or quoted or double
        value = _inside(value, key if key is not None else int(index))
        position = match.end()
    if value is None or isinstance(value, dict | list):
        raise InvalidSpec(f"invalid path {path} in rollout", suggestion="point to one value that exists")
    return str(value).lower() if isinstance(value, bool) else str(value)


def _inside(value: Any, key: str | int) -> Any:
    if isinstance(value, dict):
        return value.get(str(key))
    return value[key] if isinstance(value, list) and isinstance(key, int) and key < len(value) else None
