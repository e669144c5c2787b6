"""Uninstalling removes the runtime and what is Argosy's own, in order, and nothing that applications deployed."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from api.cli.main import main
from api.installation.runtime import RuntimeInstallation, namespace_object, runtime_objects
from gitsync.changes.cluster import cluster_secret
from gitsync.installation.uninstall import AnotherRuntime, NotOurs, Uninstalling
from gitsync.kube.access import access_from_kubeconfig
from gitsync.kube.client import Cluster
from gitsync.runtime.install import install_definitions
from gitsync.sandbox.sandbox import Sandbox
from model.identity import GroupVersionKind
from model.link_change import Author
from model.link_cluster import AddCluster
from tests.support.sandbox import running_sandbox

pytestmark = [pytest.mark.e2e]

FINALIZER = "resources-finalizer.argocd.argoproj.io"
GIT_SOURCE = {"codefresh.io/entity": "git-source"}
INSTALLATION = RuntimeInstallation("eu-1", "wss://argosy.example.com/link", "argosy:1", "0.1.0", token="argr_t")
DEPLOYMENT = GroupVersionKind("apps", "v1", "Deployment")
SECRET = GroupVersionKind("", "v1", "Secret")


@pytest.fixture
async def sandbox() -> AsyncIterator[Sandbox]:
    async with running_sandbox(controllers=True, speed=50) as sandbox:
        yield sandbox


@pytest.fixture
async def cluster(sandbox: Sandbox) -> AsyncIterator[Cluster]:
    """With a runtime, a Git Source, an application and what it deployed."""
    cluster = await Cluster.connect(access_from_kubeconfig(sandbox.kubeconfig))
    try:
        for body in (namespace_object(INSTALLATION), *runtime_objects(INSTALLATION)):
            await cluster.apply(body, manager="kubectl")
        await install_definitions(cluster, "argosy")
        for body in (
            application("platform", GIT_SOURCE),
            application("shop", {}),
            workload("default", "web"),
            secret("repo", {"argocd.argoproj.io/secret-type": "repository"}),
            secret("git-token-1", {"argosy.io/git-credential": "true"}),
            secret("theirs", {"argocd.argoproj.io/secret-type": "cluster"}),
            cluster_secret(AddCluster("eu", "https://eu.test", "t", Author("dana"), "op"), "argosy"),
        ):
            await cluster.create(body)
        yield cluster
    finally:
        await cluster.close()


def application(name: str, labels: dict[str, str]) -> dict[str, Any]:
    return {
        "apiVersion": "argoproj.io/v1alpha1",
        "kind": "Application",
        "metadata": {"name": name, "namespace": "argosy", "labels": labels, "finalizers": [FINALIZER]},
        "spec": {"project": "default", "destination": {"namespace": "default"}},
    }


def workload(namespace: str, name: str) -> dict[str, Any]:
    labels = {"app": name}
    template = {"metadata": {"labels": labels}, "spec": {"containers": [{"name": name, "image": "a:1"}]}}
    metadata = {"name": name, "namespace": namespace}
    spec = {"replicas": 1, "selector": {"matchLabels": labels}, "template": template}
    return {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": metadata, "spec": spec}


def secret(name: str, labels: dict[str, str]) -> dict[str, Any]:
    return {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": name, "namespace": "argosy", "labels": labels}}


async def names(cluster: Cluster, group: str, version: str, kind: str, namespace: str = "argosy") -> set[str]:
    found = await cluster.list(GroupVersionKind(group, version, kind), namespace=namespace)
    return {body["metadata"]["name"] for body in found}


def work(cluster: Cluster, gone: list[str], **options: Any) -> Uninstalling:
    return Uninstalling(cluster, "argosy", "eu-1", gone.append, **options)


async def test_only_what_is_the_runtimes_own_goes_and_the_engine_first(cluster: Cluster) -> None:
    gone: list[str] = []
    assert await work(cluster, gone).run() == ""
    assert gone == [
        "Deployment argosy-runtime",
        "Application platform",
        "Secret cluster-eu-test-" + gone[2].rpartition("-")[2],
        "Secret git-token-1",
        "Secret argosy-runtime-token",
        "ClusterRoleBinding argosy-runtime-argosy",
        "ClusterRole argosy-runtime-argosy",
        "ServiceAccount argosy-runtime",
    ]
    assert await names(cluster, "", "v1", "Pod") == set()
    assert await names(cluster, "argoproj.io", "v1alpha1", "Application") == {"shop"}
    assert await names(cluster, "", "v1", "Secret") == {"repo", "theirs"}
    assert await cluster.get(DEPLOYMENT, "default", "web") is not None
    again: list[str] = []
    await work(cluster, again).run()
    assert again == []


async def test_applications_go_only_when_asked_and_what_they_deployed_stays(cluster: Cluster) -> None:
    await work(cluster, [], applications=True).run()
    assert await names(cluster, "argoproj.io", "v1alpha1", "Application") == set()
    assert await names(cluster, "argoproj.io", "v1alpha1", "AppProject") == set()
    assert await cluster.get(DEPLOYMENT, "default", "web") is not None


async def test_applications_of_another_controller_are_left_alone(cluster: Cluster) -> None:
    await cluster.create(workload("argosy", "argocd-application-controller"))
    with pytest.raises(NotOurs, match="reconciles the Applications"):
        await work(cluster, [], applications=True).run()
    assert await cluster.get(DEPLOYMENT, "argosy", "argosy-runtime") is not None


async def test_another_runtime_is_not_uninstalled_by_mistake(cluster: Cluster) -> None:
    with pytest.raises(AnotherRuntime, match="holds runtime eu-1, not us-1"):
        await Uninstalling(cluster, "argosy", "us-1", print).run()
    assert await cluster.get(DEPLOYMENT, "argosy", "argosy-runtime") is not None


async def test_a_dry_run_tells_the_same_and_removes_nothing(cluster: Cluster) -> None:
    told: list[str] = []
    await work(cluster, told, dry_run=True).run()
    gone: list[str] = []
    await work(cluster, gone).run()
    assert told == gone


def test_the_command_needs_a_registered_runtime_and_a_cluster(tmp_path: Path) -> None:
    def argosy(*words: str) -> Any:
        return CliRunner().invoke(main, [*words, "--data-dir", str(tmp_path)])

    missing = argosy("runtime", "uninstall", "eu-1", "--yes")
    assert missing.exit_code == 1
    assert "there is no runtime 'eu-1'" in missing.output
    argosy("runtime", "create", "eu-1")
    unreachable = argosy("runtime", "uninstall", "eu-1", "--yes", "--kubeconfig", str(tmp_path / "none"))
    assert unreachable.exit_code == 1
    assert "cannot be read" in unreachable.output
    assert "eu-1" in argosy("runtime", "list").output
