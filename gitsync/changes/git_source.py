"""Git Sources as files of the shared configuration repository: the manifest of one, and what changes in a tree. Pure.

A Git Source is an Application that syncs manifests into the runtime's namespace. Its own manifest stands under the
runtime's name in the shared configuration repository, from where the runtime syncs it like anything else.
"""

from collections.abc import Callable
from dataclasses import dataclass

from gitsync.changes.application import Holder, Manifest, creation, removal, rewriting
from gitsync.git.change import Contents, checked_path
from gitsync.git.tree import Files, find
from gitsync.manifest.object import JsonObject
from gitsync.manifest.yaml_text import yaml_text
from model.identity import ResourceKey
from model.kinds.application import GIT_SOURCE_LABEL, GROUP, KIND, VERSION, ApplicationSource, DirectoryOptions

IN_CLUSTER = "https://kubernetes.default.svc"
KEEP = ".gitkeep"


@dataclass(frozen=True, slots=True)
class GitSourceSpec:
    """What a person says of a Git Source."""

    name: str
    repo_url: str
    revision: str = ""
    path: str = ""
    include: str = ""
    exclude: str = ""


def place_of(runtime: str, config_repo: str) -> ApplicationSource:
    """Where the Git Sources of a runtime stand, as a source that is read recursively."""
    options = DirectoryOptions(recurse=True)
    return ApplicationSource(repo_url=config_repo, path=f"resources/runtimes/{runtime}", directory=options)


def manifest_of_source(spec: GitSourceSpec, namespace: str) -> JsonObject:
    directory: JsonObject = {"recurse": True}
    if spec.include:
        directory["include"] = spec.include
    if spec.exclude:
        directory["exclude"] = spec.exclude
    return {
        "apiVersion": f"{GROUP}/{VERSION}",
        "kind": KIND,
        "metadata": {"name": spec.name, "namespace": namespace, "labels": {GIT_SOURCE_LABEL: "git-source"}},
        "spec": {
            "project": "default",
            "source": {
                "repoURL": spec.repo_url,
                "targetRevision": spec.revision or "HEAD",
                "path": spec.path or ".",
                "directory": directory,
            },
            "destination": {"server": IN_CLUSTER, "namespace": namespace},
            "syncPolicy": {"automated": {"prune": True, "selfHeal": True, "allowEmpty": True}},
        },
    }


def source_creation(place: ApplicationSource, manifest: JsonObject) -> Callable[[Files], Contents]:
    """The edit raises BadInput when the file is there already."""
    return creation(place, Manifest(yaml_text(manifest), manifest), f"{manifest['metadata']['name']}.yaml")


def source_edit(place: ApplicationSource, manifest: JsonObject) -> Callable[[Files], Contents]:
    """Changes what a person may say, and leaves everything else in the file as it is. The edit raises NotInGit."""
    holder = _holder(place, manifest["metadata"]["name"], manifest["metadata"]["namespace"])
    said = manifest["spec"]["source"]

    def wanted(body: JsonObject) -> JsonObject:
        spec = body.get("spec") or {}
        directory = {**((spec.get("source") or {}).get("directory") or {}), **said["directory"]}
        for name in ("include", "exclude"):
            if name not in said["directory"]:
                directory.pop(name, None)
        return {**body, "spec": {**spec, "source": {**(spec.get("source") or {}), **said, "directory": directory}}}

    return rewriting(holder, wanted)


def source_removal(place: ApplicationSource, name: str, namespace: str) -> Callable[[Files], Contents]:
    return removal(_holder(place, name, namespace))


def keeping(path: str) -> Callable[[Files], Contents]:
    """Makes the directory be there, since Git has no empty ones."""

    def edit(files: Files) -> Contents:
        present = find(files, path).entry is not None and files.root().id
        return {} if present else {checked_path(f"{path}/{KEEP}"): b""}

    return edit


def _holder(place: ApplicationSource, name: str, namespace: str) -> Holder:
    return Holder(place, ResourceKey(GROUP, KIND, namespace, name))
