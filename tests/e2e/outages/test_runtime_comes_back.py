"""A runtime and its cluster are killed at the worst moment: what was begun is finished, and nothing is done twice."""

import asyncio
import shutil
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from gitsync.manifest.object import JsonObject
from tests.support.apart import Apart, running_apart
from tests.support.runtime import NAMESPACE, phase_of, synced_and_healthy

pytestmark = [pytest.mark.e2e, pytest.mark.asyncio(loop_scope="module")]

AUTOMATED = {"automated": {"prune": True, "selfHeal": True}}
SNAPSHOT_SECONDS = 3.0  # the sandbox keeps its objects after two seconds of quiet
SLOW = """
apiVersion: batch/v1
kind: Job
metadata: {name: migrate}
spec:
  template:
    spec:
      restartPolicy: Never
      containers: [{name: main, image: "busybox:1.36", command: [sh, -c, "sleep 60 && exit 0"]}]
"""
LATER = """
apiVersion: v1
kind: ConfigMap
metadata: {name: later, annotations: {argocd.argoproj.io/sync-wave: "1"}}
data: {key: value}
"""
SERVER = """
apiVersion: apps/v1
kind: Deployment
metadata: {name: web}
spec:
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec: {containers: [{name: main, image: "nginx:1.27"}]}
"""


@pytest_asyncio.fixture(loop_scope="module", scope="module")
async def apart(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Apart]:
    async with running_apart(tmp_path_factory.mktemp("apart")) as apart:
        yield apart


async def test_a_sync_that_a_crash_cut_off_is_finished_and_does_nothing_twice(apart: Apart) -> None:
    await apart.push({"waves/a.yaml": SLOW, "waves/b.yaml": LATER})
    await apart.create("waves", syncPolicy=AUTOMATED)
    await apart.until("waves", lambda body: phase_of(body) == "Running" and "waiting" in message_of(body))
    job = await apart.get("batch/v1", "Job", "migrate")
    assert job is not None
    await apart.runtime.kill()
    assert await apart.get("v1", "ConfigMap", "later") is None
    await apart.start_runtime()
    body = await apart.until("waves", synced_and_healthy)
    assert phase_of(body) == "Succeeded"
    again = await apart.get("batch/v1", "Job", "migrate")
    assert again is not None
    assert again["metadata"]["uid"] == job["metadata"]["uid"]
    assert again["metadata"]["generation"] == job["metadata"]["generation"]
    assert await apart.get("v1", "ConfigMap", "later") is not None
    assert [entry["id"] for entry in body["status"]["history"]] == [0]


def message_of(body: JsonObject) -> str:
    return str(body["status"]["operationState"].get("message", ""))


async def test_without_its_caches_it_finds_the_same_state_and_writes_nothing(apart: Apart) -> None:
    await apart.push({"web/a.yaml": SERVER})
    await apart.create("web", syncPolicy=AUTOMATED)
    await apart.until("web", synced_and_healthy)
    await apart.until_idle()
    before = await apart.kubectl("-n", NAMESPACE, "get", "apps", "-o", "jsonpath={.items[*].status.sync}")
    await apart.runtime.stop()
    shutil.rmtree(apart.folder / "runtime")
    await apart.start_runtime()
    await apart.until_idle()
    metrics = await apart.metrics()
    assert metrics["operations_total"] == 0
    assert metrics.get("requests_apply_total", 0) == 0
    assert metrics.get("requests_create_total", 0) == 0
    assert metrics.get("requests_delete_total", 0) == 0
    assert metrics["renders_total"] == 2
    after = await apart.kubectl("-n", NAMESPACE, "get", "apps", "-o", "jsonpath={.items[*].status.sync}")
    assert after == before


async def test_a_killed_cluster_comes_back_and_the_runtime_follows(apart: Apart) -> None:
    assert apart.sandbox is not None
    await asyncio.sleep(SNAPSHOT_SECONDS)
    await apart.sandbox.kill()
    commit = await apart.push({"web/b.yaml": LATER.replace("later", "after-the-outage")})
    await apart.start_sandbox()
    body = await apart.until(
        "web", lambda body: synced_and_healthy(body) and body["status"]["sync"]["revision"] == commit
    )
    assert body["status"]["history"][-1]["revision"] == commit
    assert await apart.get("v1", "ConfigMap", "after-the-outage") is not None
