"""What a render may depend on besides files and options: the application, the cluster, the programs.

A render is remembered together with what it consulted here, so that a commit id or a cluster's version counts only for
those who asked for it.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from gitsync.git.address import redact
from model.kinds.application import ApplicationSource

# As a shell in Go (`os.Expand`) reads them: any name in braces, one special sign or digit, or letters and digits.
_VARIABLE = re.compile(
    r"\$(?:\{(?P<braced>[^}]*)\}|(?P<torn>\{)|(?P<sign>[*#$@!?0-9-])|(?P<bare>[A-Za-z_][A-Za-z0-9_]*))"
)
_NUMBERS = re.compile(r"v?(\d+(?:\.\d+)+)")
_BUILD_ENVIRONMENT = ("ARGOCD_", "KUBE_")  # how its variables begin; what else is consulted here is not for sources
RELEASE, NAMESPACE = "release", "namespace"  # what Helm calls a release and where it lives
KUBE_VERSION, API_VERSIONS = "KUBE_VERSION", "KUBE_API_VERSIONS"
BUILD_OPTIONS, ALLOWED_FLAGS = "build options", "allowed flags"  # of kustomize


@dataclass(frozen=True, slots=True)
class KustomizeVersion:
    """A program that argocd-cm registers under a name, with its own flags."""

    name: str
    path: str
    build_options: tuple[str, ...] = ()


def not_fetched(url: str) -> str:
    """Where nobody says which repositories a kustomization may name, it may name none."""
    return "outside of its repository"


@dataclass(frozen=True, slots=True)
class RenderContext:
    """`instance` is the application's name, `<namespace>_<name>` outside the control namespace. `namespace` is that of
    the destination. `build_options` are flags of kustomize for all; an application may add those of `allowed_flags`.
    `why_not_base` says why a repository may not be the base of a kustomization, or ""."""

    instance: str = ""
    namespace: str = ""
    project: str = ""
    kube_version: str = ""
    api_versions: tuple[str, ...] = ()
    build_options: tuple[str, ...] = ()
    allowed_flags: frozenset[str] = frozenset()
    enabled: frozenset[str] = frozenset({"helm", "kustomize", "jsonnet"})
    value_schemes: frozenset[str] = frozenset({"http", "https"})
    kustomize_versions: tuple[KustomizeVersion, ...] = ()
    why_not_base: Callable[[str], str] = not_fetched

    @property
    def name(self) -> str:
        return self.instance.rpartition("_")[2]


@dataclass(slots=True)
class Surroundings:
    """Values by name, and which of them were consulted. `late` are those that cost something to find out."""

    values: Mapping[str, str]
    late: Mapping[str, Callable[[], str]] = field(default_factory=dict)
    consulted: dict[str, str] = field(default_factory=dict)

    def consult(self, name: str) -> str:
        self.consulted[name] = self.current(name)
        return self.consulted[name]

    def current(self, name: str) -> str:
        return self.late[name]() if name in self.late else self.values.get(name, "")

    def same(self, consulted: tuple[tuple[str, str], ...]) -> bool:
        return all(self.current(name) == value for name, value in consulted)

    def substitute(self, text: str) -> str:
        """The text with variables of the build environment put in; unknown ones are empty, and `$$` is `$`."""

        def value(match: re.Match[str]) -> str:
            name = match["bare"] or match["braced"] or match["sign"] or ""
            if name == "$":
                return name
            return self.consult(name) if name in self.values and name.startswith(_BUILD_ENVIRONMENT) else ""

        return _VARIABLE.sub(value, text)


def plain_version(version: str) -> str:
    """The numbers of a cluster's version: what providers add to them, such as `-eks-4f47`, is no prerelease."""
    numbers = _NUMBERS.match(version)
    return numbers[1] if numbers else version


def surroundings_of(
    source: ApplicationSource, commit: str, context: RenderContext, late: Mapping[str, Callable[[], str]]
) -> Surroundings:
    values = {
        "ARGOCD_APP_NAME": context.instance,
        "ARGOCD_APP_NAMESPACE": context.namespace,
        "ARGOCD_APP_PROJECT_NAME": context.project,
        "ARGOCD_APP_REVISION": commit,
        "ARGOCD_APP_REVISION_SHORT": commit[:7],
        "ARGOCD_APP_REVISION_SHORT_8": commit[:8],
        "ARGOCD_APP_SOURCE_PATH": source.path,
        "ARGOCD_APP_SOURCE_REPO_URL": redact(source.repo_url),
        "ARGOCD_APP_SOURCE_TARGET_REVISION": source.target_revision,
        KUBE_VERSION: plain_version(context.kube_version),
        API_VERSIONS: ",".join(context.api_versions),
        RELEASE: context.name,
        NAMESPACE: context.namespace,
        BUILD_OPTIONS: " ".join(context.build_options),
        ALLOWED_FLAGS: " ".join(sorted(context.allowed_flags)),
    }
    return Surroundings(values, late)
