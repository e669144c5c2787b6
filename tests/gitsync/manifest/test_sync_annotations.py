from typing import Any

import pytest

from gitsync.manifest.annotations import (
    HookDeletePolicy,
    HookType,
    compare_options,
    hook_delete_policies,
    hook_types,
    is_hook,
    is_skipped,
    sync_options,
    sync_wave,
)


def body(**annotations: str) -> dict[str, Any]:
    names = {name.replace("__", "/").replace("_", "-"): value for name, value in annotations.items()}
    argo = {f"argocd.argoproj.io/{name}" if "/" not in name else name: value for name, value in names.items()}
    return {"metadata": {"annotations": {name.replace("helm/", "helm.sh/"): value for name, value in argo.items()}}}


@pytest.mark.parametrize(
    ("annotations", "wave"),
    [
        ({}, 0),
        ({"sync_wave": "5"}, 5),
        ({"sync_wave": "-3"}, -3),
        ({"sync_wave": "soon"}, 0),
        ({"sync_wave": " 5 "}, 0),
        ({"sync_wave": "1_000", "helm__hook_weight": "+7"}, 7),
        ({"helm__hook_weight": "7"}, 7),
        ({"sync_wave": "1", "helm__hook_weight": "7"}, 1),
    ],
)
def test_the_wave_is_our_annotation_then_helms_weight(annotations: dict[str, str], wave: int) -> None:
    assert sync_wave(body(**annotations)) == wave


def test_options_are_words_between_commas() -> None:
    assert sync_options(body(sync_options="Prune=false, Replace=true,,")) == {"Prune=false", "Replace=true"}
    assert compare_options(body(compare_options="IgnoreExtraneous")) == {"IgnoreExtraneous"}
    assert sync_options({"metadata": {"annotations": None}}) == frozenset()


@pytest.mark.parametrize(
    ("annotations", "types", "hook", "skipped"),
    [
        ({}, (), False, False),
        ({"hook": "PreSync"}, (HookType.PRE_SYNC,), True, False),
        ({"hook": "PreSync,PostSync , PreSync"}, (HookType.PRE_SYNC, HookType.POST_SYNC), True, False),
        ({"hook": "Nonsense"}, (), True, False),
        ({"hook": "Skip"}, (HookType.SKIP,), False, True),
        ({"hook": "Skip,Sync"}, (HookType.SKIP, HookType.SYNC), True, False),
        ({"helm__hook": "pre-install,pre-upgrade"}, (HookType.PRE_SYNC,), True, False),
        ({"hook": "Skip,Nonsense"}, (HookType.SKIP,), False, True),
        ({"hook": "Nonsense", "helm__hook": "post-install"}, (HookType.POST_SYNC,), True, False),
        ({"helm__hook": "crd-install"}, (), False, False),
        ({"helm__hook": ""}, (), True, False),
        ({"helm__hook": "post-rollback,pre-delete"}, (HookType.PRE_DELETE,), True, False),
        ({"helm__hook": "test"}, (), True, False),
        ({"hook": "Sync", "helm__hook": "post-delete"}, (HookType.SYNC,), True, False),
    ],
)
def test_hooks_are_told_from_objects(
    annotations: dict[str, str], types: tuple[HookType, ...], hook: bool, skipped: bool
) -> None:
    assert (hook_types(body(**annotations)), is_hook(body(**annotations)), is_skipped(body(**annotations))) == (
        types,
        hook,
        skipped,
    )


@pytest.mark.parametrize(
    ("annotations", "policies"),
    [
        ({}, {HookDeletePolicy.BEFORE_HOOK_CREATION}),
        ({"hook_delete_policy": "HookSucceeded,HookFailed"}, {"HookSucceeded", "HookFailed"}),
        ({"helm__hook_delete_policy": "hook-failed"}, {HookDeletePolicy.HOOK_FAILED}),
        (
            {"hook_delete_policy": "HookFailed", "helm__hook_delete_policy": "hook-succeeded"},
            {"HookSucceeded", "HookFailed"},
        ),
        ({"hook_delete_policy": "Never"}, {HookDeletePolicy.BEFORE_HOOK_CREATION}),
    ],
)
def test_hooks_say_when_they_are_removed(annotations: dict[str, str], policies: set[str]) -> None:
    assert hook_delete_policies(body(**annotations)) == policies
