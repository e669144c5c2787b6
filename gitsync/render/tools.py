"""The programs that render: where they are, and exactly which."""

import functools
import hashlib
import shutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from gitsync.render.context import KustomizeVersion, RenderContext
from gitsync.render.errors import ToolMissing

_HOW_TO_INSTALL = {
    "kustomize": "Install it from https://kubectl.docs.kubernetes.io/installation/kustomize/",
    "helm": "Install it from https://helm.sh/docs/intro/install/",
}


@dataclass(frozen=True, slots=True)
class Tools:
    """Paths of the programs; None for what is not installed."""

    kustomize: Path | None = None
    helm: Path | None = None

    def path(self, name: str) -> Path:
        """Raises ToolMissing."""
        found = {"kustomize": self.kustomize, "helm": self.helm}[name]
        if found is None or not found.is_file():
            raise ToolMissing(
                f"the source needs the program {name}, which is not installed where the runtime runs",
                suggestion=f"{_HOW_TO_INSTALL[name]}, on the PATH of the runtime or at the path given in its settings.",
            )
        return found

    def identity(self, name: str) -> str:
        """Equal for equal programs, found out without running them; "" for one that is not installed."""
        found = {"kustomize": self.kustomize, "helm": self.helm}[name]
        if found is None or not found.is_file():
            return ""
        state = found.stat()
        return _digest(found, state.st_size, state.st_mtime_ns)


class ToolFinder:
    """The programs on PATH, looked for again while one is missing: what is installed later needs no restart."""

    def __init__(self, find: Callable[[], Tools]) -> None:
        self._find = find
        self._known = Tools()

    def __call__(self) -> Tools:
        if not all(path is not None and path.is_file() for path in (self._known.kustomize, self._known.helm)):
            self._known = self._find()
        return self._known


def find_tools(*, kustomize: str = "kustomize", helm: str = "helm") -> Tools:
    """Programs by path, or by name on PATH."""
    found = {name: shutil.which(name) for name in (kustomize, helm)}
    paths = {name: Path(path).resolve() if path else None for name, path in found.items()}
    return Tools(paths[kustomize], paths[helm])


def tool_identities(tools: Tools, context: RenderContext) -> Mapping[str, Callable[[], str]]:
    """What tells one version of a renderer from another; nothing is run for it."""
    return {
        **{version_key(one.name): functools.partial(_registered, one) for one in context.kustomize_versions},
        "kustomize": lambda: tools.identity("kustomize"),
        "helm": lambda: tools.identity("helm"),
        "jsonnet": _jsonnet_version,
    }


def version_key(name: str) -> str:
    """Under which a registered kustomize is consulted."""
    return f"kustomize {name}"


def registered_program(version: KustomizeVersion) -> Path:
    """Raises ToolMissing."""
    path = Path(version.path)
    if not path.is_file():
        raise ToolMissing(
            f"the source needs kustomize {version.name:.100}, which is not installed at {version.path:.300}",
            suggestion=f"{_HOW_TO_INSTALL['kustomize']}, or correct kustomize.path.{version.name:.100} of argocd-cm.",
        )
    return path


def _registered(version: KustomizeVersion) -> str:
    identity = Tools(kustomize=Path(version.path)).identity("kustomize")
    return " ".join((version.path, identity, *version.build_options))


@functools.cache
def _jsonnet_version() -> str:
    try:
        return version("rjsonnet")
    except PackageNotFoundError:
        return ""


@functools.lru_cache(maxsize=16)
def _digest(path: Path, size: int, modified_ns: int) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, lambda: hashlib.blake2b(digest_size=16)).hexdigest()
