"""Which tool a source needs. What is named wins, then what the files say, then it is a plain directory."""

import enum
from dataclasses import dataclass

from gitsync.git.closure import Closure, ClosureEntry, EntryKind
from gitsync.git.tree import Entry, EntryType, Files
from gitsync.render.errors import SourceInvalid, ToolNotSupported
from gitsync.render.kustomization import entries_of, plain_resources
from model.kinds.application import ApplicationSource


class SourceType(enum.StrEnum):
    """Spellings are those of `status.sourceType`."""

    DIRECTORY = "Directory"
    HELM = "Helm"
    KUSTOMIZE = "Kustomize"
    PLUGIN = "Plugin"


_MARKS = {
    "Chart.yaml": SourceType.HELM,
    "kustomization.yaml": SourceType.KUSTOMIZE,
    "kustomization.yml": SourceType.KUSTOMIZE,
    "Kustomization": SourceType.KUSTOMIZE,
}


def named_type(source: ApplicationSource) -> SourceType | None:
    """The tool that the source itself names. Raises SourceInvalid when it names several."""
    named = {
        SourceType.HELM: source.helm is not None or bool(source.chart),
        SourceType.KUSTOMIZE: source.kustomize is not None,
        SourceType.PLUGIN: source.plugin is not None,
        SourceType.DIRECTORY: source.directory is not None,
    }
    types = [source_type for source_type, is_named in named.items() if is_named]
    if len(types) > 1:
        raise SourceInvalid(
            f"the source names several tools: {', '.join(types)}", suggestion="Keep the options of one of them."
        )
    return types[0] if types else None


def refuse_unsupported(source: ApplicationSource) -> None:
    """Raises ToolNotSupported for what can be told from the source alone."""
    if source.repo_url.startswith("oci://"):
        raise _unsupported("OCI images as sources")
    if source.chart:
        raise _unsupported("charts from Helm repositories")
    named = named_type(source)
    if named not in (None, SourceType.DIRECTORY):
        raise _unsupported(f"{named} sources")
    if source.directory is not None and source.directory.jsonnet:
        raise _unsupported("Jsonnet")


@dataclass(frozen=True, slots=True)
class Detected:
    """`looked`: what was looked at. `kustomization`: the file that lists what to read, and the files that it names."""

    looked: set[ClosureEntry]
    kustomization: list[tuple[str, Entry]] | None = None


def detect(files: Files, path: str, tree_id: str, source: ApplicationSource) -> Detected:
    """What kind of directory this is. Raises ToolNotSupported when plain reading would not do."""
    looked: set[ClosureEntry] = set()
    if named_type(source) is SourceType.DIRECTORY:
        return Detected(looked)
    for name, source_type in _MARKS.items():
        place = f"{path}/{name}" if path else name
        entry = files.child(tree_id, name)
        if entry is not None and entry.type in (EntryType.BLOB, EntryType.LINK):
            resources = None
            if source_type is SourceType.KUSTOMIZE:
                resources = plain_resources(files, path, entry, place)
            if resources is None:
                raise _unsupported(f"{source_type} sources", because=f"{place} makes this one")
            return Detected(looked | entries_of(place, entry, resources), resources)
        # A directory of that name is nothing to the detection, but it may become a file.
        kind = EntryKind.ABSENT if entry is None else EntryKind.TREE
        looked.add(ClosureEntry(kind, place, entry.id if entry is not None else ""))
    return Detected(looked)


def type_of(source: ApplicationSource, closure: Closure) -> SourceType:
    """The kind of a source that was rendered, told by what was read."""
    names = {entry.path.rpartition("/")[2] for entry in closure.entries if entry.kind is EntryKind.BLOB}
    by_mark = named_type(source) is None and any(_MARKS.get(name) is SourceType.KUSTOMIZE for name in names)
    return SourceType.KUSTOMIZE if by_mark else SourceType.DIRECTORY


def refuse_jsonnet(path: str) -> ToolNotSupported:
    return _unsupported("Jsonnet", because=f"{path} is such a file")


def _unsupported(what: str, *, because: str = "") -> ToolNotSupported:
    return ToolNotSupported(
        f"this version does not render {what}" + (f" ({because})" if because else ""),
        suggestion="Point the source at a directory of plain YAML or JSON files, or set spec.source.directory.",
    )
