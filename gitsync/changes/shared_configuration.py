"""The shared configuration repository: which application reads what of it, and what a runtime's part of it says. Pure.

- `resources/all-runtimes-all-clusters/`: for every cluster of every runtime
- `resources/control-planes/`: for every cluster that a runtime lives in
- `resources/runtimes/<name>/`: for the cluster that this runtime lives in; its Git Sources among them
- `resources/clusters/<name>/<cluster>/`: for one cluster that this runtime deploys to
- `installations/<name>/`: the objects of a runtime that manages itself
- `runtimes/<name>/<cluster>.yaml`: an Application that picks from `resources/` what that cluster gets

A runtime syncs its `runtimes/<name>/` by one application of its own making, and everything else follows from that.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from gitsync.git.change import Contents, checked_path
from gitsync.git.tree import EntryType, Files, find
from gitsync.manifest.errors import ManifestError
from gitsync.manifest.object import JsonObject
from gitsync.manifest.parse import parse_manifests
from gitsync.manifest.yaml_text import yaml_text
from gitsync.render.glob import compile_glob
from model.kinds.application import GIT_SOURCE_LABEL, GROUP, KIND, VERSION

BOOTSTRAP = "shared-configuration"
RUNTIMES = "runtimes"
RESOURCES = "resources"
IN_CLUSTER = "https://kubernetes.default.svc"
HOME = "in-cluster"
INSTALLATIONS = "installations"
OWN_APPLICATION = "argosy-runtime"
INSTALLATION_LABEL = "argosy.io/installation-of"
_MANIFESTS = (".yaml", ".yml", ".json")
_SYNC = {"automated": {"prune": True, "selfHeal": True, "allowEmpty": True}}


@dataclass(frozen=True, slots=True)
class SharedConfiguration:
    """Where it is, and whose part of it is meant."""

    repo_url: str
    runtime: str
    namespace: str

    @property
    def folder(self) -> str:
        return checked_path(f"{RUNTIMES}/{self.runtime}")

    @property
    def include(self) -> str:
        """What of `resources/` the runtime's own cluster gets; `*` crosses `/` here."""
        return f"{{all-runtimes-all-clusters/*,control-planes/*,runtimes/{self.runtime}/*}}"

    def bootstrap(self) -> JsonObject:
        """The application that reads the runtime's folder. It follows from settings alone, so a runtime of this name
        makes the same one on any cluster."""
        return self._application(BOOTSTRAP, {"path": self.folder, "directory": {"recurse": True}})

    def home(self) -> JsonObject:
        """The application that gives the runtime's own cluster its part of `resources/`."""
        return self.of_cluster(HOME, IN_CLUSTER, self.include)

    def of_cluster(self, name: str, server: str, include: str) -> JsonObject:
        """The application that gives a cluster what `include` picks from `resources/`."""
        source = {"path": RESOURCES, "directory": {"recurse": True, "include": include}}
        return self._application(name, source, server)

    def installation(self) -> JsonObject:
        """The application by which the runtime manages itself. It deletes nothing: a wrong commit must not end it."""
        body = self._application(OWN_APPLICATION, {"path": f"{INSTALLATIONS}/{self.runtime}"})
        body["metadata"]["labels"] = {INSTALLATION_LABEL: self.runtime}
        body["spec"]["syncPolicy"] = {"automated": {"selfHeal": True}}
        return body

    def laid_out(self) -> Callable[[Files], Contents]:
        """Adds what is missing of the runtime's folder, and changes nothing that is there."""
        path = f"{self.folder}/{HOME}.yaml"

        def edit(files: Files) -> Contents:
            return {} if find(files, path).entry is not None else {path: yaml_text(self.home()).encode()}

        return edit

    def _application(self, name: str, source: JsonObject, server: str = IN_CLUSTER) -> JsonObject:
        return {
            "apiVersion": f"{GROUP}/{VERSION}",
            "kind": KIND,
            "metadata": {"name": name, "namespace": self.namespace},
            "spec": {
                "project": "default",
                "source": {"repoURL": self.repo_url, "targetRevision": "HEAD", **source},
                "destination": {"server": server, "namespace": self.namespace},
                "syncPolicy": _SYNC,
            },
        }


@dataclass(frozen=True, slots=True)
class Contained:
    """What the repository says of a runtime. `others`: names of runtimes that it has a folder of."""

    exists: bool
    others: tuple[str, ...] = ()
    clusters: tuple[str, ...] = ()
    git_sources: tuple[str, ...] = ()


def contained(files: Files, configuration: SharedConfiguration) -> Contained:
    """Reads the runtime's part. A manifest that cannot be read is told by the sync later; here it is passed over."""
    top = find(files, RUNTIMES).entry
    others = [one.name for one in files.children(top.id) if one.type is EntryType.TREE] if top else []
    folder = find(files, configuration.folder).entry
    if folder is None or folder.type is not EntryType.TREE:
        return Contained(False, tuple(others))
    clusters = [one.name.rpartition(".")[0] for one in files.children(folder.id) if one.name.endswith(_MANIFESTS)]
    return Contained(True, tuple(others), tuple(clusters), tuple(_git_sources(files, configuration)))


def _git_sources(files: Files, configuration: SharedConfiguration) -> Iterator[str]:
    resources = find(files, RESOURCES).entry
    included = compile_glob(configuration.include)
    for path, blob in _files_below(files, resources.id if resources else "", ""):
        if not path.endswith(_MANIFESTS) or not included(path):
            continue
        try:
            documents = parse_manifests(files.read(blob), file=path)
        except ManifestError:
            continue
        for document in documents:
            metadata = document.body.get("metadata") or {}
            if document.body.get("kind") == KIND and GIT_SOURCE_LABEL in (metadata.get("labels") or {}):
                yield str(metadata.get("name"))


def _files_below(files: Files, tree: str, path: str) -> Iterator[tuple[str, str]]:
    for entry in files.children(tree) if tree else ():
        place = f"{path}/{entry.name}" if path else entry.name
        if entry.type is EntryType.TREE:
            yield from _files_below(files, entry.id, place)
        elif entry.type is EntryType.BLOB:
            yield place, entry.id
