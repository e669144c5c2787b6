"""What is scoped to a project counts at once in the runtime, against the sandbox."""

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from gitsync.manifest.object import JsonObject
from model.identity import GroupVersionKind
from tests.support.runtime import NAMESPACE, Rig, conditions_of, synced_and_healthy
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


async def secret(rig: Rig, kind: str, **data: str) -> None:
    labels = {"argocd.argoproj.io/secret-type": kind}
    meta = {"name": f"{kind}-mine", "namespace": NAMESPACE, "labels": labels}
    await rig.cluster.create({"apiVersion": "v1", "kind": "Secret", "metadata": meta, "stringData": data})
