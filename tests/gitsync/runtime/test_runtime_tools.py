"""The runtime tells renderers what application and cluster they render for."""

import shutil
from collections.abc import AsyncIterator
from typing import Any

import pytest
import pytest_asyncio

from model.identity import GroupVersionKind
from tests.support.runtime import Rig, synced_and_healthy
from tests.support.sandbox_rig import World, running_sandbox_rig

pytestmark = [pytest.mark.e2e, pytest.mark.asyncio(loop_scope="module")]

AUTOMATED: dict[str, Any] = {"automated": {"prune": True, "selfHeal": True}}
JSONNET = """{
  apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'told' },
  data: { name: std.extVar('name') },
}
"""
CHART = {
    "chart/Chart.yaml": "apiVersion: v2\nname: chart\nversion: 1.0.0\n",
    "chart/templates/a.yaml": """apiVersion: v1
kind: ConfigMap
metadata: {name: "{{ .Release.Name }}-told"}
data:
  namespace: "{{ .Release.Namespace }}"
  apps: "{{ .Capabilities.APIVersions.Has "apps/v1/Deployment" }}"
""",
}


@pytest_asyncio.fixture(loop_scope="module", scope="module")
async def both(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[tuple[World, Rig]]:
    async with running_sandbox_rig(tmp_path_factory.mktemp("tools")) as (world, rig):
        yield world, rig


@pytest.fixture
def rig(both: tuple[World, Rig]) -> Rig:
    return both[1]


async def test_the_build_environment_names_the_application(rig: Rig) -> None:
    await rig.push({"told/a.jsonnet": JSONNET})
    variables = {"jsonnet": {"extVars": [{"name": "name", "value": "$ARGOCD_APP_NAME"}]}}
    source = {"repoURL": rig.host.clone_url("apps"), "path": "told", "targetRevision": "main", "directory": variables}
    await rig.create_application("told", source=source, syncPolicy=AUTOMATED)
    await rig.until("told", synced_and_healthy)
    assert await data_of(rig, "told") == {"name": "told"}


@pytest.mark.skipif(shutil.which("helm") is None, reason="helm is not installed")
async def test_a_chart_knows_its_release_and_the_cluster(rig: Rig) -> None:
    await rig.push(CHART)
    await rig.create_application("chart", syncPolicy=AUTOMATED)
    await rig.until("chart", synced_and_healthy)
    assert await data_of(rig, "chart-told") == {"namespace": "default", "apps": "true"}


async def data_of(rig: Rig, name: str) -> Any:
    body = await rig.cluster.get(GroupVersionKind("", "v1", "ConfigMap"), "default", name)
    return body["data"] if body else None


async def test_a_chart_that_cannot_be_fetched_is_a_condition(rig: Rig) -> None:
    source = {"repoURL": "http://127.0.0.1:9/charts", "chart": "web", "targetRevision": "1.*"}
    await rig.create_application("unreachable", source=source)
    body = await rig.until("unreachable", lambda body: bool((body.get("status") or {}).get("conditions")))
    assert body["status"]["sync"]["status"] == "Unknown"
    assert body["status"]["conditions"][0]["type"] == "ComparisonError"
