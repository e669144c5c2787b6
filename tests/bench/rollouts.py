"""What a fleet of Rollouts costs its controller, alone on a cluster: idle, and one change until it is taken up."""

import asyncio
import time
from pathlib import Path
from typing import Any

from tests.bench.result import Row, Spread
from tests.bench.rig import ClusterRig, RuntimeRig, runtime, sandbox_cluster
from tests.support.rollouts import rollout

NAMESPACE = "rollouts"
IDLE_SECONDS = 60
CHANGES = 100
STEPS = "canary: {steps: [{setWeight: 50}, {pause: {}}]}"


async def bench_rollouts(folder: Path, *, rollouts: int) -> list[Row]:
    """A change is taken up when the status tells of the new generation: the first write of the first pass over it."""
    async with sandbox_cluster(folder) as cluster, runtime(folder, cluster, "--controllers", "rollouts") as running:
        await cluster.kube.create({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": NAMESPACE}})
        start = time.perf_counter()
        slots = asyncio.Semaphore(20)
        await asyncio.gather(*(_create(cluster, slots, number) for number in range(rollouts)))
        await _until_healthy(cluster, rollouts)
        healthy_seconds = time.perf_counter() - start
        return [await _idle(running, rollouts, healthy_seconds), await _changes(cluster, rollouts)]


def _name(number: int) -> str:
    return f"web-{number:05d}"


async def _create(cluster: ClusterRig, slots: asyncio.Semaphore, number: int) -> None:
    body = rollout(STEPS, replicas=1)
    body["metadata"] = {"name": _name(number), "namespace": NAMESPACE}
    labels = {"app": _name(number)}
    body["spec"]["selector"] = {"matchLabels": labels}
    body["spec"]["template"]["metadata"]["labels"] = labels
    async with slots:
        await cluster.kube.create(body)


async def _until_healthy(cluster: ClusterRig, rollouts: int) -> None:
    healthy: set[str] = set()
    async for _, body in cluster.kube.watch("Rollout", NAMESPACE):
        if (body.get("status") or {}).get("phase") == "Healthy":
            healthy.add(body["metadata"]["name"])
        if len(healthy) == rollouts:
            return


async def _idle(running: RuntimeRig, rollouts: int, healthy_seconds: float) -> Row:
    await _until_at_rest(running)
    before = running.cost()
    await asyncio.sleep(IDLE_SECONDS)
    cost = running.cost().since(before)
    minute = cost.cpu_seconds * 60 / IDLE_SECONDS
    figures: dict[str, float | int | str] = {
        "cpu_s_per_minute": round(minute, 2),
        "peak_mib": round(cost.peak_mib),
        "created_to_healthy_s": round(healthy_seconds, 1),
    }
    headline = (
        f"{minute:.2f} CPU-s a minute, {cost.peak_mib:.0f} MiB; all Healthy {healthy_seconds:.0f} s after creation"
    )
    return Row(f"idle, {rollouts} Rollouts", headline, "none", figures)


async def _until_at_rest(running: RuntimeRig) -> None:
    """Healthy is told before the last passes over what was made."""
    passes = -1.0
    while True:
        samples = await running.metrics()
        now = sum(value for name, value in samples.items() if "rollout_passes" in name or "rollout_events" in name)
        if now == passes:
            return
        passes = now
        await asyncio.sleep(5)


async def _changes(cluster: ClusterRig, rollouts: int) -> Row:
    seconds: list[float] = []
    for number in range(CHANGES):
        name = _name(number * 7 % rollouts)
        patch: dict[str, Any] = {"spec": {"template": {"metadata": {"annotations": {"change": str(number)}}}}}
        start = time.perf_counter()
        await cluster.kube.merge_patch("Rollout", NAMESPACE, name, patch)
        async for _, body in cluster.kube.watch("Rollout", NAMESPACE, name=name):
            if (body.get("status") or {}).get("observedGeneration") == str(body["metadata"]["generation"]):
                break
        seconds.append(time.perf_counter() - start)
    spread = Spread.of(seconds)
    headline = f"p50 {spread.p50 * 1000:.0f} ms, p95 {spread.p95 * 1000:.0f} ms"
    figures = {"changes": CHANGES, **spread.milliseconds("change_to_reconcile")}
    return Row(f"one change taken up, {rollouts} Rollouts", headline, "none", figures)
