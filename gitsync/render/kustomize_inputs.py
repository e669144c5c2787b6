"""What `kustomize build` would read: every file that a kustomization names, and those that it leads to.

Where that cannot be told exactly (transformers and generators by file may name more files), everything in the
repository counts as read: wider, never narrower.
"""

import posixpath
from collections.abc import Callable, Iterator
from typing import Any

from gitsync.git.address import redact
from gitsync.git.tree import EntryType, clean_path
from gitsync.manifest.errors import ManifestError
from gitsync.manifest.limits import ParseLimits
from gitsync.manifest.yaml_events import load_events
from gitsync.render.chart_dependencies import Dependency
from gitsync.render.context import not_fetched
from gitsync.render.errors import SourceInvalid
from gitsync.render.gathering import Gathering
from gitsync.render.remote_bases import BaseUse, parse_base
from gitsync.render.remote_uses import FileUse, is_address, require_fetchable

KUSTOMIZATION_NAMES = ("kustomization.yaml", "kustomization.yml", "Kustomization")
_LIMITS = ParseLimits(max_bytes=2_000_000, max_documents=1)
_PLUGIN_LIMITS = ParseLimits(max_bytes=2_000_000, max_documents=100)
_REMOTE = ("://", "git@", "github.com/", "git::")
_PATHS = ("resources", "bases", "components", "crds", "configurations")
_PLUGINS = ("generators", "transformers", "validators")
_MAX_DIRECTORIES = 1000
# Built-in transformers that name no other file; of all other plugins nobody knows what they read.
_READING_NOTHING = frozenset(
    f"{name}Transformer"
    for name in (
        *("Annotations", "Hash", "ImageTag", "Label", "Namespace", "Prefix", "PrefixSuffix", "ReplicaCount"),
        *("SortOrder", "Suffix", "ValueAdd"),
    )
)


class KustomizeInputs:
    """Walks kustomizations from one directory on. `widened`: not everything could be told exactly."""

    def __init__(self, gathering: Gathering, why_not_base: Callable[[str], str] = not_fetched) -> None:
        self.widened = False
        self.bases: list[BaseUse] = []
        self.files: list[FileUse] = []
        self._why_not_base = why_not_base
        self.charts: list[Dependency] = []
        self._gathering = gathering
        self._seen: set[str] = set()

    def gather(self, top: str) -> None:
        todo = [top]
        while todo:
            directory = todo.pop()
            if directory in self._seen:
                continue
            self._seen.add(directory)
            if len(self._seen) > _MAX_DIRECTORIES:
                raise SourceInvalid(
                    f"the kustomization in {top!r:.200} leads to more than {_MAX_DIRECTORIES} directories",
                    suggestion="Split the application.",
                )
            found = read_kustomization(self._gathering, directory)
            if found is not None:
                todo += self._references(directory, found[1])
        if self.widened:
            self._gathering.directory("")

    def reference(self, directory: str, name: str, *, is_file: bool = False) -> list[str]:
        """Gathers the file or returns the directory that a kustomization names. `is_file`: it can be no directory."""
        if _is_remote(name) and not self._is_local(directory, name):
            return self._remote(directory, name, is_file=is_file)
        path = _join(directory, name)
        found = self._gathering.find(path)
        if found.entry is not None and found.entry.type is EntryType.TREE:
            return [clean_path(path)]
        self._gathering.file(path)
        return []

    def _remote(self, directory: str, name: str, *, is_file: bool) -> list[str]:
        base = None if is_file and is_address(name) else parse_base(name)
        if base is None and not is_address(name):
            raise remote_base(name, directory, "no repository and no file on a server")
        if why := self._why_not_base(base.url if base else name):
            raise remote_base(name, directory, why)
        if base is not None:
            self.bases.append(BaseUse(directory, name, base))
        else:
            require_fetchable(name)
            self.files.append(FileUse(directory, name))
        return []

    def _references(self, directory: str, body: dict[str, Any]) -> list[str]:
        directories: list[str] = []
        for field in _PATHS:
            for name in _strings(body.get(field)):
                directories += self.reference(directory, name)
        for field in _PLUGINS:
            for name in _strings(body.get(field)):
                if "\n" not in name:
                    directories += self.reference(directory, name)
                    self.widened |= not self._reads_nothing(directory, name)
                else:
                    self.widened |= any(word in name for word in ("path:", "files:", "paths:", "env:", "envs:"))
        for name in _file_names(body):
            self.reference(directory, name, is_file=True)
        self._charts(directory, body)
        return directories

    def _reads_nothing(self, directory: str, name: str) -> bool:
        """Whether all that stands in the file are plugins that read no further files."""
        data = self._gathering.tree.get(clean_path(_join(directory, name)))
        if data is None:
            return False
        try:
            documents = load_events(data.decode("utf-8-sig"), file=name, limits=_PLUGIN_LIMITS)
        except (ManifestError, UnicodeDecodeError):
            return False
        bodies = [document.value for document in documents if document.value is not None]
        return bool(bodies) and all(
            isinstance(body, dict) and body.get("apiVersion") == "builtin" and body.get("kind") in _READING_NOTHING
            for body in bodies
        )

    def _charts(self, directory: str, body: dict[str, Any]) -> None:
        charts = _maps(body.get("helmCharts")) + _maps(body.get("helmChartInflationGenerator"))
        if not charts:
            return
        settings = body.get("helmGlobals")
        home = settings.get("chartHome") if isinstance(settings, dict) else None
        folder = _join(directory, home if isinstance(home, str) and home else "charts")
        for chart in charts:
            name = str(chart.get("name", ""))
            versioned = f"{folder}/{name}-{chart.get('version', '')}/{name}"
            if not self._gathering.directory(f"{folder}/{name}") and not self._gathering.directory(versioned):
                self.charts.append(_fetched(chart, directory, folder, versioned))
            values = [chart.get("valuesFile"), *_strings(chart.get("additionalValuesFiles"))]
            for value in values:
                if isinstance(value, str) and value:
                    self.reference(directory, value)

    def _is_local(self, directory: str, name: str) -> bool:
        """A directory may be called `github.com`."""
        return "://" not in name and "?" not in name and self._gathering.find(_join(directory, name)).entry is not None


