"""Reading a source of any kind: which files of which commit, and what is to be run on them.

Runs in the owner thread of a mirror: it reads and decides, and leaves parsing and programs to others.
"""

from dataclasses import dataclass
from typing import Any

import msgspec

from gitsync.git.closure import Closure, closure_of
from gitsync.git.errors import PathNotFound, PathRefused
from gitsync.git.tree import Entry, EntryType, Files, clean_path, find
from gitsync.manifest.limits import ParseLimits
from gitsync.manifest.yaml_events import load_events
from gitsync.render.context import BUILD_OPTIONS, RenderContext, Surroundings
from gitsync.render.detect import SourceType, detect
from gitsync.render.directory import RenderLimits, SourceFile, is_jsonnet, links_of, read_files, read_plain
from gitsync.render.errors import SourceInvalid
from gitsync.render.gathering import Gathering
from gitsync.render.helm import read_helm
from gitsync.render.job import Job
from gitsync.render.jsonnet import read_jsonnet
from gitsync.render.kustomization import entries_of, plain_resources
from gitsync.render.kustomize import read_kustomize
from gitsync.render.kustomize_inputs import KUSTOMIZATION_NAMES
from model.kinds.application import ApplicationSource, DirectoryOptions

_OVERRIDES = ParseLimits(max_bytes=1_000_000, max_documents=1)


@dataclass(frozen=True, slots=True)
class Reading:
    """What a source consists of in one commit. `job`: what is to be run besides parsing the files.

    `listed`: a kustomization names the files and does nothing else, so they may do without kustomize.
    """

    files: tuple[SourceFile, ...]
    closure: Closure
    source_type: SourceType = SourceType.DIRECTORY
    job: Job | None = None
    consulted: tuple[tuple[str, str], ...] = ()
    listed: bool = False


def read_source(
    files: Files,
    source: ApplicationSource,
    *,
    limits: RenderLimits,
    context: RenderContext,
    surroundings: Surroundings,
    exactly: bool = False,
) -> Reading:
    """`exactly`: a kustomization is never taken for a mere list of files.

    Raises PathNotFound, PathRefused and RenderErrors.
    """
    if source.path.startswith("/"):
        raise PathRefused(
            f"{source.path!r:.200}: the path of the source is absolute",
            suggestion="Write it from the top of the repository, without a slash in front.",
        )
    path = clean_path(source.path)
    found = find(files, path)
    if found.entry is None or found.entry.type is not EntryType.TREE:
        raise PathNotFound(
            f"there is no directory {path!r:.200} in the repository",
            suggestion="Correct the path of the source, or the revision.",
        )
    gathering = Gathering(files, max_bytes=limits.tree_bytes, max_files=limits.max_files)
    gathering.entries |= links_of(found)
    source = overridden(source, gathering, found.path, context.instance)
    source_type, looked = detect(files, found.path, found.entry.id, source, context.enabled)
    gathering.entries |= looked
    manifests: tuple[SourceFile, ...] = ()
    job: Job | None = None
    listed = False
    match source_type:
        case SourceType.HELM:
            job = read_helm(gathering, found.path, source, context, surroundings)
        case SourceType.KUSTOMIZE:
            flags = surroundings.consult(BUILD_OPTIONS)
            named = None if flags or exactly else _plain_kustomization(gathering, found.path, found.entry.id, source)
            if named is not None:
                manifests, listed = read_files(files, named, limits), True
            else:
                job = read_kustomize(gathering, found.path, source, context, surroundings)
        case _:
            options = source.directory or DirectoryOptions()
            manifests = read_plain(files, found.path, found.entry.id, options, gathering.entries, limits)
            if not options.disable_extension_filter:
                jsonnet = [file for file in manifests if is_jsonnet(file.path)]
                if jsonnet and "jsonnet" in context.enabled:
                    job = read_jsonnet(gathering, found.path, jsonnet, options, surroundings)
                manifests = tuple(file for file in manifests if not is_jsonnet(file.path))
    closure = closure_of(files, gathering.entries, found.path)
    return Reading(manifests, closure, source_type, job, tuple(sorted(surroundings.consulted.items())), listed)


def overridden(source: ApplicationSource, gathering: Gathering, path: str, instance: str) -> ApplicationSource:
    """The source with what `.argocd-source.yaml` and then `.argocd-source-<application>.yaml` say merged into it."""
    names = [".argocd-source.yaml"] + ([f".argocd-source-{instance}.yaml"] if instance else [])
    patches = [patch for name in names if (patch := _override(gathering, f"{path}/{name}" if path else name))]
    if not patches:
        return source
    body = msgspec.to_builtins(source)
    for patch in patches:
        body = _merged(body, patch)
    try:
        merged = msgspec.convert(body, ApplicationSource)
    except msgspec.ValidationError as error:
        raise SourceInvalid(
            f"{path}/.argocd-source.yaml does not fit the source: {error}", suggestion="Correct the file."
        ) from error
    # Where the source lies is decided where people decide about the application, not in the source.
    return msgspec.structs.replace(
        merged, repo_url=source.repo_url, path=source.path, target_revision=source.target_revision, chart=source.chart
    )


def _override(gathering: Gathering, path: str) -> dict[str, Any] | None:
    data = gathering.file(path)
    if data is None:
        return None
    del gathering.tree[clean_path(path)]
    documents = load_events(data.decode("utf-8-sig", errors="replace"), file=path, limits=_OVERRIDES)
    value = documents[0].value if documents else None
    if value is not None and not isinstance(value, dict):
        raise SourceInvalid(f"{path} is no map", suggestion="Write fields of the source, such as `helm:`.")
    return value


def _merged(body: Any, patch: Any) -> Any:
    """A JSON merge patch: maps are merged, `null` removes, anything else replaces."""
    if not isinstance(patch, dict):
        return patch
    result = dict(body) if isinstance(body, dict) else {}
    for name, value in patch.items():
        if value is None:
            result.pop(name, None)
        else:
            result[name] = _merged(result.get(name), value)
    return result


def _plain_kustomization(
    gathering: Gathering, path: str, tree_id: str, source: ApplicationSource
) -> list[tuple[str, Entry]] | None:
    """The named files, where the kustomization does nothing else and the source asks for nothing else."""
    if source.kustomize:
        return None
    entries = {name: gathering.files.child(tree_id, name) for name in KUSTOMIZATION_NAMES}
    there = {name: entry for name, entry in entries.items() if entry is not None and entry.type is not EntryType.TREE}
    if len(there) != 1:
        return None
    (name, entry), *_ = there.items()
    place = f"{path}/{name}" if path else name
    resources = plain_resources(gathering.files, path, entry, place)
    if resources is not None:
        gathering.entries |= entries_of(place, entry, resources)
        for other in entries.keys() - there.keys():
            gathering.find(f"{path}/{other}")  # a second kustomization would be too many
    return resources
