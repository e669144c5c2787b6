"""Which file of a Git Source holds an object: read from the files themselves, since what is rendered may be newer.

A plain directory is searched file by file, a kustomization along its resources and bases. What a chart generates is in
no file as such; the template that makes it is named instead.
"""

import posixpath
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from gitsync.changes.errors import NotInGit
from gitsync.git.listing import is_manifest_name, list_manifests
from gitsync.git.tree import Entry, EntryType, Files, find
from gitsync.manifest.edit import read_documents
from gitsync.manifest.errors import ManifestError
from gitsync.manifest.object import JsonObject
from model.identity import ResourceKey
from model.kinds.application import ApplicationSource

KUSTOMIZATIONS = ("kustomization.yaml", "kustomization.yml", "Kustomization")
_MAX_BYTES = 2_000_000
_MAX_DIRECTORIES = 200


@dataclass(frozen=True, slots=True)
class Place:
    """A document of a file, or one item of a list that is a document. `value` is the document's whole value."""

    path: str
    blob: str
    text: str
    document: int
    item: int | None
    value: Any

    @property
    def body(self) -> JsonObject:
        body: JsonObject = self.value if self.item is None else self.value["items"][self.item]
        return body

    def with_body(self, body: JsonObject) -> Any:
        """The document's value with the object replaced."""
        if self.item is None:
            return body
        items = list(self.value["items"])
        items[self.item] = body
        return {**self.value, "items": items}


def locate(files: Files, source: ApplicationSource, key: ResourceKey, *, hint: str = "") -> Place:
    """Where the object stands. `hint`: the file in which it stood last. Raises NotInGit."""
    if hint:
        for place in _in_file(files, hint):
            if _is(place.body, key):
                return place
    top = find(files, source.path)
    if top.entry is None or top.entry.type is not EntryType.TREE:
        raise NotInGit(f"the Git Source's directory {source.path!r} does not exist", suggestion="Check its path.")
    if kustomization_of(files, top.path) is not None and source.directory is None:
        candidates = list(_in_kustomization(files, top.path))
    elif _child(files, top.entry, "Chart.yaml") is not None or source.helm is not None:
        raise _templated(files, top.path, top.entry, key)
    else:
        listed = list_manifests(files, top.path, top.entry.id, below=True)
        candidates = [place for file in listed for place in _in_file(files, file.path)]
    exact = [place for place in candidates if _is(place.body, key)]
    if exact:
        return exact[0]
    renamed = [place for place in candidates if _is_renamed(place.body, key)]
    if len(renamed) == 1:
        return renamed[0]
    raise NotInGit(
        f"no file below {source.path or 'the top'!r} of {source.repo_url} holds {key} any more",
        suggestion="It may have been removed or renamed in Git a moment ago; refresh the Git Source.",
    )


def kustomization_of(files: Files, directory: str) -> str | None:
    """Path of the kustomization of a directory."""
    for name in KUSTOMIZATIONS:
        found = find(files, f"{directory}/{name}" if directory else name)
        if found.entry is not None and found.entry.type is EntryType.BLOB:
            return found.path
    return None


def read_text(files: Files, path: str) -> tuple[str, str] | None:
    """Blob id and text of a file; None for what is no readable text."""
    found = find(files, path)
    if found.entry is None or found.entry.type is not EntryType.BLOB or files.size(found.entry.id) > _MAX_BYTES:
        return None
    try:
        return found.entry.id, files.read(found.entry.id).decode()
    except UnicodeDecodeError:
        return None


def _in_file(files: Files, path: str) -> Iterator[Place]:
    read = read_text(files, path)
    if read is None or "argoproj.io" not in read[1]:
        return
    blob, text = read
    try:
        values = read_documents(text, file=path)
    except ManifestError:
        return
    for number, value in enumerate(values):
        if not isinstance(value, dict):
            continue
        items = value.get("items")
        if str(value.get("kind", "")).endswith("List") and isinstance(items, list):
            for index, item in enumerate(items):
                if isinstance(item, dict):
                    yield Place(path, blob, text, number, index, value)
        else:
            yield Place(path, blob, text, number, None, value)


def _in_kustomization(files: Files, top: str) -> Iterator[Place]:
    todo, seen = [top], set[str]()
    while todo and len(seen) < _MAX_DIRECTORIES:
        directory = todo.pop(0)
        if directory in seen:
            continue
        seen.add(directory)
        place = kustomization_of(files, directory)
        read = read_text(files, place) if place else None
        for name in resources_of(read[1], place or "") if read else ():
            if "://" in name:
                continue
            path = posixpath.normpath(posixpath.join(directory, name))
            if path.startswith("../"):
                continue
            entry = find(files, path).entry
            if entry is not None and entry.type is EntryType.TREE:
                todo.append(path)
            elif entry is not None and is_manifest_name(path):
                yield from _in_file(files, path)


def resources_of(text: str, path: str) -> list[str]:
    """What a kustomization takes in: resources, bases and components."""
    try:
        values = read_documents(text, file=path)
    except ManifestError:
        return []
    body = values[0] if values and isinstance(values[0], dict) else {}
    return [
        name
        for field in ("resources", "bases", "components")
        for name in body.get(field) or ()
        if isinstance(name, str)
    ]


def _is(body: JsonObject, key: ResourceKey) -> bool:
    metadata = body.get("metadata")
    if body.get("kind") != key.kind or not isinstance(metadata, dict) or metadata.get("name") != key.name:
        return False
    group = str(body.get("apiVersion", "")).rpartition("/")[0]
    return group == key.group and metadata.get("namespace") in (None, "", key.namespace)


def _is_renamed(body: JsonObject, key: ResourceKey) -> bool:
    """What a kustomization may have given a prefix, a suffix, or another namespace."""
    metadata = body.get("metadata")
    if body.get("kind") != key.kind or not isinstance(metadata, dict):
        return False
    name = metadata.get("name")
    return isinstance(name, str) and bool(name) and name in key.name


def _child(files: Files, top: Entry, name: str) -> Entry | None:
    return files.child(top.id, name)


def _templated(files: Files, directory: str, top: Entry, key: ResourceKey) -> NotInGit:
    """Says which template to edit: the one that names the object, else those that make objects of its kind."""
    templates = _child(files, top, "templates")
    makers: list[str] = []
    if templates is not None and templates.type is EntryType.TREE:
        for file in list_manifests(files, posixpath.join(directory, "templates"), templates.id, below=True):
            read = read_text(files, file.path)
            if read is not None and f"kind: {key.kind}" in read[1]:
                makers.append(file.path)
                if key.name in read[1]:
                    makers = [file.path]
                    break
    place = " or ".join(makers[:3]) or f"the templates of the chart in {directory or 'the top directory'!r}"
    return NotInGit(
        f"{key} is generated by the Helm chart in {directory or 'the top directory'!r}",
        suggestion=f"Edit {place}, or the chart's values, with Git.",
    )
