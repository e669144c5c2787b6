"""Environments: named sets of clusters and namespaces, each a ConfigMap of the home namespace, usually brought by Git.

Pure. An application is in those that name its destination. What cannot be read is named in `problem` and has no places,
so that a typing error puts nothing into the wrong environment.
"""

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any, TypeGuard

import yaml

from gitsync.manifest.object import JsonObject
from gitsync.project.glob import matches
from model.kinds.application import GIT_SOURCE_LABEL
from model.report import EnvironmentPlace, EnvironmentSummary

SELECTOR = f"{GIT_SOURCE_LABEL}=environment"
_KINDS = {"production": True, "non-production": False}
_CLUSTERS = "data.clusters should be a list of entries with cluster and, unless all are meant, namespaces"
_LONGEST_NAME = 200
MOST_ENVIRONMENTS = 200  # of one runtime; further ones are left out
MOST_PLACES = 500  # of one environment, counted by clusters and namespaces


class _Unusable(ValueError):
    """What is wrong with a ConfigMap."""


@dataclass(frozen=True, slots=True)
class Environments:
    """Everything that ConfigMaps say of environments, by name."""

    read: tuple[EnvironmentSummary, ...] = ()

    def of(self, clusters: Collection[str], namespace: str) -> tuple[str, ...]:
        """Names of those that hold a destination. `clusters`: what its cluster is called, by name and by URL."""
        found = (one.name for one in self.read if any(_holds(place, clusters, namespace) for place in one.places))
        return tuple(dict.fromkeys(found))


NO_ENVIRONMENTS = Environments()


def read_environments(bodies: Collection[JsonObject]) -> Environments:
    """ConfigMaps as values. Never raises."""
    found = sorted((read_environment(body) for body in bodies), key=lambda one: (one.name, one.problem))
    return Environments(tuple(found[:MOST_ENVIRONMENTS]))


def read_environment(body: JsonObject) -> EnvironmentSummary:
    """One ConfigMap. Its own name counts where it does not say another."""
    own, data = str(body["metadata"]["name"]), body.get("data")
    told: Mapping[str, Any] = data if isinstance(data, dict) else {}
    name = str(told.get("name") or own).strip()[:_LONGEST_NAME]
    try:
        return EnvironmentSummary(name, _production(told), _places(told))
    except _Unusable as wrong:
        return EnvironmentSummary(name, problem=f"ConfigMap {own}: {wrong}")


def _holds(place: EnvironmentPlace, clusters: Collection[str], namespace: str) -> bool:
    return any(matches(place.cluster, cluster) for cluster in clusters) and (
        not place.namespaces or any(matches(pattern, namespace) for pattern in place.namespaces)
    )


def _production(data: Mapping[str, Any]) -> bool:
    kind = str(data.get("kind") or "").strip().lower()
    if kind not in _KINDS:
        raise _Unusable(f"data.kind is {kind[:40]!r}, and should be production or non-production")
    return _KINDS[kind]


def _places(data: Mapping[str, Any]) -> tuple[EnvironmentPlace, ...]:
    text = data.get("clusters")
    try:
        listed = yaml.load(text, Loader=yaml.CSafeLoader) if isinstance(text, str) else text
    except yaml.YAMLError as error:
        raise _Unusable(f"data.clusters is no YAML: {' '.join(str(error).split())[:200]}") from error
    if not isinstance(listed, list) or not listed:
        raise _Unusable(_CLUSTERS)
    places = tuple(_place(entry) for entry in listed)
    if sum(max(len(place.namespaces), 1) for place in places) > MOST_PLACES:
        raise _Unusable(f"data.clusters names more than {MOST_PLACES} namespaces; a pattern such as shop-* names many")
    return places


def _place(entry: Any) -> EnvironmentPlace:
    cluster, namespaces = (entry.get("cluster"), entry.get("namespaces")) if isinstance(entry, dict) else (None, None)
    names = [] if namespaces is None else namespaces
    if not _is_name(cluster) or not isinstance(names, list) or not all(_is_name(name) for name in names):
        raise _Unusable(_CLUSTERS)
    place = EnvironmentPlace(cluster.strip().rstrip("/"), tuple(name.strip() for name in names))
    for pattern in (place.cluster, *place.namespaces):
        try:
            matches(pattern, "")
        except re.error as error:
            raise _Unusable(f"{pattern[:100]!r} is no pattern: {error}") from error
    return place


def _is_name(value: Any) -> TypeGuard[str]:
    return isinstance(value, str) and 0 < len(value.strip()) <= 500
