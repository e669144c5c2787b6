"""A cluster that drops watches, forgets, asks for patience, is slow, falls silent or vanishes during a sync."""

import asyncio
import base64
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from gitsync.kube.transport import TimeLimits
from gitsync.manifest.object import JsonObject
from gitsync.sandbox.faults import Fault
from gitsync.sandbox.sandbox import Sandbox, SandboxSettings
from model.identity import ResourceKey
from tests.support.cut_line import CutLine
from tests.support.killable import Witness
from tests.support.runtime import NAMESPACE, Rig, conditions_of, phase_of, running_rig, synced_and_healthy
from tests.support.sandbox_rig import World, running_sandbox_rig, running_world

pytestmark = [pytest.mark.e2e]

AUTOMATED: dict[str, Any] = {"automated": {"prune": True, "selfHeal": True}}
# The sandbox sends a bookmark every 30 s, so each watch is opened anew each time it has been idle for this long: with
# two seconds that alone kept a busy machine from answering within the other limits.
QUICK_TIMES = TimeLimits(connect_seconds=3.0, first_byte_seconds=3.0, watch_idle_seconds=5.0)


def config_map(name: str, wave: int = 0, value: str = "1") -> str:
    notes = f"{{argocd.argoproj.io/sync-wave: '{wave}'}}"
    head = f"apiVersion: v1\nkind: ConfigMap\nmetadata: {{name: {name}, annotations: {notes}}}\n"
    return f"{head}data: {{value: '{value}'}}\n"


def deployment(name: str, image: str = "web:1") -> str:
    return f"""apiVersion: apps/v1
kind: Deployment
metadata: {{name: {name}}}
spec:
  selector: {{matchLabels: {{app: {name}}}}}
  template:
    metadata: {{labels: {{app: {name}}}}}
    spec: {{containers: [{{name: main, image: "{image}"}}]}}
"""


def message_of(body: JsonObject) -> str:
    return str((body.get("status") or {}).get("operationState", {}).get("message", ""))


def settled(body: JsonObject) -> bool:
    """Live objects may be as they should before the sync has ended that made them so: its history comes then."""
    return synced_and_healthy(body) and phase_of(body) == "Succeeded"


def watched(world: World) -> Witness:
    witness = Witness()
    world.sandbox.store.listen(witness.hear)
    return witness


async def repair(rig: Rig, name: str) -> None:
    """Somebody outside makes the Deployment well that a wave waits for."""
    images = {"spec": {"template": {"spec": {"containers": [{"name": "main", "image": "web:1"}]}}}}
    await rig.cluster.patch(ResourceKey("apps", "Deployment", "default", name), "v1", images)


async def between_waves(rig: Rig, name: str) -> None:
    """The application waits for its first wave, which only `repair` makes well."""
    stuck = deployment(name, image="shop/does-not-exist:1")
    await rig.push({f"{name}/a.yaml": stuck, f"{name}/b.yaml": config_map(f"{name}-later", wave=1)})
    await rig.create_application(name, syncPolicy={"automated": {}, "retry": {"limit": 0}})
    await rig.until(name, lambda body: message_of(body).startswith("waiting for healthy state"))


async def finished(rig: Rig, name: str) -> None:
    """The sync that waited has succeeded: the same one, once."""
    body = await rig.until(name, lambda body: phase_of(body) == "Succeeded")
    assert len(body["status"]["history"]) == 1
    assert await rig.get("v1", "ConfigMap", "default", f"{name}-later") is not None


@pytest.mark.parametrize("gone", [False, True], ids=["dropped", "and-forgotten"])
async def test_watches_that_end_in_the_middle_of_a_sync(tmp_path: Path, gone: bool) -> None:
    async with running_sandbox_rig(tmp_path) as (world, rig):
        witness = watched(world)
        await between_waves(rig, "web")
        if gone:  # the watch cannot go on where it was: everything has to be listed anew
            world.sandbox.faults.add(Fault(path="deployments", watch_only=True, gone=True, count=2))
        world.sandbox.faults.drop_watches()
        await repair(rig, "web")
        await finished(rig, "web")
        assert witness.times("ADDED", "Deployment", "web") == 1
        assert witness.times("ADDED", "ConfigMap", "web-later") == 1
        assert witness.times("MODIFIED", "ConfigMap", "web-later") == 0


async def test_watches_that_are_cut_after_every_event(tmp_path: Path) -> None:
    async with running_sandbox_rig(tmp_path) as (world, rig):
        witness = watched(world)
        world.sandbox.faults.add(Fault(watch_only=True, drop_after_events=1, count=60))
        world.sandbox.faults.drop_watches()
        await between_waves(rig, "web")
        await repair(rig, "web")
        await finished(rig, "web")
        assert witness.times("ADDED", "Deployment", "web") == 1
        assert witness.times("ADDED", "ConfigMap", "web-later") == 1
        assert witness.times("MODIFIED", "ConfigMap", "web-later") == 0


