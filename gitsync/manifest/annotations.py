"""What annotations of an object ask of a sync: wave, options, hooks. Names and meanings are Argo CD's.

Values that nobody knows are ignored, as there.
"""

import enum
import re
from collections.abc import Mapping
from typing import TypeVar

from gitsync.manifest.object import JsonObject

SYNC_WAVE = "argocd.argoproj.io/sync-wave"
SYNC_OPTIONS = "argocd.argoproj.io/sync-options"
COMPARE_OPTIONS = "argocd.argoproj.io/compare-options"
HOOK = "argocd.argoproj.io/hook"
HOOK_DELETE_POLICY = "argocd.argoproj.io/hook-delete-policy"
HELM_HOOK = "helm.sh/hook"
HELM_WEIGHT = "helm.sh/hook-weight"
HELM_DELETE_POLICY = "helm.sh/hook-delete-policy"

_WHOLE_NUMBER = re.compile(r"[+-]?[0-9]{1,18}")  # nothing around it, as Go reads numbers

_T = TypeVar("_T")


class HookType(enum.StrEnum):
    """When a hook runs. SKIP: the object is never applied."""

    PRE_SYNC = "PreSync"
    SYNC = "Sync"
    POST_SYNC = "PostSync"
    SYNC_FAIL = "SyncFail"
    SKIP = "Skip"
    PRE_DELETE = "PreDelete"
    POST_DELETE = "PostDelete"


class HookDeletePolicy(enum.StrEnum):
    """When a hook's object is removed."""

    HOOK_SUCCEEDED = "HookSucceeded"
    HOOK_FAILED = "HookFailed"
    BEFORE_HOOK_CREATION = "BeforeHookCreation"


_HELM_HOOKS = {
    "pre-install": HookType.PRE_SYNC,
    "pre-upgrade": HookType.PRE_SYNC,
    "post-install": HookType.POST_SYNC,
    "post-upgrade": HookType.POST_SYNC,
    "pre-delete": HookType.PRE_DELETE,
    "post-delete": HookType.POST_DELETE,
}
_HELM_DELETE_POLICIES = {
    "hook-succeeded": HookDeletePolicy.HOOK_SUCCEEDED,
    "hook-failed": HookDeletePolicy.HOOK_FAILED,
    "before-hook-creation": HookDeletePolicy.BEFORE_HOOK_CREATION,
}
_HOOKS = {hook.value: hook for hook in HookType}
_DELETE_POLICIES = {policy.value: policy for policy in HookDeletePolicy}


def sync_wave(body: JsonObject) -> int:
    """The wave that the object is applied in; without one, the weight of a Helm hook, else 0."""
    annotations = _annotations(body)
    for name in (SYNC_WAVE, HELM_WEIGHT):
        wave = _integer(annotations.get(name, ""))
        if wave is not None:
            return wave
    return 0


def sync_options(body: JsonObject) -> frozenset[str]:
    """Sync options of this one object, such as `Prune=false`."""
    return frozenset(_words(_annotations(body).get(SYNC_OPTIONS, "")))


def compare_options(body: JsonObject) -> frozenset[str]:
    """Compare options of this one object, such as `IgnoreExtraneous`."""
    return frozenset(_words(_annotations(body).get(COMPARE_OPTIONS, "")))


def compare_choice(
    name: str, annotations: Mapping[str, str], application: Mapping[str, str], *, otherwise: bool = False
) -> bool:
    """Whether a compare option (`ServerSideDiff=true`) is on: the object's own word before its application's."""
    for written in (annotations, application):
        words = _words(written.get(COMPARE_OPTIONS, ""))
        if f"{name}=true" in words or f"{name}=false" in words:
            return f"{name}=true" in words
    return otherwise


def hook_types(body: JsonObject) -> tuple[HookType, ...]:
    """Phases in which the object runs as a hook, in the order written. Helm's count where ours names none."""
    annotations = _annotations(body)
    return _known(annotations.get(HOOK, ""), _HOOKS) or _known(annotations.get(HELM_HOOK, ""), _HELM_HOOKS)


def is_hook(body: JsonObject) -> bool:
    """Whether the object is a hook, also one of a type that nobody knows (which is then never applied).

    `Skip` alone makes no hook but an ordinary object that is left alone; so does Helm's `crd-install`.
    """
    annotations = _annotations(body)
    if HOOK in annotations:
        return not is_skipped(body)
    return annotations.get(HELM_HOOK, "crd-install") != "crd-install"


def is_skipped(body: JsonObject) -> bool:
    """Whether the object asks never to be applied."""
    return hook_types(body) == (HookType.SKIP,)


def hook_delete_policies(body: JsonObject) -> frozenset[HookDeletePolicy]:
    """When the hook's object is removed, by our annotation and Helm's together; else before it is created anew."""
    annotations = _annotations(body)
    ours = _known(annotations.get(HOOK_DELETE_POLICY, ""), _DELETE_POLICIES)
    helms = _known(annotations.get(HELM_DELETE_POLICY, ""), _HELM_DELETE_POLICIES)
    return frozenset((*ours, *helms) or (HookDeletePolicy.BEFORE_HOOK_CREATION,))


def _annotations(body: JsonObject) -> Mapping[str, str]:
    return body.get("metadata", {}).get("annotations") or {}


def _words(value: str | None) -> list[str]:
    return [word for part in (value or "").split(",") if (word := part.strip())]


def _known(value: str | None, names: Mapping[str, _T]) -> tuple[_T, ...]:
    return tuple(dict.fromkeys(names[word] for word in _words(value) if word in names))


def _integer(value: str | None) -> int | None:
    return int(value) if value and _WHOLE_NUMBER.fullmatch(value) else None
