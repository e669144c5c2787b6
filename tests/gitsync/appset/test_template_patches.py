"""What `templatePatch` makes of what the template gave."""

from typing import Any

import pytest

from gitsync.appset.errors import TemplateInvalid
from gitsync.appset.template_patch import patched

BASE: dict[str, Any] = {
    "metadata": {"name": "web", "labels": {"team": "shop"}, "finalizers": ["a/keep"]},
    "spec": {
        "project": "shop",
        "source": {"path": "web", "helm": {"valueFiles": ["a.yaml"], "releaseName": "web"}},
        "syncPolicy": {"automated": {"prune": True, "selfHeal": True}, "syncOptions": ["A=true"]},
    },
}


@pytest.mark.parametrize(
    ("patch", "path", "value"),
    [
        (
            "spec: {syncPolicy: {automated: {$patch: replace, prune: false}}}",
            "spec.syncPolicy.automated",
            {"prune": False},
        ),
        ("spec: {syncPolicy: {automated: {$patch: delete}}}", "spec.syncPolicy.automated", {}),
        ("spec: {syncPolicy: {automated: null}}", "spec.syncPolicy.automated", None),
        (
            "spec: {syncPolicy: {automated: {prune: false}}}",
            "spec.syncPolicy.automated",
            {"prune": False, "selfHeal": True},
        ),
        ("spec: {syncPolicy: {syncOptions: [B=true]}}", "spec.syncPolicy.syncOptions", ["B=true"]),
        (
            "spec: {source: {helm: {valueFiles: [{$patch: replace}, b.yaml]}}}",
            "spec.source.helm.valueFiles",
            ["b.yaml"],
        ),
        (
            "spec: {source: {helm: {$retainKeys: [releaseName, skipCrds], skipCrds: true}}}",
            "spec.source.helm",
            {"releaseName": "web", "skipCrds": True},
        ),
        (
            "spec: {source: {kustomize: {$patch: replace, namePrefix: x-}}}",
            "spec.source.kustomize",
            {"namePrefix": "x-"},
        ),
        ("spec: {source: text}", "spec.source", "text"),
        ("spec: {syncPolicy: {retry: {limit: 3}}}", "spec.syncPolicy.retry", {"limit": 3}),
        ("metadata: {finalizers: [b/mine]}", "metadata.finalizers", ["a/keep", "b/mine"]),
        ("metadata: {$deleteFromPrimitiveList/finalizers: [a/keep]}", "metadata.finalizers", []),
        ("metadata: {finalizers: null}", "metadata.finalizers", None),
        (
            "metadata: {$setElementOrder/finalizers: [b, a], labels: {tier: web}}",
            "metadata.labels",
            {"team": "shop", "tier": "web"},
        ),
        ("spec: {project: admins, $patch: replace}", "spec", {"project": "shop"}),
        ("", "spec.project", "shop"),
    ],
)
def test_a_patch_merges_and_its_directives_hold(patch: str, path: str, value: Any) -> None:
    found: Any = patched(BASE, patch)
    for step in path.split("."):
        found = found.get(step)
    assert found == value


@pytest.mark.parametrize(
    ("patch", "word"),
    [
        ("spec: {source: {$patch: burn}}", "no directive"),
        ("spec: {source: {$retainKeys: [path], helm: {}}}", "does not name"),
        ("spec: {source: {$retainKeys: path}}", "no list"),
        ("[1]", "no map"),
    ],
)
def test_a_patch_that_says_nothing_that_can_be_done_is_refused(patch: str, word: str) -> None:
    with pytest.raises(TemplateInvalid, match=word):
        patched(BASE, patch)


def test_what_was_there_is_left_as_it_was() -> None:
    patched(BASE, "spec: {source: {$patch: delete}, syncPolicy: null}")
    assert BASE["spec"]["source"]["path"] == "web"
    assert "syncPolicy" in BASE["spec"]
