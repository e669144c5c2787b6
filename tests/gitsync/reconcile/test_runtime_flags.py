"""A runtime that is told more than usual: Applications in other namespaces, and a time limit for all syncs."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest
import pytest_asyncio

from gitsync.kube.client import Cluster
from gitsync.manifest.object import JsonObject
from gitsync.settings import ControllerFlags
from model.identity import ApplicationKey
from tests.support.runtime import APPLICATION, NAMESPACE, Rig, application, phase_of, running_rig
from tests.support.sandbox_rig import World, running_world

pytestmark = [pytest.mark.e2e, pytest.mark.asyncio(loop_scope="module")]

FLAGS = ControllerFlags(sync_timeout_seconds=0.4, application_namespaces=("team-*",))
AUTOMATED = {"syncPolicy": {"automated": {"prune": True}}}
CONFIG = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: NAME}\ndata: {a: b}\n"
STUCK = """apiVersion: apps/v1
kind: Deployment
metadata: {name: NAME}
spec:
  selector: {matchLabels: {app: late}}
  template:
    metadata: {labels: {app: late}}
    spec: {containers: [{name: main, image: "shop/does-not-exist:1"}]}
"""
LATER = """apiVersion: v1
kind: ConfigMap
metadata: {name: NAME-after, annotations: {argocd.argoproj.io/sync-wave: "1"}}
"""


@pytest_asyncio.fixture(loop_scope="module", scope="module")
async def both(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[tuple[World, Rig]]:
    folder = tmp_path_factory.mktemp("flags")
    async with (
        running_world(folder) as world,
        running_rig(world.access, world.host, folder / "runtime", flags=FLAGS) as rig,
    ):
        for name in ("team-a", "others"):
            await rig.cluster.create({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}})
        yield world, rig


@pytest.fixture
def rig(both: tuple[World, Rig]) -> Rig:
    return both[1]


async def create_in(rig: Rig, namespace: str, name: str, **spec: Any) -> None:
    await rig.cluster.create(application(rig.host.clone_url("apps"), name, metadata={"namespace": namespace}, **spec))


async def until(cluster: Cluster, namespace: str, name: str, status: str) -> JsonObject:
    async with asyncio.timeout(10):
        while True:
            body = await cluster.get(APPLICATION, namespace, name) or {}
            if ((body.get("status") or {}).get("sync") or {}).get("status") == status:
                return body
            await asyncio.sleep(0.05)


async def test_applications_of_other_namespaces_are_synced_where_their_project_lets_them(rig: Rig) -> None:
    await rig.push({"shop/a.yaml": CONFIG.replace("NAME", "shop")})
    spec = {"sourceRepos": ["*"], "destinations": [{"server": "*", "namespace": "*"}], "sourceNamespaces": ["team-a"]}
    meta = {"name": "teams", "namespace": NAMESPACE}
    await rig.cluster.create(
        {"apiVersion": "argoproj.io/v1alpha1", "kind": "AppProject", "metadata": meta, "spec": spec}
    )
    await create_in(rig, "team-a", "shop", project="teams", **AUTOMATED)
    await until(rig.cluster, "team-a", "shop", "Synced")
    made = await rig.get("v1", "ConfigMap", "default", "shop")
    assert made is not None
    mark = made["metadata"]["annotations"]["argocd.argoproj.io/tracking-id"]
    assert mark == "team-a_shop:/ConfigMap:default/shop"


async def test_a_project_that_does_not_name_the_namespace_refuses(rig: Rig) -> None:
    await rig.push({"stranger/a.yaml": CONFIG.replace("NAME", "stranger")})
    await create_in(rig, "team-a", "stranger", **AUTOMATED)
    body = await until(rig.cluster, "team-a", "stranger", "Unknown")
    assert [one["type"] for one in body["status"]["conditions"]] == ["InvalidSpecError"]
    assert await rig.get("v1", "ConfigMap", "default", "stranger") is None


async def test_applications_of_namespaces_that_nobody_named_are_left_alone(rig: Rig) -> None:
    await create_in(rig, "others", "ignored")
    await rig.push({"seen/a.yaml": CONFIG.replace("NAME", "seen")})
    await rig.create_application("seen", **AUTOMATED)
    await until(rig.cluster, NAMESPACE, "seen", "Synced")
    assert rig.runtime.records.get(ApplicationKey("others", "ignored")) is None


async def test_a_time_limit_for_all_syncs_names_its_cause(rig: Rig) -> None:
    await rig.push({"slow/a.yaml": STUCK.replace("NAME", "slow"), "slow/b.yaml": LATER.replace("NAME", "slow")})
    await rig.create_application("slow")
    await rig.until("slow", lambda body: bool(body.get("status")))
    await rig.patch("slow", {"operation": {"sync": {}}})
    body = await rig.until("slow", lambda body: phase_of(body) == "Failed")
    message = body["status"]["operationState"]["message"]
    assert message.startswith("timed out after 0.4 s (--sync-timeout) while waiting for healthy state")


async def test_an_application_may_set_another_time_limit(rig: Rig) -> None:
    await rig.push({"own/a.yaml": STUCK.replace("NAME", "own"), "own/b.yaml": LATER.replace("NAME", "own")})
    await rig.create_application("own", metadata={"annotations": {"argosy.io/sync-timeout": "100ms"}})
    await rig.until("own", lambda body: bool(body.get("status")))
    await rig.patch("own", {"operation": {"sync": {}}})
    body = await rig.until("own", lambda body: phase_of(body) == "Failed")
    assert body["status"]["operationState"]["message"].startswith("timed out after 0.1 s (argosy.io/sync-timeout)")
