"""The controller of Rollouts as files of the shared configuration: whole, of one cluster, never twice. Pure."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gitsync.changes.errors import BadInput
from gitsync.changes.rollouts_controller import (
    RolloutsController,
    controller_installation,
    controller_objects,
    file_name_of,
)
from gitsync.changes.shared_configuration import SharedConfiguration
from gitsync.delivery.analysis_runs import JOB
from gitsync.delivery.rollouts import RolloutController
from gitsync.manifest.object import JsonObject
from gitsync.manifest.parse import parse_manifests
from gitsync.render.glob import compile_glob
from model.identity import GroupVersionKind
from model.kinds.definitions import rollout_definitions
from tests.support.memory_files import MemoryFiles

DEMO = SharedConfiguration("https://git.example.com/config.git", "demo", "argosy")
EVENT = GroupVersionKind("", "v1", "Event")
EU = RolloutsController("eu", "https://eu.example.com", "registry.local/argosy:1", "1.0.0")
APPLICATION, MANIFESTS = "runtimes/demo/eu.yaml", "resources/clusters/demo/eu/rollouts.yaml"


def committed(files: dict[str, str]) -> dict[str, list[JsonObject]]:
    contents = controller_installation(EU, DEMO)(MemoryFiles(files))
    return {
        path: [one.body for one in parse_manifests(content, file=path)] for path, content in contents.items() if content
    }


def test_what_a_cluster_gets_stands_in_git_beside_the_application_that_brings_it() -> None:
    found = committed({})
    assert set(found) == {APPLICATION, MANIFESTS}
    (application,) = found[APPLICATION]
    assert application["metadata"] == {"name": "cluster-eu", "namespace": "argosy"}
    assert application["spec"]["destination"]["server"] == EU.server
    assert application["spec"]["source"]["repoURL"] == DEMO.repo_url
    assert found[MANIFESTS] == list(controller_objects(EU))
    (container,) = found[MANIFESTS][-1]["spec"]["template"]["spec"]["containers"]
    assert container["image"] == EU.image
    assert "--controllers=rollouts" in container["args"]


def test_no_other_cluster_gets_it_and_this_one_gets_nothing_else() -> None:
    inside = MANIFESTS.removeprefix("resources/")
    (application,) = committed({})[APPLICATION]
    picks = compile_glob(application["spec"]["source"]["directory"]["include"])
    assert picks(inside)
    assert not compile_glob(DEMO.include)(inside)
    for other in ("clusters/demo/eu-2/rollouts.yaml", "runtimes/demo/a.yaml", "clusters/other/eu/rollouts.yaml"):
        assert not picks(other)


def test_definitions_are_no_part_of_it_so_none_is_ever_downgraded() -> None:
    assert "CustomResourceDefinition" not in {one["kind"] for one in controller_objects(EU)}


def test_an_application_of_the_cluster_that_is_there_stays_as_it_is() -> None:
    assert set(committed({APPLICATION: "kind: Application\n"})) == {MANIFESTS}


def test_a_second_installation_says_where_the_first_is() -> None:
    with pytest.raises(BadInput, match=r"resources/clusters/demo/eu/rollouts.yaml is there already") as refused:
        committed({MANIFESTS: "kind: Namespace\n"})
    assert "cluster-eu" in refused.value.suggestion


@given(st.text(alphabet=st.characters(codec="ascii", exclude_categories=["C"]), min_size=1, max_size=80))
def test_any_name_of_a_cluster_makes_a_name_that_kubernetes_takes(name: str) -> None:
    assert re.fullmatch(r"[a-z0-9]([-a-z0-9]*[a-z0-9])?", file_name_of(name))
    assert len(f"cluster-{file_name_of(name)}") <= 63


def test_clusters_whose_names_look_alike_do_not_share_a_file() -> None:
    names = ["eu", "EU", "e/u", "e.u", "e-u", "eu-", "x" * 50, "x" * 51]
    assert len({file_name_of(name) for name in names}) == len(names)


def test_its_rights_are_enough_for_what_it_follows_and_writes() -> None:
    rules = next(one for one in controller_objects(EU) if one["kind"] == "ClusterRole")["rules"]
    granted = {(group, kind, verb) for rule in rules for group in rule["apiGroups"] for kind in rule["resources"]
               for verb in rule["verbs"]}  # fmt: skip
    plurals = {one["spec"]["names"]["kind"]: one["spec"]["names"]["plural"] for one in rollout_definitions()}
    for kind in (RolloutController.kind, *(one.gvk for one in RolloutController.followed), JOB, EVENT):
        plural = plurals.get(kind.kind, f"{kind.kind.lower()}s")
        assert {(kind.group, plural, verb) for verb in ("list", "watch", "patch")} <= granted, kind
    assert ("apiextensions.k8s.io", "customresourcedefinitions", "create") in granted
    assert ("argoproj.io", "applications", "patch") not in granted
