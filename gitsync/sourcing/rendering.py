"""What manifests may depend on besides files: the application, its cluster, its project and argocd-cm. Pure."""

import shlex
from collections.abc import Callable, Iterator, Sequence

from gitsync.configuration.engine_config import RenderingKeys
from gitsync.kube.discovery import Discovery
from gitsync.manifest.object import JsonObject
from gitsync.render.context import KustomizeVersion, RenderContext, not_fetched
from model.identity import GroupVersionKind
from model.kinds.application import ApplicationSpec

BUILD_FLAGS_ANNOTATION = "argosy.io/kustomize-build-flags"  # of an AppProject: what its applications may add
_PATHS = ("kustomize.path.", "kustomize.version.")  # the latter is the older name
_BUILD_OPTIONS = "kustomize.buildOptions."


def render_context(
    instance: str,
    spec: ApplicationSpec,
    discovery: Discovery | None,
    keys: RenderingKeys,
    project: JsonObject | None,
    *,
    why_not_base: Callable[[str], str] | None = None,
) -> RenderContext:
    """`instance` is the application's name as it is marked; no `discovery`: the cluster is not known; no
    `why_not_base`: kustomizations stay in their repository."""
    resources = discovery.resources() if discovery else ()
    served = {name for one in resources for name in (_spelled(one.gvk), f"{_spelled(one.gvk)}/{one.kind}")}
    return RenderContext(
        instance=instance,
        namespace=spec.destination.namespace,
        project=spec.project or "default",
        kube_version=discovery.server_version if discovery else "",
        api_versions=tuple(sorted(served)),
        build_options=keys.build_options,
        allowed_flags=frozenset(allowed_flags(project)),
        enabled=keys.enabled,
        value_schemes=keys.value_schemes,
        kustomize_versions=tuple(kustomize_versions(keys.keys)),
        why_not_base=why_not_base or not_fetched,
    )


def allowed_flags(project: JsonObject | None) -> list[str]:
    """Flags of `kustomize build` that applications of the project may ask for in `kustomize.buildOptions`."""
    annotations = ((project or {}).get("metadata") or {}).get("annotations") or {}
    return str(annotations.get(BUILD_FLAGS_ANNOTATION, "")).replace(",", " ").split()


def kustomize_versions(keys: Sequence[tuple[str, str]]) -> Iterator[KustomizeVersion]:
    """The programs that argocd-cm registers for `kustomize.version` of a source."""
    written = dict(keys)
    for key, path in keys:
        for prefix in _PATHS:
            if key.startswith(prefix) and path:
                name = key.removeprefix(prefix)
                yield KustomizeVersion(name, path, tuple(shlex.split(written.get(_BUILD_OPTIONS + name, ""))))


def _spelled(gvk: GroupVersionKind) -> str:
    return f"{gvk.group}/{gvk.version}" if gvk.group else gvk.version
