"""Objects from files that a person names on the command line."""

import sys
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

import msgspec

from gitsync.diff.whole import without_nulls
from gitsync.errors import Failed
from gitsync.kube.index import live_object
from gitsync.kube.observed import observed
from gitsync.manifest.canonical import canonical_json
from gitsync.manifest.object import JsonObject, LiveObject
from gitsync.manifest.parse import ParsedDocument, parse_manifests
from gitsync.manifest.tracking import DEFAULT_TRACKING, TrackingSettings
from model.identity import GroupVersionKind, ResourceKey
from model.kinds import application
from model.kinds.application import Application


class InspectError(Failed):
    """The files are not what the command needs."""


def read_documents(file: str) -> list[ParsedDocument]:
    """All objects of a file; `-` is standard input. Raises InspectError and ManifestError."""
    try:
        data = sys.stdin.buffer.read() if file == "-" else Path(file).read_bytes()
    except OSError as error:
        raise InspectError(f"{file}: {error.strerror or error}", suggestion="Name a file that exists.") from error
    return parse_manifests(data, file=file)


def read_objects(file: str) -> list[JsonObject]:
    return [document.body for document in read_documents(file)]


def read_single(file: str) -> JsonObject:
    """The only object of a file."""
    body = read_single_or_none(file)
    if body is None:
        raise InspectError(f"{file}: holds no object", suggestion="Give a file with exactly one object.")
    return body


def read_single_or_none(file: str) -> JsonObject | None:
    """The only object of a file; None when there is none in it."""
    bodies = read_objects(file)
    if len(bodies) > 1:
        raise InspectError(f"{file}: holds {len(bodies)} objects", suggestion="Give a file with exactly one object.")
    return bodies[0] if bodies else None


def read_application(file: str) -> Application:
    """The first Application of a file."""
    return application_among(read_documents(file), file)


def application_among(documents: Sequence[ParsedDocument], file: str) -> Application:
    for document in documents:
        if is_application(document.body):
            try:
                return msgspec.convert(without_nulls(document.body), Application)
            except msgspec.ValidationError as error:
                raise InspectError(f"{document.origin}: {error}", suggestion="Correct the field.") from error
    raise InspectError(f"{file}: holds no Application", suggestion="Give a file with an argoproj.io Application.")


def project_among(bodies: Sequence[JsonObject], named: str, file: str) -> JsonObject:
    """The AppProject of a file that an Application names; the first, if none is called so."""
    projects = [body for body in bodies if _is_project(body)]
    if not projects:
        raise InspectError(f"{file}: holds no AppProject", suggestion="Give a file with an argoproj.io AppProject.")
    return next((body for body in projects if body["metadata"].get("name") == named), projects[0])


def _is_project(body: JsonObject) -> bool:
    return (key_of(body).group, key_of(body).kind) == (application.GROUP, "AppProject")


def read_time(text: str) -> datetime:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError as error:
        raise InspectError(f"{text} is no time", suggestion="Write it as 2026-03-29T02:30:00Z.") from error
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def is_application(body: JsonObject) -> bool:
    return key_of(body).kind == application.KIND and key_of(body).group == application.GROUP


def key_of(body: JsonObject) -> ResourceKey:
    gvk = GroupVersionKind.parse(body["apiVersion"], body["kind"])
    metadata = body["metadata"]
    name = metadata.get("name") or metadata.get("generateName") or ""
    return ResourceKey(gvk.group, gvk.kind, metadata.get("namespace") or "", name)


def as_live(body: JsonObject, tracking: TrackingSettings = DEFAULT_TRACKING) -> LiveObject:
    """The object as the live cache would hold it."""
    gvk = GroupVersionKind.parse(body["apiVersion"], body["kind"])
    try:
        seen = observed(canonical_json(body), api_version=gvk.api_version, kind=gvk.kind)
    except msgspec.DecodeError as error:
        raise InspectError(f"{key_of(body)}: {error}", suggestion="Correct the object's metadata.") from error
    return live_object(seen, gvk.group, gvk.version, gvk.kind, tracking=tracking)
