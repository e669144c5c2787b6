"""Git Sources as files of the shared configuration repository: the manifest of one, and what changes in a tree. Pure.

A Git Source is an Application that syncs manifests into the runtime's namespace. Its own manifest stands under the
runtime's name in the shared configuration repository, from where the runtime syncs it like anything else.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from gitsync.changes.application import Holder, Manifest, creation, removal, rewriting
from gitsync.git.change import Contents, checked_path
from gitsync.git.tree import Files, find
from gitsync.manifest.object import JsonObject
from gitsync.manifest.yaml_text import yaml_text
from gitsync.project.children import CHILD_PROJECT_ANNOTATION
from model.identity import ResourceKey
from model.kinds.application import (
    GIT_SOURCE_LABEL,
    GROUP,
    KIND,
    VERSION,
    ApplicationSource,
    Destination,
    DirectoryOptions,
)

PROJECT = "AppProject"
_GOVERNING = (KIND, "ApplicationSet", PROJECT)  # with these an application could give itself more
IN_CLUSTER = "https://kubernetes.default.svc"
KEEP = ".gitkeep"


@dataclass(frozen=True, slots=True)
class Restriction:
    """What applications of a restricted Git Source may read and where they may deploy: patterns as in AppProjects."""

    repositories: tuple[str, ...]
    destinations: tuple[Destination, ...]


@dataclass(frozen=True, slots=True)
class GitSourceSpec:
    """What a person says of a Git Source."""

    name: str
    repo_url: str
    revision: str = ""
    path: str = ""
    include: str = ""
    exclude: str = ""
    restriction: Restriction | None = None

    @property
    def project(self) -> str:
        """That of the Git Source itself."""
        return self.name if self.restriction else "default"


def applications_project(name: str) -> str:
    """That of the applications in a restricted Git Source of this name."""
    return f"{name}-restricted"


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
            "project": spec.project,
            "source": {
                "repoURL": spec.repo_url,
                "targetRevision": spec.revision or "HEAD",
                "path": spec.path or ".",
                "directory": directory,
            },
            "destination": {"server": IN_CLUSTER, "namespace": namespace},
            "syncPolicy": {
                "automated": {"prune": True, "selfHeal": True, "allowEmpty": True},
                **({"syncOptions": ["FailOnSharedResource=true"]} if spec.restriction else {}),
            },
        },
    }


def projects_of(spec: GitSourceSpec, namespace: str) -> tuple[JsonObject, ...]:
    """The AppProjects of a restricted Git Source: its own, which lets it bring Applications and ApplicationSets of the
    other one and nothing else; and that one, which says what those may do."""
    if spec.restriction is None:
        return ()
    home = [{"server": IN_CLUSTER, "namespace": namespace}]
    kinds = [{"group": GROUP, "kind": kind} for kind in (KIND, "ApplicationSet")]
    own = _project(spec.name, namespace, f"Git Source {spec.name}", [spec.repo_url], home)
    own["metadata"]["annotations"][CHILD_PROJECT_ANNOTATION] = applications_project(spec.name)
    own["spec"]["namespaceResourceWhitelist"] = kinds
    others = _project(
        applications_project(spec.name),
        namespace,
        f"Applications of Git Source {spec.name}",
        list(spec.restriction.repositories),
        [_written(one) for one in spec.restriction.destinations],
    )
    others["spec"]["namespaceResourceBlacklist"] = [{"group": GROUP, "kind": kind} for kind in _GOVERNING]
    return own, others


def _project(name: str, namespace: str, description: str, repos: list[str], places: list[dict[str, str]]) -> JsonObject:
    annotations = {"argocd.argoproj.io/sync-wave": "-1"}  # before the applications that are of it
    return {
        "apiVersion": f"{GROUP}/{VERSION}",
        "kind": PROJECT,
        "metadata": {"name": name, "namespace": namespace, "annotations": annotations},
        "spec": {"description": description, "sourceRepos": repos, "destinations": places},
    }


def _written(one: Destination) -> dict[str, str]:
    said = {"server": one.server, "name": one.name, "namespace": one.namespace or "*"}
    return {name: value for name, value in said.items() if value}


def source_creation(
    place: ApplicationSource, manifest: JsonObject, projects: Sequence[JsonObject] = ()
) -> Callable[[Files], Contents]:
    """The edit raises BadInput when the file is there already. Projects that were left by an earlier Git Source of the
    name are written anew."""
    make = creation(place, Manifest(yaml_text(manifest), manifest), f"{manifest['metadata']['name']}.yaml")

    def edit(files: Files) -> Contents:
        written = {_project_file(place, project): yaml_text(project).encode() for project in projects}
        return {**make(files), **written}

    return edit


def source_edit(
    place: ApplicationSource, manifest: JsonObject, projects: Sequence[JsonObject] = ()
) -> Callable[[Files], Contents]:
    """Changes what a person may say, and leaves everything else in the files as it is. The edit raises NotInGit."""
    holder = _holder(place, manifest["metadata"]["name"], manifest["metadata"]["namespace"])
    said = manifest["spec"]["source"]

    def wanted(body: JsonObject) -> JsonObject:
        spec = body.get("spec") or {}
        directory = {**((spec.get("source") or {}).get("directory") or {}), **said["directory"]}
        for name in ("include", "exclude"):
            if name not in said["directory"]:
                directory.pop(name, None)
        return {**body, "spec": {**spec, "source": {**(spec.get("source") or {}), **said, "directory": directory}}}

    rewrite = rewriting(holder, wanted)

    def edit(files: Files) -> Contents:
        contents = dict(rewrite(files))
        for project in projects:
            contents |= _project_edit(place, project)(files)
        return contents

    return edit


def _project_edit(place: ApplicationSource, project: JsonObject) -> Callable[[Files], Contents]:
    said = {name: project["spec"][name] for name in ("sourceRepos", "destinations")}
    key = ResourceKey(GROUP, PROJECT, project["metadata"]["namespace"], project["metadata"]["name"])
    return rewriting(Holder(place, key), lambda body: {**body, "spec": {**(body.get("spec") or {}), **said}})


def source_removal(
    place: ApplicationSource, name: str, namespace: str, *, restricted: bool = False
) -> Callable[[Files], Contents]:
    """Of a restricted one the project of its applications stays, since they do."""
    remove = leaving_room(place.path, removal(_holder(place, name, namespace)))
    if not restricted:
        return remove
    project = removal(Holder(place, ResourceKey(GROUP, PROJECT, namespace, name)))
    return lambda files: {**remove(files), **project(files)}


def _project_file(place: ApplicationSource, project: JsonObject) -> str:
    return checked_path(f"{place.path}/{project['metadata']['name']}-project.yaml")


def keeping(path: str) -> Callable[[Files], Contents]:
    """Makes the directory be there, since Git has no empty ones."""

    def edit(files: Files) -> Contents:
        present = find(files, path).entry is not None and files.root().id
        return {} if present else {checked_path(f"{path}/{KEEP}"): b""}

    return edit


def leaving_room(path: str, edit: Callable[[Files], Contents]) -> Callable[[Files], Contents]:
    """The edit, after which the directory is still there when nothing else is left in it: without it the application
    that syncs it could not be compared, and what was in it would never be pruned."""

    def both(files: Files) -> Contents:
        keep = checked_path(f"{path}/{KEEP}")
        return {**({} if find(files, keep).entry is not None else {keep: b""}), **edit(files)}

    return both


def _holder(place: ApplicationSource, name: str, namespace: str) -> Holder:
    return Holder(place, ResourceKey(GROUP, KIND, namespace, name))
