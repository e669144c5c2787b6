"""Which generated Applications may be written."""

from typing import Any

import pytest

from gitsync.appset.clusters import without_home
from gitsync.appset.generate import Generation
from gitsync.appset.inputs import ClusterInput
from gitsync.appset.validation import objection, validated

PROJECTS = {
    "default": {
        "metadata": {"name": "default", "namespace": "argocd"},
        "spec": {
            "sourceRepos": ["*", "!https://git.example/secret*"],
            "destinations": [{"name": "*", "namespace": "*"}],
        },
    }
}
CLUSTERS = (
    ClusterInput("far", "https://far"),
    ClusterInput("twin", "https://one"),
    ClusterInput("twin", "https://two"),
)


def body(repo: str = "https://git.example/apps", **destination: str) -> dict[str, Any]:
    spec = {"project": "default", "source": {"repoURL": repo}, "destination": destination}
    return {"metadata": {"name": "a", "namespace": "argocd"}, "spec": spec}


@pytest.mark.parametrize(
    ("application", "word"),
    [
        (body(name="far", namespace="x"), ""),
        (body(server="https://far/", namespace="x"), ""),
        (body(name="in-cluster"), ""),
        (body(name="twin"), "no cluster with the name"),
        (body(server="https://nowhere"), "no cluster with the server"),
        (body(), "no cluster"),
        (body(name="far", server="https://far"), "both name and server"),
        (body("https://git.example/secret", name="far"), "repo https://git.example/secret is not permitted"),
        ({**body(name="far"), "spec": {**body(name="far")["spec"], "project": "gone"}}, "project gone which does not"),
        ({**body(name="far"), "spec": {**body(name="far")["spec"], "destination": 7}}, "no valid Application"),
    ],
)
def test_an_application_is_written_only_where_project_and_cluster_permit(application: Any, word: str) -> None:
    found = objection(application, PROJECTS, CLUSTERS)
    assert word in found
    assert bool(found) is bool(word)


def test_what_may_not_be_written_is_told_and_the_rest_is_kept() -> None:
    other = body(name="nowhere")
    other["metadata"]["name"] = "b"
    generation = validated(Generation((body(name="far"), other)), PROJECTS, CLUSTERS)
    assert [one["metadata"]["name"] for one in generation.applications] == ["a"]
    assert list(generation.rejected) == ["b"]
    assert generation.complete


@pytest.mark.parametrize("destination", [{"name": "in-cluster"}, {"server": "https://kubernetes.default.svc"}])
def test_nothing_is_written_for_a_home_cluster_that_is_shut_out(destination: dict[str, str]) -> None:
    clusters = without_home((*CLUSTERS, ClusterInput("in-cluster", "https://kubernetes.default.svc/")))
    assert "shuts the cluster" in objection(body(**destination), PROJECTS, clusters)
    assert objection(body(name="far"), PROJECTS, clusters) == ""
    other = validated(Generation((body(server="https://here"),)), PROJECTS, clusters, here="https://here")
    assert "shuts the cluster" in other.rejected["a"]
