"""Renders a second: plain files, kustomize and helm; of inputs never seen, and of inputs that are remembered."""

import asyncio
import shutil
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

from gitsync.git.repositories import Repositories
from gitsync.render.cache import RenderCache
from gitsync.render.render import render
from model.kinds.application import ApplicationSource
from tests.bench import workload
from tests.bench.affected import Robot
from tests.bench.result import Row
from tests.bench.rig import AUTHOR, git_host

Files = dict[str, bytes | None]
_CHART = b"apiVersion: v2\nname: app\nversion: 1.0.0\n"
_KUSTOMIZATION = b"resources: [manifests.yaml]\nnamePrefix: of-\nlabels: [{pairs: {team: red}}]\n"
_MANIFESTS = "manifests.yaml"


def _plain(number: int) -> Files:
    return {f"plain/{number}/{_MANIFESTS}": workload.manifests(workload.name_of(number))}


def _kustomize(number: int) -> Files:
    folder = f"kustomize/{number}"
    manifests = workload.manifests(workload.name_of(number))
    return {f"{folder}/kustomization.yaml": _KUSTOMIZATION, f"{folder}/{_MANIFESTS}": manifests}


def _helm(number: int) -> Files:
    folder = f"helm/{number}"
    manifests = workload.manifests(workload.name_of(number))
    values = f"replicas: {number}\n".encode()
    return {
        f"{folder}/Chart.yaml": _CHART,
        f"{folder}/values.yaml": values,
        f"{folder}/templates/all.yaml": manifests,
    }


KINDS: dict[str, tuple[int, Callable[[int], Files]]] = {
    "plain": (500, _plain),
    "kustomize": (100, _kustomize),
    "helm": (100, _helm),
}


async def bench_renders(folder: Path) -> list[Row]:
    chosen = {name: made for name, made in KINDS.items() if name == "plain" or shutil.which(name)}
    files: Files = {}
    for count, make in chosen.values():
        for number in range(count):
            files |= make(number)
    async with git_host(folder) as host:
        await host.commit_files("apps", "main", files, message="All sources", author=AUTHOR)
        repositories = Repositories(folder / "mirrors", credentials=Robot(), clock=lambda: datetime.now(UTC))
        cache = RenderCache(folder / "renders.sqlite")
        try:
            url = host.clone_url("apps")
            await repositories.resolve(url, "main", fresh=True)
            return [await _row(name, count, url, repositories, cache) for name, (count, _) in chosen.items()]
        finally:
            await cache.close()
            await repositories.close()


async def _row(name: str, count: int, url: str, repositories: Repositories, cache: RenderCache) -> Row:
    async def once() -> float:
        began = time.perf_counter()
        sources = [
            ApplicationSource(repo_url=url, path=f"{name}/{number}", target_revision="main") for number in range(count)
        ]
        await asyncio.gather(*(render(one, repositories=repositories, cache=cache) for one in sources))
        return count / (time.perf_counter() - began)

    cold = await once()
    programs = cache.counter.programs_total
    cached = await once()
    assert cache.counter.programs_total == programs
    return Row(
        f"renders a second, {name}",
        f"cold {cold:.0f}, remembered {cached:.0f}",
        "",
        {"cold_per_second": round(cold, 1), "cached_per_second": round(cached, 1), "sources": count},
    )
