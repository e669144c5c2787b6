"""Which charts a chart needs and does not carry in its `charts/`. Pure but for what it gathers."""

import posixpath
from dataclasses import dataclass
from typing import Any

from gitsync.manifest.limits import ParseLimits
from gitsync.manifest.yaml_events import load_events
from gitsync.render.errors import SourceInvalid
from gitsync.render.gathering import Gathering

_LIMITS = ParseLimits(max_bytes=1_000_000, max_documents=1)
_MAX_DEPTH = 8


@dataclass(frozen=True, slots=True)
class Dependency:
    """A chart to be fetched from `repository`; its archive belongs at `place` of the tree, or what is in it if
    it is to be `unpacked`. `locked`: exactly this."""

    name: str
    version: str
    repository: str
    place: str
    locked: bool
    unpacked: bool = False


def gather_dependencies(gathering: Gathering, path: str, *, depth: int = 0) -> list[Dependency]:
    """Copies `file://` charts to where Helm looks for them; returns what only a repository has."""
    if depth > _MAX_DEPTH:
        raise SourceInvalid(f"the charts below {path!r:.200} depend on each other in a circle", suggestion="Break it.")
    chart = _map(gathering, f"{path}/Chart.yaml")
    wanted = _dependencies(chart) or _dependencies(_map(gathering, f"{path}/requirements.yaml"))
    lock = _dependencies(_map(gathering, f"{path}/Chart.lock")) or _dependencies(
        _map(gathering, f"{path}/requirements.lock")
    )
    locked = {(str(one.get("name")), str(one.get("repository"))): str(one.get("version")) for one in lock}
    missing: list[Dependency] = []
    for one in wanted:
        name, repository = str(one.get("name", "")), str(one.get("repository") or "")
        if _is_vendored(gathering, path, name) or not repository or not name:
            continue
        if repository.startswith("file://"):
            missing += _copy(gathering, path, name, repository, depth)
            continue
        version = locked.get((name, repository))
        place = f"{path}/charts/{name}.tgz".lstrip("/")
        missing.append(
            Dependency(name, version or str(one.get("version") or ""), repository, place, version is not None)
        )
    return missing


def _copy(gathering: Gathering, path: str, name: str, repository: str, depth: int) -> list[Dependency]:
    origin = posixpath.normpath(posixpath.join(path or ".", repository.removeprefix("file://")))
    if repository.startswith("file:///"):
        origin = "../" + repository.removeprefix("file:///")
    before = set(gathering.tree)
    if not gathering.directory(origin):
        raise SourceInvalid(
            f"the chart {path or '.'} depends on {name}, but there is no directory {origin:.200}",
            suggestion="Correct the repository of the dependency in Chart.yaml.",
        )
    nested = gather_dependencies(gathering, origin, depth=depth + 1)
    target = f"{path}/charts/{name}".lstrip("/")
    prefix = f"{origin}/"
    for file, data in list(gathering.tree.items()):
        if file.startswith(prefix) and not file.startswith(f"{target}/"):
            gathering.tree[f"{target}/{file.removeprefix(prefix)}"] = data
            if file not in before:
                del gathering.tree[file]
    moved = [one.place.replace(prefix, f"{target}/", 1) for one in nested]
    return [
        Dependency(one.name, one.version, one.repository, place, one.locked)
        for one, place in zip(nested, moved, strict=True)
    ]


def _is_vendored(gathering: Gathering, path: str, name: str) -> bool:
    """A directory of the chart, or an archive that begins with its name."""
    folder = f"{path}/charts/".lstrip("/")
    inside = [file.removeprefix(folder) for file in gathering.tree if file.startswith(folder)]
    return any(
        file.startswith(f"{name}/") or (file.startswith(f"{name}-") and file.endswith((".tgz", ".tar.gz")))
        for file in inside
    )


def _map(gathering: Gathering, path: str) -> dict[str, Any]:
    data = gathering.tree.get(path.lstrip("/"))
    if data is None:
        return {}
    documents = load_events(data.decode("utf-8-sig", errors="replace"), file=path, limits=_LIMITS)
    return documents[0].value if documents and isinstance(documents[0].value, dict) else {}


def _dependencies(chart: dict[str, Any]) -> list[dict[str, Any]]:
    value = chart.get("dependencies")
    return [one for one in value if isinstance(one, dict)] if isinstance(value, list) else []
