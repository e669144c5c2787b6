"""1,000 applications of 4 objects from nothing to Synced, beside a bare loop of the same server-side applies."""

import asyncio
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from gitsync.sandbox.githost import GitHost
from model.kinds.definitions import default_project
from tests.bench import workload
from tests.bench.process import Cost
from tests.bench.result import Row
from tests.bench.rig import AUTHOR, HOME, ROBOT, ROBOT_PASSWORD, ClusterRig, RuntimeRig, git_host, runtime

SYNC_SECONDS = 900


async def bench_first_sync(folder: Path, cluster: ClusterRig, bare: "BareLoop", *, applications: int) -> list[Row]:
    """One row; the rig keeps running for the benches that follow on it."""
    async with git_host(folder) as host:
        await prepare(cluster, host, applications=applications)
        async with runtime(folder, cluster) as running:
            before, before_runtime = cluster.costs(), running.cost()
            seconds = await create_and_wait(cluster, host, applications=applications)
            spent = _spent(cluster.costs(), before) | {"runtime": running.cost().since(before_runtime)}
            counts = await request_counts(running)
            return [_row(cluster, bare, seconds, applications=applications, spent=spent, counts=counts)]


@dataclass(frozen=True, slots=True)
class BareLoop:
    seconds: float
    spent: Mapping[str, Cost]


async def bare_loop(cluster: ClusterRig, *, applications: int) -> BareLoop:
    """The anchor: the same objects, applied by nothing but a loop."""
    await cluster.kube.create({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": workload.NAMESPACE}})
    bodies = [body for number in range(applications) for body in workload.objects(workload.name_of(number))]
    before, start = cluster.costs(), time.perf_counter()
    await cluster.kube.apply_all(bodies)
    return BareLoop(time.perf_counter() - start, _spent(cluster.costs(), before))


async def prepare(cluster: ClusterRig, host: GitHost, *, applications: int) -> None:
    """Namespaces, the credential, and a repository with one directory an application."""
    files = {
        f"apps/{name}/manifests.yaml": workload.manifests(name) for name in map(workload.name_of, range(applications))
    }
    await host.commit_files("apps", "main", files, message="All applications", author=AUTHOR)
    for namespace in (HOME, workload.NAMESPACE):
        await cluster.kube.create({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": namespace}})
    await cluster.kube.create(
        {
            "apiVersion": "v1",
            "kind": "Secret",
            "metadata": {
                "name": "repositories",
                "namespace": HOME,
                "labels": {"argocd.argoproj.io/secret-type": "repo-creds"},
            },
            "stringData": {
                "type": "git",
                "url": host.clone_url("apps").rpartition("/")[0],
                "username": ROBOT,
                "password": ROBOT_PASSWORD,
            },
        }
    )


async def create_and_wait(cluster: ClusterRig, host: GitHost, *, applications: int) -> float:
    """Seconds from the first create of an Application until a watch has seen the last one done."""
    await cluster.kube.create(default_project(HOME))
    progress = Progress(applications)
    watcher = asyncio.create_task(progress.follow(cluster))
    names = iter([workload.name_of(number) for number in range(applications)])
    repo_url = host.clone_url("apps")

    async def work() -> None:
        for name in names:
            await cluster.kube.create(workload.application(name, repo_url=repo_url, namespace=HOME))

    start = time.perf_counter()
    await asyncio.gather(*(work() for _ in range(20)))
    try:
        await asyncio.wait_for(progress.done.wait(), SYNC_SECONDS)
    finally:
        watcher.cancel()
        await asyncio.gather(watcher, return_exceptions=True)
    return time.perf_counter() - start


@dataclass(slots=True)
class Progress:
    """Which applications are done: Synced, and every object Healthy but the Ingress, which nobody serves on a rig."""

    expected: int
    finished: set[str] = field(default_factory=set)
    done: asyncio.Event = field(default_factory=asyncio.Event)

    async def follow(self, cluster: ClusterRig) -> None:
        async for kind, body in cluster.kube.watch("Application", HOME):
            if kind in ("ADDED", "MODIFIED") and is_done(body):
                self.finished.add(body["metadata"]["name"])
                if len(self.finished) >= self.expected:
                    self.done.set()


def is_done(application: dict[str, Any]) -> bool:
    status = application.get("status") or {}
    resources = status.get("resources") or []
    healthy = all(
        (resource.get("health") or {}).get("status", "Healthy") == "Healthy"
        for resource in resources
        if resource.get("kind") != "Ingress"
    )
    return len(resources) == 4 and (status.get("sync") or {}).get("status") == "Synced" and healthy


async def request_counts(running: RuntimeRig) -> dict[str, float]:
    samples = await running.metrics()
    prefix, wanted = "argosy_runtime_", ("requests_", "renders", "status_writes", "dry_runs", "operations_total")
    named = {name.removeprefix(prefix): value for name, value in samples.items() if name.startswith(prefix)}
    return {name.removesuffix("_total"): value for name, value in named.items() if name.startswith(wanted)}


def _spent(after: Mapping[str, Cost], before: Mapping[str, Cost]) -> dict[str, Cost]:
    return {name: cost.since(before[name]) for name, cost in after.items()}


def _row(
    cluster: ClusterRig,
    bare: BareLoop,
    seconds: float,
    *,
    applications: int,
    spent: Mapping[str, Cost],
    counts: Mapping[str, float],
) -> Row:
    ratio = seconds / bare.seconds
    figures: dict[str, float | int | str] = {
        "seconds": round(seconds, 1),
        "bare_loop_seconds": round(bare.seconds, 1),
        "ratio": round(ratio, 2),
        **counts,
    }
    for name, cost in spent.items():
        figures[f"{name}_cpu_s"] = round(cost.cpu_seconds, 1)
        figures[f"{name}_peak_mib"] = round(cost.peak_mib)
        if name in bare.spent:
            figures[f"bare_{name}_cpu_s"] = round(bare.spent[name].cpu_seconds, 1)
    headline = f"{seconds:.1f} s; bare loop {bare.seconds:.1f} s; ratio {ratio:.2f}"
    return Row(f"{applications} applications x 4 objects, {cluster.name}", headline, "<= 1.3 x bare loop", figures)
