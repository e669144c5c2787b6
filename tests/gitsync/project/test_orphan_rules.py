"""Which objects a project counts as orphans."""

from typing import Any

import pytest

from gitsync.project.orphans import OrphanRules, orphan_rules
from model.identity import ResourceKey

NOISE = ResourceKey("", "ConfigMap", "shop", "noise-1")


def rules(written: Any) -> OrphanRules | None:
    return orphan_rules({"spec": {"orphanedResources": written}})


def test_nobody_looks_for_orphans_unless_the_project_asks() -> None:
    assert orphan_rules({}) is None
    assert orphan_rules({"spec": None}) is None
    assert rules(None) is None


@pytest.mark.parametrize(("written", "warn"), [({}, True), ({"warn": True}, True), ({"warn": False}, False)])
def test_it_warns_unless_told_not_to(written: dict[str, Any], warn: bool) -> None:
    found = rules(written)
    assert found is not None
    assert found.warn is warn


@pytest.mark.parametrize(
    ("entry", "ignored"),
    [
        ({"kind": "ConfigMap"}, True),
        ({"kind": "ConfigMap", "name": "noise-*"}, True),
        ({"group": "", "kind": "Config*"}, True),
        ({"name": "noise-1"}, True),
        ({"kind": "ConfigMap", "name": "other"}, False),
        ({"group": "apps"}, False),
        ({"kind": "Secret"}, False),
        ({"group": "*", "kind": "{Secret,ConfigMap}", "name": "{noise,other}-*"}, True),
    ],
)
def test_entries_fit_by_globs_and_leave_out_what_they_do_not_name(entry: dict[str, str], ignored: bool) -> None:
    found = rules({"ignore": [entry]})
    assert found is not None
    assert found.ignores(NOISE) is ignored


@pytest.mark.parametrize(
    ("key", "ignored"),
    [
        (ResourceKey("", "ServiceAccount", "shop", "default"), True),
        (ResourceKey("", "ConfigMap", "shop", "kube-root-ca.crt"), True),
        (ResourceKey("", "Service", "default", "kubernetes"), True),
        (ResourceKey("", "Service", "shop", "kubernetes"), False),
        (ResourceKey("", "ServiceAccount", "shop", "other"), False),
    ],
)
def test_what_the_cluster_makes_is_no_orphan(key: ResourceKey, ignored: bool) -> None:
    assert OrphanRules().ignores(key) is ignored


@pytest.mark.parametrize("written", [7, "warn", [], {"ignore": 7}, {"ignore": [7, None]}, {"ignore": [{"kind": None}]}])
def test_no_value_is_too_broken(written: Any) -> None:
    found = rules(written)
    if found is not None:
        found.ignores(NOISE)


@pytest.mark.parametrize(("group", "ignored"), [(None, False), ("", False), ("networking.k8s.io", True), ("*", True)])
def test_an_entry_without_a_group_is_about_the_core_group(group: str | None, ignored: bool) -> None:
    found = rules({"ignore": [{"kind": "Ingress", **({} if group is None else {"group": group})}]})
    assert found is not None
    assert found.ignores(ResourceKey("networking.k8s.io", "Ingress", "shop", "web")) is ignored
