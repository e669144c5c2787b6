"""Volume claims stand below the StatefulSet that made them, though they name no owner."""

import itertools

import pytest

from gitsync.health.facts import facts_of
from gitsync.kube.index import LiveIndex
from gitsync.manifest.object import Facts, LiveObject
from model.identity import ResourceKey
from model.kinds.meta import OwnerReference

MARK = "shop:apps/StatefulSet:ns/my-db"


def stateful_set(*templates: str, name: str = "my-db", version: str = "1") -> LiveObject:
    key, facts = ResourceKey("apps", "StatefulSet", "ns", name), Facts(claims=templates)
    return LiveObject(key, "v1", f"uid-{name}", version, facts=facts, owner=MARK.replace("my-db", name))


def claim(name: str, *, owners: tuple[OwnerReference, ...] = (), namespace: str = "ns") -> LiveObject:
    return LiveObject(
        ResourceKey("", "PersistentVolumeClaim", namespace, name), "v1", f"uid-{name}", "1", owners=owners
    )


def tree(index: LiveIndex) -> list[str]:
    return sorted(live.key.name for live in index.tree_of("shop"))


@pytest.mark.parametrize("order", list(itertools.permutations(range(3))))
def test_whatever_comes_first_claims_stand_below_their_stateful_set(order: tuple[int, ...]) -> None:
    index = LiveIndex()
    objects = [stateful_set("data", "write-ahead-log"), claim("data-my-db-0"), claim("write-ahead-log-my-db-12")]
    for position in order:
        index.put(objects[position])
    assert tree(index) == ["data-my-db-0", "my-db", "write-ahead-log-my-db-12"]
    assert {root for one in index.of_kind("", "PersistentVolumeClaim") for root in index.roots_of(one)} == {"shop"}
    assert [live.key.name for live in index.loose_in("ns")] == ["my-db"]


@pytest.mark.parametrize("name", ["data-my-db", "data-my-db-x", "other-my-db-0", "data-db-0", "my-db-0", "-0"])
def test_claims_of_another_name_are_nobodys(name: str) -> None:
    index = LiveIndex()
    index.put(stateful_set("data"))
    index.put(claim(name))
    assert tree(index) == ["my-db"]
    assert name in {live.key.name for live in index.loose_in("ns")}


def test_a_claim_in_another_namespace_or_with_an_owner_of_its_own_is_left_alone() -> None:
    index = LiveIndex()
    index.put(stateful_set("data"))
    index.put(claim("data-my-db-0", namespace="elsewhere"))
    index.put(claim("data-my-db-1", owners=(OwnerReference("Backup", "b", "uid-b"),)))
    assert tree(index) == ["my-db"]


def test_claims_follow_what_becomes_of_the_stateful_set() -> None:
    index = LiveIndex()
    index.put(claim("data-my-db-0"))
    index.put(stateful_set("other"))
    assert tree(index) == ["my-db"]
    index.put(stateful_set("data", version="2"))
    assert tree(index) == ["data-my-db-0", "my-db"]
    index.remove(stateful_set().key)
    assert [live.key.name for live in index.loose_in("ns")] == ["data-my-db-0"]
    index.remove(claim("data-my-db-0").key)
    index.put(stateful_set("data", version="3"))
    assert tree(index) == ["my-db"]


def test_the_templates_of_a_stateful_set_are_kept() -> None:
    spec = {"volumeClaimTemplates": [{"metadata": {"name": "data"}}, {"metadata": {}}]}
    assert facts_of({"apiVersion": "apps/v1", "kind": "StatefulSet", "spec": spec}).claims == ("data",)
