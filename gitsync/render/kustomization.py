"""A kustomization that does nothing but name files says the same as these files; anything more needs the real tool.

So does whatever kustomize would read in another way than we do, drop, or refuse.
"""

from collections.abc import Sequence

from gitsync.git.closure import ClosureEntry, EntryKind
from gitsync.git.tree import Entry, EntryType, Files, find
from gitsync.manifest.errors import ManifestError
from gitsync.manifest.limits import ParseLimits
from gitsync.manifest.object import JsonObject
from gitsync.manifest.parse import ParsedDocument
from gitsync.manifest.yaml_events import load_events
from gitsync.manifest.yaml_fast import reads_alike
from gitsync.render.directory import SourceFile
from gitsync.render.parsed_files import asks_to_be_skipped

_PLAIN_FIELDS = frozenset({"apiVersion", "kind", "metadata", "resources"})
_KIND = {"kind": "Kustomization", "apiVersion": "kustomize.config.k8s.io/v1beta1"}
_OWN_ANNOTATIONS = ("config.kubernetes.io/", "internal.config.kubernetes.io/", "kustomize.config.k8s.io/")
_LIMITS = ParseLimits(max_bytes=1_000_000, max_documents=1)


def plain_resources(files: Files, directory: str, entry: Entry, place: str) -> list[tuple[str, Entry]] | None:
    """The named files in their order, or None where the kustomization is more than a list of plain files."""
    if entry.type is not EntryType.BLOB or files.size(entry.id) > _LIMITS.max_bytes:
        return None
    try:
        documents = load_events(files.read(entry.id).decode(), file=place, limits=_LIMITS)
    except (ManifestError, UnicodeDecodeError):
        return None
    if (
        len(documents) != 1
        or not isinstance(documents[0].value, dict)
        or not documents[0].value.keys() <= _PLAIN_FIELDS
    ):
        return None
    if any(documents[0].value.get(field, value) != value for field, value in _KIND.items()):
        return None
    names = documents[0].value.get("resources")
    if not isinstance(names, list):
        return None
    resources = [_resource(files, directory, name) for name in names]
    named = [resource for resource in resources if resource is not None]
    return named if len(named) == len(resources) == len({path for path, _ in named}) else None


def says_the_same(files: Sequence[SourceFile], documents: Sequence[ParsedDocument]) -> bool:
    """Whether kustomize would make just these documents of the named files."""
    if any(asks_to_be_skipped(file) or not _reads_alike(file.data) for file in files):
        return False
    if {file.path for file in files} != {document.origin.file for document in documents}:
        return False
    ids = {_id(document.body) for document in documents}
    return len(ids) == len(documents) and not any(map(_is_special, documents))


def _reads_alike(data: bytes) -> bool:
    try:
        return reads_alike(data.decode())
    except UnicodeDecodeError:
        return False


def _id(body: JsonObject) -> tuple[str, str, str, str]:
    group, metadata = body["apiVersion"].rpartition("/")[0], body["metadata"]
    return group, body["kind"], metadata.get("namespace") or "default", metadata.get("name") or ""


def _is_special(document: ParsedDocument) -> bool:
    metadata = document.body["metadata"]
    annotations = metadata.get("annotations") or {}
    return (
        bool(document.doubts)
        or not metadata.get("name")
        or any(name.startswith(_OWN_ANNOTATIONS) for name in annotations)
    )


def entries_of(place: str, entry: Entry, resources: list[tuple[str, Entry]]) -> set[ClosureEntry]:
    """What was read of the repository for such a list."""
    return {ClosureEntry(EntryKind.BLOB, path, read.id) for path, read in [(place, entry), *resources]}


def _resource(files: Files, directory: str, name: object) -> tuple[str, Entry] | None:
    """A file at or below the directory, reached through no link: what kustomize itself would allow."""
    if not isinstance(name, str) or "://" in name or ".." in name.split("/") or name.startswith("/"):
        return None
    found = find(files, f"{directory}/{name}")
    if found.entry is None or found.entry.type is not EntryType.BLOB or found.links:
        return None
    return found.path, found.entry
