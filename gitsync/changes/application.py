"""Creating, editing and removing the manifest of an Application: which contents change in a tree."""

import posixpath
from collections.abc import Callable
from dataclasses import dataclass

from gitsync.changes.errors import BadInput, NotInGit
from gitsync.changes.locate import Place, kustomization_of, locate, read_text, resources_of
from gitsync.changes.merge import Clash, merged, without_status
from gitsync.git.change import Contents, checked_path
from gitsync.git.errors import EditConflict, MirrorDamaged
from gitsync.git.listing import is_manifest_name
from gitsync.git.tree import Files, find
from gitsync.manifest.edit import edit_document, read_documents, remove_document
from gitsync.manifest.object import JsonObject
from gitsync.manifest.written import comments_of, document_text, replace_document
from gitsync.manifest.yaml_text import json_text, yaml_text
from gitsync.render.directory import selector
from model.identity import ResourceKey
from model.kinds.application import ApplicationSource, DirectoryOptions


@dataclass(frozen=True, slots=True)
class Manifest:
    """What a person handed in: the text, and the object that it stands for."""

    text: str
    body: JsonObject


@dataclass(frozen=True, slots=True)
class Holder:
    """The Git Source that holds an object, the object's address, and the file in which it stood last."""

    source: ApplicationSource
    key: ResourceKey
    hint: str = ""


def creation(source: ApplicationSource, manifest: Manifest, file_name: str) -> Callable[[Files], Contents]:
    """A new file in the Git Source. The edit raises BadInput and NotInGit."""
    name = file_name or f"{manifest.body['metadata']['name']}.yaml"
    if not is_manifest_name(name) or name.endswith(".jsonnet"):
        name += ".yaml"
    path = checked_path(posixpath.join(source.path, name))
    inside = posixpath.relpath(path, source.path or ".")
    if inside.startswith("../"):
        raise BadInput(f"{name!r} is outside of the Git Source's directory", field="fileName")
    content = manifest.text if manifest.text.endswith("\n") else manifest.text + "\n"
    if path.endswith(".json"):
        content = json_text(manifest.body) + "\n"
    elif manifest.text.lstrip().startswith("{"):
        content = yaml_text(manifest.body)

    def edit(files: Files) -> Contents:
        if find(files, path).entry is not None:
            raise BadInput(
                f"{path} exists already", field="fileName", suggestion="Choose another file name, or edit that file."
            )
        kustomization = kustomization_of(files, source.path) if source.directory is None else None
        if kustomization is None:
            _check_read(files, source, inside)
            return {path: content.encode()}
        return {path: content.encode(), kustomization: _listed(files, kustomization, inside)}

    return edit


def editing(
    holder: Holder,
    mine: Manifest,
    *,
    seen: JsonObject,
    base_blob: str,
    own: Callable[[str, str], bool],
    as_written: bool = False,
) -> Callable[[Files], Contents]:
    """The object as a person wants it, who saw it as `seen` or, with `base_blob`, saw the file itself. With that and
    `as_written` the text goes into the file as it is; else only what differs is changed (see `_in_words`).

    `own` tells of a path and a blob whether the same person wrote it a moment ago, and thus has seen it, too. The edit
    raises EditConflict, NotInGit and BadInput.
    """

    def edit(files: Files) -> Contents:
        place = locate(files, holder.source, holder.key, hint=holder.hint)
        wanted = _identified(place, holder.key, without_status(mine.body, like=place.body))
        if base_blob and base_blob != place.blob:
            raise _changed_since(files, place, base_blob, wanted)
        if as_written and base_blob and place.item is None:
            exact = _with_namespace_of(mine.body, wanted)
            text = replace_document(place.text, place.document, mine.text, exact, file=place.path)
            if text is not None:
                return {place.path: text.encode()}
        if not base_blob and not own(place.path, place.blob):
            before = _identified(place, holder.key, without_status(seen, like=place.body))
            try:
                wanted = merged(place.body, before, wanted)
            except Clash as clash:
                raise _conflict(place, before, wanted, f"{clash.path} was changed in Git meanwhile") from clash
        edited = edit_document(place.text, place.document, place.with_body(wanted), file=place.path)
        return {place.path: _in_words(place, mine.text, wanted, edited).encode()}

    return edit


def rewriting(holder: Holder, wanted: Callable[[JsonObject], JsonObject]) -> Callable[[Files], Contents]:
    """The object as `wanted` makes it of what is there. The edit raises NotInGit."""

    def edit(files: Files) -> Contents:
        place = locate(files, holder.source, holder.key, hint=holder.hint)
        body = place.with_body(wanted(place.body))
        return {place.path: edit_document(place.text, place.document, body, file=place.path).encode()}

    return edit


def removal(holder: Holder) -> Callable[[Files], Contents]:
    """The object gone, with its file if nothing else is in it. The edit raises NotInGit."""

    def edit(files: Files) -> Contents:
        place = locate(files, holder.source, holder.key, hint=holder.hint)
        if place.item is not None and len(place.value["items"]) > 1:
            items = [item for number, item in enumerate(place.value["items"]) if number != place.item]
            kept = edit_document(place.text, place.document, {**place.value, "items": items}, file=place.path)
            return {place.path: kept.encode()}
        left = remove_document(place.text, place.document, file=place.path)
        if any(value is not None for value in read_documents(left, file=place.path)):
            return {place.path: left.encode()}
        return {place.path: None, **_unlisted(files, place.path)}

    return edit