async def test_a_list_that_expires_between_its_pages_is_begun_anew(tmp_path: Path) -> None:
    """What the first page told counts for nothing then: no object is taken for missing, and none is applied again."""
    async with running_world(tmp_path) as world:
        names = [f"many-{number}" for number in range(600)]
        async with running_rig(world.access, world.host, tmp_path / "runtime") as rig:
            await rig.push({"many/all.yaml": "---\n".join(config_map(name) for name in names)})
            await rig.create_application("many", syncPolicy=AUTOMATED)
            await rig.until("many", synced_and_healthy)
        witness = watched(world)
        world.sandbox.faults.add(Fault(method="GET", path="configmaps.*continue=", gone=True, count=1))
        async with running_rig(world.access, world.host, tmp_path / "runtime") as rig:
            assert world.sandbox.faults.describe()[-1]["used"] == 1
            commit = await rig.push({"many/one-more.yaml": config_map("one-more")})
            await rig.until(
                "many", lambda body: synced_and_healthy(body) and body["status"]["sync"]["revision"] == commit
            )
        assert witness.times("ADDED", "ConfigMap", "one-more") == 1
        assert witness.times("MODIFIED", "ConfigMap", "many-") == 0
        assert witness.times("DELETED", "ConfigMap", "many-") == 0


async def test_a_storm_of_429(tmp_path: Path) -> None:
    """Every write is put off at first; each object is written once all the same."""
    async with running_sandbox_rig(tmp_path) as (world, rig):
        witness = watched(world)
        world.sandbox.faults.add(Fault(method="PATCH|POST|DELETE", path="configmaps", status=429, count=25))
        names = [f"storm-{number}" for number in range(12)]
        await rig.push({f"storm/{name}.yaml": config_map(name) for name in names})
        await rig.create_application("storm", syncPolicy=AUTOMATED)
        body = await rig.until("storm", settled, seconds=120)
        assert len(body["status"]["history"]) == 1
        assert {name: witness.times("ADDED", "ConfigMap", name) for name in ("storm-0", "storm-7")} == {
            "storm-0": 1,
            "storm-7": 1,
        }
        assert witness.times("MODIFIED", "ConfigMap", "storm-") == 0


@asynccontextmanager
async def second_cluster(rig: Rig, folder: Path, *faults: Fault) -> AsyncIterator[tuple[Sandbox, CutLine]]:
    """A cluster `far` behind a line that can be cut or held, with faults from the start."""
    settings = SandboxSettings(folder / "far", "far-token", keep_objects=True)
    far = Sandbox(settings, wall=lambda: datetime.now(UTC))
    await far.start()
    for fault in faults:
        far.faults.add(fault)
    port = urlsplit(far.url).port
    assert port is not None
    line = CutLine(port)
    with line.running():
        authority = base64.b64encode(far.certificates.authority.read_bytes()).decode()
        config = f'{{"bearerToken": "far-token", "tlsClientConfig": {{"caData": "{authority}"}}}}'
        await rig.cluster.create(
            {
                "apiVersion": "v1",
                "kind": "Secret",
                "metadata": {
                    "name": "far",
                    "namespace": NAMESPACE,
                    "labels": {"argocd.argoproj.io/secret-type": "cluster"},
                },
                "stringData": {"name": "far", "server": f"https://127.0.0.1:{line.port}", "config": config},
            }
        )
        try:
            yield far, line
        finally:
            line.cut()  # first, so that nobody is in the middle of a handshake when the cluster stops
            await far.stop()


def versions(far: Sandbox) -> dict[str, str]:
    found = far.objects.list("", "ConfigMap", "default")
    return {one["metadata"]["name"]: one["metadata"]["resourceVersion"] for one in found}


async def deployed_far(rig: Rig) -> None:
    await rig.push({"away/a.yaml": config_map("away"), "here/a.yaml": config_map("here")})
    await rig.create_application("away", destination={"name": "far", "namespace": "default"}, syncPolicy=AUTOMATED)
    await rig.until("away", settled)


@pytest.mark.parametrize(("how", "times"), [("cut", None), ("hold", QUICK_TIMES)], ids=["cut", "hold"])
async def test_a_cluster_that_vanishes_or_falls_silent_and_returns(
    tmp_path: Path, how: str, times: TimeLimits | None
) -> None:
    """Its applications say so, others go on, and when it is back only what changed meanwhile is applied."""
    async with (
        running_world(tmp_path) as world,
        running_rig(world.access, world.host, tmp_path / "runtime", times=times) as rig,
        second_cluster(rig, tmp_path) as (far, line),
    ):
        await deployed_far(rig)
        before = versions(far)
        line.cut() if how == "cut" else line.hold()
        body = await rig.until("away", lambda body: bool(conditions_of(body)))
        assert body["status"]["sync"]["status"] == "Unknown"
        assert "cluster far" in conditions_of(body)[0][1]
        await rig.create_application("here", syncPolicy=AUTOMATED)
        await rig.until("here", synced_and_healthy)
        commit = await rig.push({"away/b.yaml": config_map("away-b")})
        line.mend()
        body = await rig.until(
            "away", lambda body: settled(body) and body["status"]["sync"]["revision"] == commit, seconds=120
        )
        assert not conditions_of(body)
        after = versions(far)
        assert after["away"] == before["away"]
        assert "away-b" in after


