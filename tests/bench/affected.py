"""From two commits to the set of applications that they concern, in a repository with many applications."""

import time
from datetime import UTC, datetime
from pathlib import Path

from gitsync.git.affected import AffectedIndex
from gitsync.git.closure import Closure, tree_closure
from gitsync.git.credentials import GitCredential
from gitsync.git.repositories import Repositories
from gitsync.git.tree import Files
from model.identity import ApplicationKey
from tests.bench import workload
from tests.bench.result import Row, Spread
from tests.bench.rig import AUTHOR, HOME, ROBOT, ROBOT_PASSWORD, git_host

COMMITS = 10


class Robot:
    """The one credential of the rig."""

    async def credential_for(self, url: str) -> GitCredential | None:
        return GitCredential(username=ROBOT, password=ROBOT_PASSWORD)


async def bench_affected(folder: Path, *, applications: int) -> list[Row]:
    names = [workload.name_of(number) for number in range(applications)]
    async with git_host(folder) as host:
        files: dict[str, bytes | None] = {f"apps/{name}/manifests.yaml": workload.manifests(name) for name in names}
        old = await host.commit_files("apps", "main", files, message="All applications", author=AUTHOR)
        repositories = Repositories(folder / "mirrors", credentials=Robot(), clock=lambda: datetime.now(UTC))
        url = host.clone_url("apps")
        try:
            index: AffectedIndex[ApplicationKey] = AffectedIndex()
            reader = await repositories.tree(url, old)
            closures = await reader.run(lambda tree: _closures(tree, names))
            for name, closure in closures.items():
                index.put(ApplicationKey(HOME, name), closure)
            seconds, found = [], []
            for number in range(COMMITS):
                name = names[number * 97 % applications]
                change: dict[str, bytes | None] = {
                    f"apps/{name}/manifests.yaml": workload.manifests(name, image_tag=f"2.0.{number}")
                }
                new = await host.commit_files("apps", "main", change, message=name, author=AUTHOR)
                await repositories.tree(url, new)  # fetched, as it is when a push is followed
                start = time.perf_counter()
                affected = index.affected(await repositories.changed_paths(url, old, new))
                seconds.append(time.perf_counter() - start)
                found.append(len(affected))
                old = new
        finally:
            await repositories.close()
    spread = Spread.of(seconds)
    headline = f"{max(found)} of {applications} affected, found in p50 {spread.p50 * 1000:.1f} ms"
    figures = {**spread.milliseconds("affected"), "affected_most": max(found)}
    return [Row(f"affected set of a one-file commit, {applications} applications", headline, "<= 50 ms", figures)]


def _closures(tree: Files, names: list[str]) -> dict[str, Closure]:
    return {name: tree_closure(tree, f"apps/{name}") for name in names}