def _identified(place: Place, key: ResourceKey, wanted: JsonObject) -> JsonObject:
    """The wanted object under the name that the file gives it. Raises BadInput for another object."""
    metadata = dict(wanted.get("metadata") or {})
    own = place.body.get("metadata") or {}
    if wanted.get("kind") != place.body.get("kind"):
        raise BadInput("the kind of an object cannot be changed", field="kind")
    if metadata.get("name") not in (key.name, own.get("name")):
        raise BadInput(
            f"the name cannot be changed: it is {key.name}",
            field="metadata.name",
            suggestion="Create a new application and delete this one.",
        )
    if metadata.get("namespace") not in (None, "", key.namespace, own.get("namespace")):
        raise BadInput(f"the namespace cannot be changed: it is {key.namespace}", field="metadata.namespace")
    metadata["name"] = own.get("name")
    metadata.pop("namespace", None)
    if "namespace" in own:
        metadata["namespace"] = own["namespace"]
    return {**wanted, "metadata": metadata}


def _with_namespace_of(mine: JsonObject, wanted: JsonObject) -> JsonObject:
    """The wanted object with the namespace as the person wrote it, or left it out."""
    metadata, own = {**wanted["metadata"]}, mine.get("metadata") or {}
    metadata.pop("namespace", None)
    return {**wanted, "metadata": metadata | {name: own[name] for name in own if name == "namespace"}}


def _in_words(place: Place, text: str, wanted: JsonObject, edited: str) -> str:
    """The file after the edit: with the person's own words where they say more than the values do, else `edited`.

    That is where the values stay and the text differs, in comments, order or format; and where it brings new comments
    and keeps those of the file. A text that means something else than `wanted` counts by its values, as does JSON,
    which is how the form and programs write. Raises BadInput for comments that cannot be put where the object stands.
    """
    if text.lstrip().startswith("{"):
        return edited
    if place.item is not None:
        if edited == place.text and comments_of(text) - comments_of(place.text):
            raise BadInput(
                f"{place.path} holds the object in a list, where only its values are changed from here",
                field="manifest",
                suggestion="Change comments in the file with Git.",
            )
        return edited
    if edited != place.text:
        there = comments_of(document_text(place.text, place.document, file=place.path))
        if not there < comments_of(text):
            return edited
    return replace_document(place.text, place.document, text, wanted, file=place.path) or edited


def _changed_since(files: Files, place: Place, base_blob: str, wanted: JsonObject) -> EditConflict:
    try:
        base = files.read(base_blob).decode(errors="replace")
    except MirrorDamaged:
        base = ""  # no such file was ever here
    return EditConflict(
        f"{place.path} has changed since the edit began",
        base=base,
        theirs=place.text,
        mine=edit_document(place.text, place.document, place.with_body(wanted), file=place.path),
        suggestion="Look at both versions, and edit the newest one.",
    )


def _conflict(place: Place, before: JsonObject, wanted: JsonObject, why: str) -> EditConflict:
    return EditConflict(
        f"{place.path}: {why}",
        base=yaml_text(before),
        theirs=yaml_text(place.body),
        mine=yaml_text(wanted),
        suggestion="Look at both versions, and edit the newest one.",
    )


def _check_read(files: Files, source: ApplicationSource, inside: str) -> None:
    """Raises unless the Git Source will read a file at this place."""
    top = find(files, source.path).entry
    if source.helm is not None or (top is not None and files.child(top.id, "Chart.yaml") is not None):
        raise NotInGit(
            f"the Git Source in {source.path!r} is a Helm chart",
            suggestion="Add a template with Git, or choose another Git Source.",
        )
    options = source.directory or DirectoryOptions()
    if "/" in inside and not options.recurse:
        raise BadInput(
            "the Git Source does not look into sub-directories",
            field="fileName",
            suggestion="Leave out the directory, or set the Git Source's spec.source.directory.recurse.",
        )
    if not selector(options)(inside):
        raise BadInput(f"the Git Source's include and exclude leave out {inside}", field="fileName")


def _listed(files: Files, kustomization: str, inside: str) -> bytes:
    """The kustomization with one more resource."""
    read = read_text(files, kustomization)
    values = read_documents(read[1], file=kustomization) if read else []
    if read is None or not values or not isinstance(values[0], dict):
        raise NotInGit(f"{kustomization} is no kustomization", suggestion="Correct it with Git.")
    wanted = {**values[0], "resources": [*(values[0].get("resources") or ()), inside]}
    return edit_document(read[1], 0, wanted, file=kustomization).encode()


def _unlisted(files: Files, path: str) -> dict[str, bytes | None]:
    """The kustomization beside a file, without the file."""
    directory, name = posixpath.split(path)
    kustomization = kustomization_of(files, directory)
    read = read_text(files, kustomization) if kustomization else None
    if kustomization is None or read is None or name not in resources_of(read[1], kustomization):
        return {}
    value = read_documents(read[1], file=kustomization)[0]
    left = [one for one in value.get("resources") or () if one != name]
    return {kustomization: edit_document(read[1], 0, {**value, "resources": left}, file=kustomization).encode()}
