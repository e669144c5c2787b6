"""Orphans: what lives in an application's namespace and belongs to nobody, where the project wants that told."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from gitsync.manifest.object import JsonObject
from gitsync.project.glob import matches
from model.identity import ResourceKey

# What a cluster makes in every namespace.
_OF_THE_CLUSTER = frozenset({("", "ServiceAccount", "default"), ("", "ConfigMap", "kube-root-ca.crt")})
_API_SERVER = ResourceKey("", "Service", "default", "kubernetes")


@dataclass(frozen=True, slots=True)
class IgnoredOrphan:
    """Globs. "" fits every kind and name; as group it is the core group, as in Argo CD."""

    group: str = ""
    kind: str = ""
    name: str = ""

    def fits(self, key: ResourceKey) -> bool:
        pairs = ((self.kind, key.kind), (self.name, key.name))
        return matches(self.group, key.group) and all(not glob or matches(glob, value) for glob, value in pairs)


@dataclass(frozen=True, slots=True)
class OrphanRules:
    """`warn`: the application gets a condition; else orphans are only shown."""

    warn: bool = True
    ignored: tuple[IgnoredOrphan, ...] = ()

    def ignores(self, key: ResourceKey) -> bool:
        if key == _API_SERVER or (key.group, key.kind, key.name) in _OF_THE_CLUSTER:
            return True
        return any(entry.fits(key) for entry in self.ignored)


def orphan_rules(project: JsonObject) -> OrphanRules | None:
    """None: the project does not ask for orphans."""
    spec = project.get("spec")
    written = spec.get("orphanedResources") if isinstance(spec, dict) else None
    if not isinstance(written, dict):
        return None
    listed = written.get("ignore")
    entries = [entry for entry in listed if isinstance(entry, dict)] if isinstance(listed, list) else []
    return OrphanRules(
        warn=written.get("warn") is not False,
        ignored=tuple(IgnoredOrphan(*(_text(entry, name) for name in ("group", "kind", "name"))) for entry in entries),
    )


def _text(entry: Mapping[str, Any], name: str) -> str:
    return str(entry.get(name) or "")
