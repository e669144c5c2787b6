"""What projects permit with everything that counts for them, by cases."""

from pathlib import Path
from typing import Any

import pytest

from gitsync.manifest.object import DesiredObject, Origin
from gitsync.project.effective import GlobalProject, ScopedCluster, ScopedRepository, Surroundings, effective
from gitsync.project.permits import violations
from model.identity import ResourceKey
from model.kinds.application import Application, ApplicationSource, ApplicationSpec, Destination
from model.kinds.meta import ObjectMeta
from tests.support.yaml_text import read_yaml

CASES = read_yaml(Path(__file__).with_name("cases").joinpath("permissions.yaml").read_text())["cases"]


def surroundings(around: dict[str, Any]) -> Surroundings:
    return Surroundings(
        tuple(ScopedRepository(**one) for one in around.get("repositories", ())),
        tuple(
            ScopedCluster(**{**one, "namespaces": tuple(one.get("namespaces", ()))})
            for one in around.get("clusters", ())
        ),
        tuple(GlobalProject(**one) for one in around.get("inherits", ())),
    )


def wanted(group: str = "", kind: str = "", namespace: str = "", name: str = "") -> DesiredObject:
    return DesiredObject(ResourceKey(group, kind, namespace, name), "v1", {}, "", Origin(""))


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["name"])
def test_a_project_permits_what_it_says(case: dict[str, Any]) -> None:
    said, around = case.get("application", {}), case.get("around", {})
    here = Destination(server="https://far", name="far", namespace=said.get("namespace", "shop-a"))
    source = ApplicationSource(repo_url=said.get("repo", "https://git.example/apps"))
    application = Application(
        metadata=ObjectMeta(name="shop", namespace=said.get("home", "argocd")),
        spec=ApplicationSpec(destination=here, source=source),
    )
    metadata = {"name": "web", "namespace": "argocd", "labels": {"team": "a"}}
    projects = {"base": {"metadata": {"name": "base"}, "spec": around.get("parent", {})}}
    project = effective({"metadata": metadata, "spec": case["project"]}, projects, surroundings(around))
    found = violations(project, application, [wanted(**one) for one in case.get("objects", ())])
    expected = case.get("objects to", [])
    assert len(found) == len(expected), found
    assert all(word in one.message for word, one in zip(expected, found, strict=True)), found
