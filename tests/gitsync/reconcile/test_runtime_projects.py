"""What is scoped to a project counts at once in the runtime, against the sandbox."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest
import pytest_asyncio

from gitsync.manifest.object import JsonObject
from model.identity import ApplicationKey, GroupVersionKind, ResourceKey
from model.link import GetTree, TreeAnswer
from tests.support.runtime import NAMESPACE, Rig, conditions_of, phase_of, synced_and_healthy
from tests.support.sandbox_rig import World, running_sandbox_rig

pytestmark = [pytest.mark.e2e, pytest.mark.asyncio(loop_scope="module")]

CONFIG = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: NAME}\ndata: {a: b}\n"


@pytest_asyncio.fixture(loop_scope="module", scope="module")
async def both(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[tuple[World, Rig]]:
    async with running_sandbox_rig(tmp_path_factory.mktemp("projects")) as (world, rig):
        yield world, rig


@pytest.fixture
def rig(both: tuple[World, Rig]) -> Rig:
    return both[1]


def told(body: JsonObject) -> str:
    return "; ".join(message for _, message in conditions_of(body))


async def test_only_clusters_of_the_project_are_permitted_as_soon_as_there_is_one(rig: Rig) -> None:
    await rig.push({"scoped/a.yaml": CONFIG.replace("NAME", "scoped")})
    spec = {"sourceRepos": [], "destinations": [{"server": "*", "namespace": "*"}]}
    meta = {"name": "mine", "namespace": NAMESPACE}
    project = {"apiVersion": "argoproj.io/v1alpha1", "kind": "AppProject", "metadata": meta}
    await rig.cluster.create({**project, "spec": {**spec, "permitOnlyProjectScopedClusters": True}})
    await rig.create_application("scoped", project="mine", syncPolicy={"automated": {}})
    body = await rig.until("scoped", lambda body: "does not match any of the allowed destinations" in told(body))
    assert "is not permitted in project" in told(body)
    await secret(rig, "repository", url=rig.host.clone_url("apps"), project="mine")
    await secret(rig, "cluster", name="here", server="https://kubernetes.default.svc", config="{}", project="mine")
    body = await rig.until("scoped", synced_and_healthy)
    assert told(body) == ""
    await rig.cluster.delete(GroupVersionKind("", "v1", "Secret"), NAMESPACE, "repository-mine")
    await rig.until("scoped", lambda body: "is not permitted in project" in told(body))


async def test_a_sync_with_an_object_that_the_project_does_not_permit_applies_nothing(rig: Rig) -> None:
    role = "apiVersion: rbac.authorization.k8s.io/v1\nkind: ClusterRole\nmetadata: {name: refused}\nrules: []\n"
    await rig.push({"refused/a.yaml": CONFIG.replace("NAME", "refused"), "refused/b.yaml": role})
    spec = {"sourceRepos": ["*"], "destinations": [{"server": "*", "name": "*", "namespace": "*"}]}
    meta = {"name": "namespaced", "namespace": NAMESPACE}
    await rig.cluster.create(
        {"apiVersion": "argoproj.io/v1alpha1", "kind": "AppProject", "metadata": meta, "spec": spec}
    )
    await rig.create_application("refused", project="namespaced")
    await rig.until("refused", lambda body: bool(body.get("status")))
    await rig.patch("refused", {"operation": {"sync": {}}})
    body = await rig.until("refused", lambda body: phase_of(body) == "Failed")
    state = body["status"]["operationState"]
    assert "kind rbac.authorization.k8s.io/ClusterRole is not permitted in project" in state["message"]
    assert [(one["kind"], one["status"]) for one in state["syncResult"]["resources"]] == [("ClusterRole", "SyncFailed")]
    assert await rig.get("v1", "ConfigMap", "default", "refused") is None
    chosen = {"sync": {"resources": [{"kind": "ConfigMap", "name": "refused"}]}}
    await rig.patch("refused", {"operation": chosen})
    await rig.until("refused", lambda body: phase_of(body) == "Succeeded")
    assert await rig.get("v1", "ConfigMap", "default", "refused") is not None


async def test_a_namespace_is_created_only_where_the_project_permits_namespaces(rig: Rig) -> None:
    await rig.push({"spaced/a.yaml": CONFIG.replace("NAME", "spaced")})
    meta = {"name": "spaces", "namespace": NAMESPACE}
    spec = {"sourceRepos": ["*"], "destinations": [{"server": "*", "name": "*", "namespace": "*"}]}
    project = {"apiVersion": "argoproj.io/v1alpha1", "kind": "AppProject", "metadata": meta, "spec": spec}
    await rig.cluster.create(project)
    where = {"server": "https://kubernetes.default.svc", "namespace": "spaced"}
    await rig.create_application(
        "spaced", project="spaces", destination=where, syncPolicy={"syncOptions": ["CreateNamespace=true"]}
    )
    await rig.until("spaced", lambda body: bool(body.get("status")))
    await rig.patch("spaced", {"operation": {"sync": {}}})
    body = await rig.until("spaced", lambda body: phase_of(body) == "Failed")
    assert "Namespace spaced: kind Namespace is not permitted" in body["status"]["operationState"]["message"]
    await rig.cluster.create({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "spaced"}})
    await rig.patch("spaced", {"operation": {"sync": {"prune": True}}})
    await rig.until("spaced", lambda body: phase_of(body) == "Succeeded")
    assert await rig.get("v1", "ConfigMap", "spaced", "spaced") is not None


async def secret(rig: Rig, kind: str, **data: str) -> None:
    labels = {"argocd.argoproj.io/secret-type": kind}
    meta = {"name": f"{kind}-mine", "namespace": NAMESPACE, "labels": labels}
    await rig.cluster.create({"apiVersion": "v1", "kind": "Secret", "metadata": meta, "stringData": data})


ACCOUNT = "apiVersion: v1\nkind: ServiceAccount\nmetadata: {name: left-b}\n"
DEPLOYMENT = """apiVersion: apps/v1
kind: Deployment
metadata: {name: listed}
spec:
  selector: {matchLabels: {app: listed}}
  template:
    metadata: {labels: {app: listed}}
    spec: {containers: [{name: app, image: "shop/web:1"}]}
