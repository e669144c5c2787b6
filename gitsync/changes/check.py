"""What is wrong with the manifest of an Application, as far as its text alone tells; each thing with field and line.
Pure.
"""

import re

import msgspec

from gitsync.changes.application import Manifest
from gitsync.changes.errors import BadInput
from gitsync.manifest.edit import read_documents
from gitsync.manifest.errors import ManifestError
from gitsync.manifest.yaml_nodes import Node, read_nodes
from model.kinds.application import GROUP, KIND, VERSION, ApplicationSource, ApplicationSpec
from model.link_change import Problem

INVALID = "VALIDATION_ERROR"
UNAVAILABLE = "GIT_UNAVAILABLE"
WHEN_IT_IS_BACK = "Nothing was changed; try again when the Git host is back."
_NAME = re.compile(r"[a-z0-9]([-a-z0-9.]{0,251}[a-z0-9])?")
_PLACE = re.compile(r"at `\$\.?([^`]*)`")
_KNOWN = frozenset(
    {
        *("destination", "ignoreDifferences", "info", "project", "revisionHistoryLimit", "source", "sourceHydrator"),
        *("sources", "syncPolicy"),
    }
)


def read_manifest(text: str) -> Manifest:
    """The one object in the text. Raises BadInput with the line."""
    try:
        values = [value for value in read_documents(text, file="manifest") if value is not None]
    except ManifestError as error:
        raise BadInput(error.reason, line=error.line or None, suggestion=error.suggestion) from error
    if len(values) != 1 or not isinstance(values[0], dict):
        raise BadInput(
            f"a manifest holds one object, and this text holds {len(values)}" if values else "the manifest is empty",
            field="manifest",
            suggestion="Give exactly one Application.",
        )
    return Manifest(text, values[0])


def shape_problems(manifest: Manifest) -> list[Problem]:
    """What no Application may look like."""
    body, found = manifest.body, list[Problem]()

    def wrong(field: str, message: str, suggestion: str = "") -> None:
        found.append(problem(manifest, field, message, suggestion))

    if body.get("apiVersion") != f"{GROUP}/{VERSION}":
        wrong("apiVersion", f"apiVersion must be {GROUP}/{VERSION}")
    if body.get("kind") != KIND:
        wrong("kind", f"kind must be {KIND}")
    metadata = body.get("metadata")
    name = metadata.get("name") if isinstance(metadata, dict) else None
    if not isinstance(name, str) or not name:
        wrong("metadata.name", "the application has no name", "Give it a name.")
    elif not _NAME.fullmatch(name):
        wrong("metadata.name", f"{name!r:.100} is no name", "Use lower case letters, digits, '-' and '.'.")
    for map_name in ("labels", "annotations"):
        entries = (metadata.get(map_name) if isinstance(metadata, dict) else None) or {}
        if not isinstance(entries, dict) or not all(isinstance(value, str) for value in entries.values()):
            wrong(f"metadata.{map_name}", f"{map_name} are texts by name", "Quote numbers and booleans.")
    spec = body.get("spec")
    if not isinstance(spec, dict) or not spec:
        wrong("spec", "the application has no spec", "Name a source, a destination and a project in spec.")
        return found
    try:
        typed = msgspec.convert(spec, ApplicationSpec, strict=True)
    except msgspec.ValidationError as error:
        place = _PLACE.search(str(error))
        field = ".".join(filter(None, ("spec", place[1] if place else "")))
        wrong(field, str(error).partition(" - at")[0])
        return found
    return found + _spec_problems(manifest, typed)


def _spec_problems(manifest: Manifest, spec: ApplicationSpec) -> list[Problem]:
    found = list[Problem]()
    destination = spec.destination
    if not destination.server and not destination.name:
        message = "the destination names no cluster"
        found.append(problem(manifest, "spec.destination", message, "Set destination.server or destination.name."))
    if destination.server and destination.name:
        message = "the destination has both server and name"
        found.append(problem(manifest, "spec.destination", message, "Keep one of them."))
    if not spec.all_sources:
        found.append(problem(manifest, "spec.source", "the application has no source", "Set spec.source."))
    for field, source in sources_of(spec):
        found += _source_problems(manifest, field, source)
    return found


def _source_problems(manifest: Manifest, field: str, source: ApplicationSource) -> list[Problem]:
    if not source.repo_url:
        return [problem(manifest, f"{field}.repoURL", "the source has no repository", "Set repoURL.")]
    if source.chart and source.path:
        return [problem(manifest, f"{field}.path", "a chart has no path", "Keep chart or path.")]
    if source.chart and not source.target_revision:
        return [problem(manifest, f"{field}.targetRevision", "a chart needs a version", "Set targetRevision.")]
    if not source.chart and not source.path and not source.ref:
        return [problem(manifest, f"{field}.path", "the source has neither path nor chart", "Use . for the top.")]
    return []


def warnings_of(manifest: Manifest) -> list[Problem]:
    """What is allowed and yet probably not meant."""
    spec = manifest.body.get("spec")
    unknown = sorted(set(spec) - _KNOWN) if isinstance(spec, dict) else []
    return [
        problem(manifest, f"spec.{name}", f"spec.{name} is no field of an Application", "Check its spelling.")
        for name in unknown
    ]


def sources_of(spec: ApplicationSpec) -> list[tuple[str, ApplicationSource]]:
    """Every source that counts with the path of its field."""
    if spec.sources:
        return [(f"spec.sources[{number}]", source) for number, source in enumerate(spec.sources)]
    return [("spec.source", spec.source)] if spec.source else []


def problem(manifest: Manifest, field: str, message: str, suggestion: str = "", *, code: str = INVALID) -> Problem:
    return Problem(code, message, field, line_of(manifest.text, field), suggestion)


def line_of(text: str, field: str) -> int | None:
    """The line of a field like spec.sources[0].path; of the innermost part of it that is there."""
    try:
        documents = read_nodes(text, file="manifest")
    except ManifestError:
        return None
    node = next((one.root for one in documents if one.root.kind == "map"), None)
    if node is None:
        return None
    position = node.start
    for step in re.findall(r"[^.\[\]]+", field):
        below = _below(node, step)
        if below is None:
            break
        position, node = below
    return text.count("\n", 0, position) + 1


def _below(node: Node, step: str) -> tuple[int, Node] | None:
    if node.kind == "list" and step.isdecimal() and int(step) < len(node.items):
        item = node.items[int(step)]
        return item.start, item
    return next(((key.start, value) for key, value in node.entries if key.text == step), None)