async def test_an_automated_sync_waits_for_a_cluster_that_is_away_and_uses_up_no_attempt(tmp_path: Path) -> None:
    """It has one left: to fail that would end it, and nobody would begin anew when the cluster is back."""
    async with (
        running_world(tmp_path) as world,
        running_rig(world.access, world.host, tmp_path / "runtime", times=QUICK_TIMES) as rig,
        second_cluster(rig, tmp_path, Fault(method="PATCH", path="configmaps", status=500, count=1)) as (far, _),
    ):
        await rig.push({"away/a.yaml": config_map("away")})
        once_more = {"limit": 1, "backoff": {"duration": "15s"}}
        destination = {"name": "far", "namespace": "default"}
        await rig.create_application("away", destination=destination, syncPolicy={**AUTOMATED, "retry": once_more})
        await rig.until("away", lambda body: "Retrying attempt #1" in message_of(body))
        far.faults.add(Fault(delay_seconds=5.0))
        far.faults.drop_watches()  # so that it is found out long before the next attempt
        await rig.until("away", lambda body: "waits: cluster far" in message_of(body))
        far.faults.clear()
        body = await rig.until("away", settled, seconds=120)
        assert body["status"]["operationState"]["retryCount"] == 1


async def test_a_cluster_that_asks_for_patience_from_the_start_is_followed_when_it_has_calmed_down(
    tmp_path: Path,
) -> None:
    storm = Fault(status=429, count=12)
    async with (
        running_world(tmp_path) as world,
        running_rig(world.access, world.host, tmp_path / "runtime") as rig,
        second_cluster(rig, tmp_path, storm) as (far, _),
    ):
        await rig.push({"away/a.yaml": config_map("away"), "here/a.yaml": config_map("here")})
        await rig.create_application("away", destination={"name": "far", "namespace": "default"}, syncPolicy=AUTOMATED)
        await rig.create_application("here", syncPolicy=AUTOMATED)
        await rig.until("here", synced_and_healthy)
        body = await rig.until("away", settled, seconds=120)
        assert far.faults.describe()[-1]["used"] == 12
        assert not conditions_of(body)
        assert len(body["status"]["history"]) == 1


async def test_a_cluster_that_lists_slowly_holds_up_its_own_applications_only(tmp_path: Path) -> None:
    slow = Fault(method="GET", path="configmaps.*limit=", delay_seconds=12.0, count=1)
    async with (
        running_world(tmp_path) as world,
        running_rig(world.access, world.host, tmp_path / "runtime") as rig,
        second_cluster(rig, tmp_path, slow) as (far, _),
    ):
        await rig.push({"away/a.yaml": config_map("away"), "here/a.yaml": config_map("here")})
        await rig.create_application("away", destination={"name": "far", "namespace": "default"}, syncPolicy=AUTOMATED)
        await rig.create_application("here", syncPolicy=AUTOMATED)
        await rig.until("here", synced_and_healthy)
        assert "away" not in versions(far)
        await rig.until("away", synced_and_healthy)
        assert "away" in versions(far)


async def test_a_spec_that_a_status_write_overtook_is_not_lost(tmp_path: Path) -> None:
    """The watch is late: the answer to our own write shows somebody's change before the watch tells of it."""
    async with running_sandbox_rig(tmp_path) as (world, rig):
        await rig.push({"one/a.yaml": config_map("one"), "two/a.yaml": config_map("two")})
        await rig.create_application("app", source={**source(rig), "path": "one"}, syncPolicy=AUTOMATED)
        await rig.until("app", synced_and_healthy)
        await asyncio.sleep(0.5)
        world.sandbox.faults.add(Fault(path="/applications", watch_only=True, delay_seconds=2.0, count=1))
        world.sandbox.faults.drop_watches("/applications")
        await rig.patch("app", {"spec": {"source": {"path": "two"}}})
        key = ResourceKey("", "ConfigMap", "default", "one")
        await rig.cluster.patch(key, "v1", {"data": {"value": "drifted"}})  # makes the runtime write a status now
        await rig.until("app", lambda body: in_tree(body, "two") and synced_and_healthy(body))
        assert await rig.get("v1", "ConfigMap", "default", "one") is None


def source(rig: Rig) -> dict[str, str]:
    return {"repoURL": rig.host.clone_url("apps"), "targetRevision": "main"}


def in_tree(body: JsonObject, name: str) -> bool:
    return name in {one["name"] for one in body["status"].get("resources", ())}
