"""What a synced fleet costs afterwards: idle, one commit, a restart. Runs on the rig that the first sync left."""

import asyncio
import time
from collections.abc import Mapping
from pathlib import Path

from gitsync.sandbox.githost import GitHost
from tests.bench import workload
from tests.bench.first_sync import create_and_wait, prepare, request_counts
from tests.bench.result import Row, Spread
from tests.bench.rig import AUTHOR, ClusterRig, RuntimeRig, git_host, runtime

IDLE_SECONDS = 60
COMMITS = 5
REFRESH = {"metadata": {"annotations": {"argocd.argoproj.io/refresh": "normal"}}}


async def bench_synced_fleet(folder: Path, cluster: ClusterRig, *, applications: int) -> list[Row]:
    """Rows for idle, one-file commits and a restart, with `applications` synced."""
    async with git_host(folder) as host:
        await prepare(cluster, host, applications=applications)
        async with runtime(folder, cluster) as running:
            await create_and_wait(cluster, host, applications=applications)
            await _settle(running)
            rows = [
                await _idle(running, applications=applications),
                await _commits(cluster, host, running, applications=applications),
            ]
        async with runtime(folder, cluster) as again:
            await _settle(again)
            rows.append(await _restart(again, applications=applications))
        return rows


async def _settle(running: RuntimeRig) -> None:
    """Waits until no counter has moved for three seconds: what was under way is done."""
    before: Mapping[str, float] = {}
    while (now := await request_counts(running)) != before:
        before = now
        await asyncio.sleep(3)


async def _idle(running: RuntimeRig, *, applications: int) -> Row:
    before, counts = running.cost(), await request_counts(running)
    await asyncio.sleep(IDLE_SECONDS)
    cost, after = running.cost().since(before), await request_counts(running)
    headline = f"{cost.cpu_seconds * 60 / IDLE_SECONDS:.1f} CPU-s a minute, {cost.peak_mib:.0f} MiB"
    figures = {"cpu_s_per_minute": round(cost.cpu_seconds * 60 / IDLE_SECONDS, 2), "peak_mib": round(cost.peak_mib)}
    moved = {name: value - counts.get(name, 0) for name, value in after.items() if value != counts.get(name, 0)}
    return Row(f"idle, {applications} applications", headline, "<= 2 CPU-s a minute", {**figures, **moved})


async def _commits(cluster: ClusterRig, host: GitHost, running: RuntimeRig, *, applications: int) -> Row:
    """One file changes; how long until the live object shows it, and what was rendered.

    The runtime is alone here, so no webhook reaches it: a refresh annotation on the one application stands for it.
    """
    before, seconds = await request_counts(running), []
    for number in range(COMMITS):
        name = workload.name_of(number * 7 % applications)
        tag = f"1.0.{number + 1}"
        files = {f"apps/{name}/manifests.yaml": workload.manifests(name, image_tag=tag)}
        await host.commit_files("apps", "main", files, message=f"{name} to {tag}", author=AUTHOR)
        start = time.perf_counter()
        await _refresh(cluster, name)
        await _until_image(cluster, name, tag)
        seconds.append(time.perf_counter() - start)
    await _settle(running)
    after = await request_counts(running)
    renders = _renders(after) - _renders(before)
    spread = Spread.of(seconds)
    headline = f"{renders / COMMITS:.0f} renders a commit; push to live p50 {spread.p50 * 1000:.0f} ms"
    figures = {"renders": renders, "commits": COMMITS, **spread.milliseconds("push_to_live")}
    return Row(f"one-file commit, {applications} applications", headline, "1 render", figures)


async def _refresh(cluster: ClusterRig, name: str) -> None:
    await cluster.kube.merge_patch("Application", "argosy", name, REFRESH)


async def _until_image(cluster: ClusterRig, name: str, tag: str) -> None:
    async for _, body in cluster.kube.watch("Deployment", workload.NAMESPACE, name=name):
        if body["spec"]["template"]["spec"]["containers"][0]["image"].endswith(f":{tag}"):
            return


async def _restart(running: RuntimeRig, *, applications: int) -> Row:
    counts = await request_counts(running)
    writes = sum(counts.get(f"requests_{verb}", 0) for verb in ("apply", "patch", "create", "replace", "delete"))
    headline = f"{_renders(counts):.0f} renders, {writes:.0f} writes"
    return Row(f"restart, {applications} applications", headline, "0 renders, 0 writes", dict(counts))


def _renders(counts: Mapping[str, float]) -> float:
    return counts.get("renders", 0)
