"""What a URL and its headers ask for."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

import orjson
import yaml
from aiohttp import web

from gitsync.manifest.object import JsonObject
from gitsync.sandbox import protobuf
from gitsync.sandbox.errors import (
    BadRequestError,
    Cause,
    InvalidError,
    NotAcceptableError,
    NotFoundError,
    Subject,
    UnsupportedMediaTypeError,
)
from gitsync.sandbox.registry import Registry, ResourceType
from gitsync.sandbox.writes import FieldValidation

Form = Literal["object", "table", "metadata"]
_NAMESPACE_SUBRESOURCES = frozenset({"status", "finalize"})
_NOT_SERVED = "the server could not find the requested resource"


@dataclass(frozen=True, slots=True)
class Target:
    """The resource that a path names. `name` is "" for a collection."""

    type: ResourceType
    namespace: str
    name: str
    subresource: str = ""
    rest: str = ""


@dataclass(frozen=True, slots=True)
class Call:
    """One request to a resource."""

    http: web.BaseRequest
    target: Target
    user: str
    query: Mapping[str, str] = field(default_factory=dict)

    @property
    def type(self) -> ResourceType:
        return self.target.type

    def flag(self, name: str) -> bool:
        return self.query.get(name, "") in ("true", "1", "True")

    def number(self, name: str) -> int | None:
        text = self.query.get(name)
        if not text:
            return None
        try:
            return int(text)
        except ValueError as error:
            raise BadRequestError(f'strconv.ParseInt: parsing "{text}": invalid syntax') from error

    @property
    def manager(self) -> str:
        """Who writes: `fieldManager`, else the program's name."""
        given = self.query.get("fieldManager")
        return given or self.http.headers.get("User-Agent", "unknown").partition("/")[0][:128]

    def dry_run(self, options: str) -> bool:
        values = self.http.query.getall("dryRun", [])
        if not values:
            return False
        if values != ["All"]:
            why = f'Unsupported value: {orjson.dumps(values).decode()}: supported values: "All"'
            raise invalid_options(options, Cause("FieldValueNotSupported", why, "dryRun"))
        return True

    @property
    def validation(self) -> FieldValidation:
        match self.query.get("fieldValidation", ""):
            case "" | "Warn":
                return "Warn"
            case "Strict":
                return "Strict"
            case "Ignore":
                return "Ignore"
            case other:
                why = f'Unsupported value: "{other}": supported values: "", "Ignore", "Strict", "Warn"'
                raise invalid_options("CreateOptions", Cause("FieldValueNotSupported", why, "fieldValidation"))


def invalid_options(kind: str, cause: Cause) -> InvalidError:
    subject = Subject("meta.k8s.io", kind)
    return InvalidError(
        f'{kind}.meta.k8s.io "" is invalid: {cause.field}: {cause.message}', subject=subject, causes=(cause,)
    )


def find_target(path: str, registry: Registry) -> Target | None:
    """The resource that a path names; None if the path is no path of a resource. Raises NotFoundError."""
    parts = path.strip("/").split("/")
    if parts[0] == "api" and len(parts) > 2:
        group, version, rest = "", parts[1], parts[2:]
    elif parts[0] == "apis" and len(parts) > 3:
        group, version, rest = parts[1], parts[2], parts[3:]
    else:
        return None
    if version not in registry.groups().get(group, ()):
        return None
    namespace = ""
    if (
        rest[0] == "namespaces"
        and len(rest) > 2
        and not (len(rest) == 3 and rest[2] in _NAMESPACE_SUBRESOURCES and not group)
    ):
        namespace, rest = rest[1], rest[2:]
    type_ = registry.by_plural(group, version, rest[0])
    if type_ is None or (namespace and not type_.namespaced):
        raise NotFoundError(_NOT_SERVED, subject=Subject())
    name, subresource = [*rest, "", ""][1:3]
    if subresource and subresource not in type_.subresources:
        raise NotFoundError(_NOT_SERVED, subject=Subject())
    return Target(type_, namespace, name, subresource, "/".join(rest[3:]))


def wanted_form(accept: str, *, is_list: bool = False) -> Form:
    """The first of the formats in an Accept header that is served. Raises NotAcceptableError if none is."""
    for option in accept.split(","):
        pieces = [piece.strip() for piece in option.split(";")]
        if pieces[0] not in ("application/json", "*/*", "application/*", ""):
            continue
        parameters = dict(piece.split("=", 1) for piece in pieces[1:] if "=" in piece)
        match parameters.get("as"):
            case "Table":
                return "table"
            case "PartialObjectMetadataList" if is_list:
                return "metadata"
            case "PartialObjectMetadata" if not is_list:
                return "metadata"
            case None:
                return "object"
            case _:
                continue
    raise NotAcceptableError("only the following media types are accepted: application/json", subject=Subject())


def decode_body(data: bytes, content_type: str, kind: str) -> Any:
    """JSON or YAML of a body. Raises BadRequestError."""
    if data.startswith(protobuf.MAGIC):
        return protobuf.decode_object(data)
    if "protobuf" in content_type or "cbor" in content_type:
        raise UnsupportedMediaTypeError(
            "the body of the request was in an unknown format - accepted media types include: "
            "application/json, application/yaml"
        )
    try:
        if "yaml" in content_type and not data.lstrip().startswith((b"{", b"[")):
            return yaml.load(data, Loader=yaml.CSafeLoader)
        return orjson.loads(data)
    except (orjson.JSONDecodeError, yaml.YAMLError) as error:
        raise BadRequestError(
            f"the object provided is unrecognized (must be of type {kind}): couldn't get version/kind; "
            f"json parse error: {error} ({data[:200].decode(errors='replace')})"
        ) from error


async def read_object(call: Call, kind: str) -> JsonObject:
    """The body as an object; an empty body is an empty object."""
    data = await call.http.read()
    if not data:
        return {}
    body = decode_body(data, call.http.headers.get("Content-Type", ""), kind)
    if not isinstance(body, dict):
        raise BadRequestError(f"the object provided is unrecognized (must be of type {kind})")
    return body