"""


async def make_project(rig: Rig, name: str, **spec: Any) -> None:
    meta = {"name": name, "namespace": NAMESPACE}
    anything = {"sourceRepos": ["*"], "destinations": [{"server": "*", "namespace": "*"}]}
    project = {"apiVersion": "argoproj.io/v1alpha1", "kind": "AppProject", "metadata": meta}
    await rig.cluster.create({**project, "spec": {**anything, **spec}})


async def kinds_of(rig: Rig, name: str) -> list[str]:
    answer = await rig.runtime.requests.answer(GetTree(ApplicationKey(NAMESPACE, name)))
    assert isinstance(answer, TreeAnswer)
    return sorted(node.ref.kind for node in answer.nodes)


async def test_kinds_that_the_project_does_not_list_are_not_in_the_tree_nor_what_only_they_own(rig: Rig) -> None:
    await rig.push({"listed/a.yaml": DEPLOYMENT})
    kinds = [{"group": "apps", "kind": "Deployment"}, {"group": "", "kind": "Pod"}]
    await make_project(rig, "narrow", namespaceResourceWhitelist=kinds)
    await rig.create_application("listed", project="narrow", syncPolicy={"automated": {}})
    await rig.until("listed", synced_and_healthy)
    assert await kinds_of(rig, "listed") == ["Deployment"]
    replica_set = {"namespaceResourceWhitelist": [*kinds, {"group": "apps", "kind": "ReplicaSet"}]}
    project = ResourceKey("argoproj.io", "AppProject", NAMESPACE, "narrow")
    await rig.cluster.patch(project, "v1alpha1", {"spec": replica_set})
    async with asyncio.timeout(5):
        while await kinds_of(rig, "listed") != ["Deployment", "Pod", "ReplicaSet"]:  # noqa: ASYNC110 - asked anew
            await asyncio.sleep(0.05)


async def test_a_live_object_that_the_project_does_not_permit_is_not_counted_as_superfluous(rig: Rig) -> None:
    await rig.push({"left/a.yaml": CONFIG.replace("NAME", "left-a"), "left/b.yaml": ACCOUNT})
    await make_project(rig, "changing")
    await rig.create_application("left", project="changing", syncPolicy={"automated": {}})
    await rig.until("left", synced_and_healthy)
    await rig.push({"left/b.yaml": None})
    await rig.until("left", lambda body: body["status"]["sync"]["status"] == "OutOfSync")
    project = ResourceKey("argoproj.io", "AppProject", NAMESPACE, "changing")
    kinds = {"namespaceResourceBlacklist": [{"group": "", "kind": "ServiceAccount"}]}
    await rig.cluster.patch(project, "v1alpha1", {"spec": kinds})
    body = await rig.until("left", lambda body: body["status"]["sync"]["status"] == "Synced")
    assert [one["name"] for one in body["status"]["resources"]] == ["left-a"]


async def test_a_project_that_says_what_nobody_can_honour_makes_its_applications_warn(rig: Rig) -> None:
    await rig.push({"warned/a.yaml": CONFIG.replace("NAME", "warned")})
    await make_project(rig, "templated", sourceNamespaces=["{{ team }}"])
    await rig.create_application("warned", project="templated", syncPolicy={"automated": {}})
    body = await rig.until("warned", synced_and_healthy)
    assert conditions_of(body)[0][0] == "ConfigurationWarning"
    assert "spec.sourceNamespaces[0] holds '{{ team }}'" in told(body)
    project = ResourceKey("argoproj.io", "AppProject", NAMESPACE, "templated")
    await rig.cluster.patch(project, "v1alpha1", {"spec": {"sourceNamespaces": None}})
    await rig.until("warned", lambda body: not conditions_of(body))
