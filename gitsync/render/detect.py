"""Which tool a source needs. What is named wins, then what the files say, then it is a plain directory."""

import enum

from gitsync.git.closure import ClosureEntry, EntryKind
from gitsync.git.tree import Entry, EntryType, Files
from gitsync.render.errors import SourceInvalid, ToolNotSupported
from model.kinds.application import ApplicationSource


class SourceType(enum.StrEnum):
    """Spellings are those of `status.sourceType`."""

    DIRECTORY = "Directory"
    HELM = "Helm"
    KUSTOMIZE = "Kustomize"
    PLUGIN = "Plugin"


# In the order in which they win: of a directory that is both, Argo CD makes a kustomization.
_MARKS = {
    "kustomization.yaml": SourceType.KUSTOMIZE,
    "kustomization.yml": SourceType.KUSTOMIZE,
    "Kustomization": SourceType.KUSTOMIZE,
    "Chart.yaml": SourceType.HELM,
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
    if source.repo_url.startswith("oci://") and not source.chart:
        raise _unsupported("OCI images as sources")
    if named_type(source) is SourceType.PLUGIN:
        raise _unsupported("Plugin sources")


def detect(
    files: Files, path: str, tree_id: str, source: ApplicationSource, enabled: frozenset[str]
) -> tuple[SourceType, set[ClosureEntry]]:
    """What kind of directory this is, and what was looked at to tell. A tool that is switched off reads plainly."""
    looked: set[ClosureEntry] = set()
    named = named_type(source)
    if named is SourceType.PLUGIN:  # an override in the repository may say so
        raise _unsupported("Plugin sources")
    if named is not None:
        return (named if _is_enabled(named, enabled) else SourceType.DIRECTORY), looked
    for name, source_type in _MARKS.items():
        if not _is_enabled(source_type, enabled):
            continue
        place = f"{path}/{name}" if path else name
        entry = files.child(tree_id, name)
        if entry is not None and entry.type in (EntryType.BLOB, EntryType.LINK):
            return source_type, looked
        # A directory of that name is nothing to the detection, but it may become a file.
        looked.add(_absence(place, entry))
    return SourceType.DIRECTORY, looked


def _absence(place: str, entry: Entry | None) -> ClosureEntry:
    kind = EntryKind.ABSENT if entry is None else EntryKind.TREE
    return ClosureEntry(kind, place, entry.id if entry is not None else "")


def _is_enabled(source_type: SourceType, enabled: frozenset[str]) -> bool:
    return source_type is SourceType.DIRECTORY or source_type.value.lower() in enabled


def _unsupported(what: str) -> ToolNotSupported:
    return ToolNotSupported(
        f"this version does not render {what}",
        suggestion="Point the source at plain files, a Helm chart or a kustomization, or set spec.source.directory.",
    )
