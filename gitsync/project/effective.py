"""A project with everything that counts for it: what it inherits from global projects, and what is scoped to it.

Pure, and again an AppProject, so that permissions and sync windows read one object and know nothing of where a line of
it came from.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from gitsync.manifest.object import JsonObject
from gitsync.project.glob import denies, matches
from gitsync.project.permits import normalize_url

_INHERITED = (
    "clusterResourceWhitelist",
    "clusterResourceBlacklist",
    "namespaceResourceWhitelist",
    "namespaceResourceBlacklist",
    "syncWindows",
    "sourceRepos",
    "destinations",
)
_GLOB_SIGNS = frozenset("*?[]{}")


@dataclass(frozen=True, slots=True)
class ScopedRepository:
    """A repository Secret. `project` "": of everybody. `secret`: it holds a credential."""

    url: str
    project: str = ""
    secret: bool = True


@dataclass(frozen=True, slots=True)
class ScopedCluster:
    """A cluster Secret. `namespaces` empty: all of them."""

    name: str
    server: str
    project: str = ""
    namespaces: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class GlobalProject:
    """One entry of `globalProjects` in argocd-cm: projects that the selector fits inherit from `project`."""

    project: str
    selector: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What besides an AppProject decides on what it permits."""

    repositories: tuple[ScopedRepository, ...] = ()
    clusters: tuple[ScopedCluster, ...] = ()
    inherits: tuple[GlobalProject, ...] = ()


def effective_projects(projects: Mapping[str, JsonObject], around: Surroundings) -> dict[str, JsonObject]:
    return {name: effective(body, projects, around) for name, body in projects.items()}


def effective(project: JsonObject, projects: Mapping[str, JsonObject], around: Surroundings) -> JsonObject:
    name = str((project.get("metadata") or {}).get("name") or "")
    spec = dict(project.get("spec") or {})
    _add_scoped(spec, name, around)
    for one in around.inherits:
        parent = projects.get(one.project)
        if parent is not None and one.project != name and _selects(one.selector, project):
            _inherit(spec, parent.get("spec") or {})
    if spec.get("permitOnlyProjectScopedClusters"):
        mine = [cluster for cluster in around.clusters if cluster.project == name]
        spec["destinations"] = _narrowed(_list(spec.get("destinations")), mine)
    return {**project, "spec": spec}


def _add_scoped(spec: JsonObject, name: str, around: Surroundings) -> None:
    """Repositories and clusters of the project are permitted to it; a credential of another one's is not."""
    mine = [one.url for one in around.repositories if one.project == name]
    free = {normalize_url(one.url) for one in around.repositories if one.project in ("", name)}
    foreign = [
        f"!{one.url}"
        for one in around.repositories
        if one.secret and normalize_url(one.url) not in free and not _GLOB_SIGNS & set(one.url)
    ]
    if mine or foreign:
        spec["sourceRepos"] = [*_list(spec.get("sourceRepos")), *mine, *dict.fromkeys(foreign)]
    places = [
        {"server": one.server, "namespace": namespace}
        for one in around.clusters
        if one.project == name
        for namespace in one.namespaces or ("*",)
    ]
    if places:
        spec["destinations"] = [*_list(spec.get("destinations")), *places]


def _inherit(spec: JsonObject, parent: JsonObject) -> None:
    for field in _INHERITED:
        if _list(parent.get(field)):
            spec[field] = [*_list(spec.get(field)), *_list(parent.get(field))]


def _narrowed(destinations: Sequence[Any], clusters: Sequence[ScopedCluster]) -> list[Any]:
    """What they permit on these clusters, and everything that they deny."""
    kept: list[Any] = []
    for entry in destinations:
        if not isinstance(entry, dict):
            continue
        server, name = str(entry.get("server") or ""), str(entry.get("name") or "")
        if any(denies(str(entry.get(field) or "")) for field in ("server", "name", "namespace")):
            kept.append(entry)
            continue
        kept += [
            {"server": one.server, "namespace": entry.get("namespace") or ""}
            for one in clusters
            if (server and matches(server, one.server)) or (name and matches(name, one.name))
        ]
    return kept


def _selects(selector: Mapping[str, Any], project: JsonObject) -> bool:
    """A Kubernetes label selector; an operator that nobody knows selects nothing."""
    labels: Mapping[str, str] = (project.get("metadata") or {}).get("labels") or {}
    wanted = selector.get("matchLabels") or {}
    expressions: Iterable[Mapping[str, Any]] = selector.get("matchExpressions") or ()
    return all(labels.get(key) == value for key, value in wanted.items()) and all(
        _holds(one, labels) for one in expressions
    )


def _holds(expression: Mapping[str, Any], labels: Mapping[str, str]) -> bool:
    key, values = str(expression.get("key") or ""), expression.get("values") or ()
    match expression.get("operator"):
        case "In":
            return labels.get(key) in values
        case "NotIn":
            return labels.get(key) not in values
        case "Exists":
            return key in labels
        case "DoesNotExist":
            return key not in labels
        case _:
            return False


def _list(value: Any) -> list[Any]:
    return list(value) if isinstance(value, list) else []