def _fetched(chart: dict[str, Any], directory: str, folder: str, place: str) -> Dependency:
    """A chart that kustomize would fetch itself. Raises SourceInvalid where nobody can tell which."""
    name, repository, version = (str(chart.get(field) or "") for field in ("name", "repo", "version"))
    if not repository or not version:
        raise SourceInvalid(
            f"the kustomization in {directory!r:.200} uses the chart {name!r:.100}, which is not in {folder}",
            suggestion=f"Commit the chart to {folder}/{name}, or name its repo and version.",
        )
    return Dependency(name, version, repository, clean_path(place), locked=True, unpacked=True)


def read_kustomization(gathering: Gathering, directory: str) -> tuple[str, dict[str, Any]] | None:
    """Path and content of a directory's kustomization. Raises SourceInvalid where there are several, as kustomize."""
    paths = [_join(directory, name) for name in KUSTOMIZATION_NAMES]
    found = {path: data for path in paths if (data := gathering.file(path)) is not None}
    if len(found) > 1:
        raise SourceInvalid(
            f"there are several kustomizations in {directory!r:.200}: {' and '.join(map(posixpath.basename, found))}",
            suggestion="Keep one of them.",
        )
    return next(((clean_path(path), parse_kustomization(data, path)) for path, data in found.items()), None)


def remote_base(name: str, directory: str, why: str) -> SourceInvalid:
    return SourceInvalid(
        f"the kustomization in {directory!r:.200} refers to {redact(name)!r:.300}, which is {why}",
        suggestion="Commit the files to the repository, or make them a source of their own in spec.sources.",
    )


def parse_kustomization(data: bytes, path: str) -> dict[str, Any]:
    """Raises SourceInvalid and ManifestError."""
    try:
        documents = load_events(data.decode("utf-8-sig"), file=path, limits=_LIMITS)
    except UnicodeDecodeError as error:
        raise SourceInvalid(f"{path} is no UTF-8", suggestion="Save the file as UTF-8.") from error
    bodies = [document.value for document in documents if document.value is not None]
    if not bodies:
        return {}
    if len(bodies) > 1 or not isinstance(bodies[0], dict):
        raise ManifestError("is no single map", file=path, suggestion="A kustomization is one YAML map.")
    return bodies[0]


def _file_names(body: dict[str, Any]) -> Iterator[str]:
    """Files named in other places than lists of paths."""
    for field in ("patches", "patchesJson6902", "replacements"):
        yield from (patch["path"] for patch in _maps(body.get(field)) if isinstance(patch.get("path"), str))
    for patch in _strings(body.get("patchesStrategicMerge")):
        if "\n" not in patch:
            yield patch
    for generator in _maps(body.get("configMapGenerator")) + _maps(body.get("secretGenerator")):
        yield from (_without_key(file) for file in _strings(generator.get("files")))
        yield from _strings(generator.get("envs"))
        if isinstance(generator.get("env"), str):
            yield generator["env"]
    schema = body.get("openapi")
    if isinstance(schema, dict) and isinstance(schema.get("path"), str):
        yield schema["path"]


def _without_key(file: str) -> str:
    """`key=file` or `file`, in which a slash comes before any `=`."""
    key, _, name = file.partition("=")
    return name if name and "/" not in key else file


def _is_remote(name: str) -> bool:
    return any(name.startswith(mark) or (mark == "://" and mark in name) for mark in _REMOTE) or "?ref=" in name


def _strings(value: object) -> list[str]:
    return [item for item in value if isinstance(item, str) and item] if isinstance(value, list) else []


def _maps(value: object) -> list[dict[str, Any]]:
    return [item for item in value if isinstance(item, dict)] if isinstance(value, list) else []


def _join(directory: str, name: str) -> str:
    """Raises PathRefused for what is absolute or leads out, when it is looked up."""
    return "../" + name if name.startswith("/") else (f"{directory}/{name}" if directory else name)
