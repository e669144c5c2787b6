"""`make bench`: every row, or those whose name holds a given word; prints a table and writes bench.json."""

import argparse
import asyncio
import tempfile
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from functools import partial
from pathlib import Path

from tests.bench.affected import bench_affected
from tests.bench.after_sync import bench_synced_fleet
from tests.bench.audit import bench_audit
from tests.bench.browser import CHROMIUM, bench_browser
from tests.bench.changes import bench_click_to_commit, bench_fifty_writers, bench_permission_check
from tests.bench.consoles import bench_consoles
from tests.bench.control_plane import bench_page, bench_subscribers
from tests.bench.first_sync import bare_loop, bench_first_sync
from tests.bench.kube_http import connect
from tests.bench.push import bench_push
from tests.bench.renders import bench_renders
from tests.bench.result import Row, table, write
from tests.bench.rig import ClusterRig, sandbox_cluster
from tests.bench.rollout_step import bench_rollout_step
from tests.bench.rollouts import bench_rollouts
from tests.bench.statistics import bench_statistics
from tests.support.real_apiserver import assets, running_real_cluster

CONSOLE_BUILT = Path("web/.web/build/client")

Bench = Callable[[Path], Awaitable[list[Row]]]


@asynccontextmanager
async def real_cluster(folder: Path) -> AsyncIterator[ClusterRig]:
    binaries = assets()
    assert binaries is not None
    async with AsyncExitStack() as stack:
        real = await stack.enter_async_context(running_real_cluster(binaries, folder / "real", controllers=True))
        kube = await stack.enter_async_context(connect(real.kubeconfig))
        yield ClusterRig("kube-apiserver", real.kubeconfig, real.pids, kube)


async def first_sync(folder: Path, *, real: bool, applications: int) -> list[Row]:
    """The bare loop and the first sync, each on a fresh cluster."""
    start = real_cluster if real else sandbox_cluster
    async with start(_made(folder / "bare")) as cluster:
        bare = await bare_loop(cluster, applications=applications)
    async with start(_made(folder / "sync")) as cluster:
        return await bench_first_sync(folder / "sync", cluster, bare, applications=applications)


async def synced_fleet(folder: Path, *, applications: int) -> list[Row]:
    async with sandbox_cluster(folder) as cluster:
        return await bench_synced_fleet(folder, cluster, applications=applications)


def benches(applications: int) -> dict[str, Bench]:
    rows: dict[str, Bench] = {
        "push": partial(bench_push, applications=applications),
        "first-sync-sandbox": partial(first_sync, real=False, applications=applications),
        "synced-fleet": partial(synced_fleet, applications=applications),
        "affected": partial(bench_affected, applications=applications),
        "affected-large": partial(bench_affected, applications=10 * applications),
        "audit": partial(bench_audit, commits=100 * applications),
        "click-to-commit": bench_click_to_commit,
        "fifty-writers": bench_fifty_writers,
        "permission-check": bench_permission_check,
        "renders": bench_renders,
        "statistics": partial(bench_statistics, applications=10 * applications),
        "rollout-step": bench_rollout_step,
        "rollouts": partial(bench_rollouts, rollouts=applications),
        "page": partial(bench_page, applications=10 * applications),
        "subscribers": partial(bench_subscribers, applications=applications, subscribers=200),
    }
    if CONSOLE_BUILT.exists():
        rows["consoles"] = partial(bench_consoles, applications=10 * applications, consoles=200)
    if Path(CHROMIUM).exists():
        rows["browser"] = partial(bench_browser, applications=10 * applications)
    if assets() is not None:
        rows["first-sync-real"] = partial(first_sync, real=True, applications=applications)
    return rows


async def run(words: list[str], applications: int, output: Path) -> None:
    chosen = {name: bench for name, bench in benches(applications).items() if not words or name in words}
    rows: list[Row] = []
    for name, bench in chosen.items():
        print(f"{name} ...", flush=True)
        with tempfile.TemporaryDirectory(prefix="argosy-bench-") as folder:
            rows += await bench(Path(folder))
        print(table(rows[-1:]), flush=True)
    print("\n" + table(rows))
    if assets() is None:
        print("\nskipped: first-sync-real (KUBEBUILDER_ASSETS names no folder with kube-apiserver)")
    if not Path(CHROMIUM).exists():
        print("\nskipped: browser (Chromium is not installed)")
    write(rows, output)


def _made(folder: Path) -> Path:
    folder.mkdir(parents=True)
    return folder


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.bench", description=__doc__)
    parser.add_argument("names", nargs="*", help=f"which of: {', '.join(benches(1))}")
    parser.add_argument("--apps", type=int, default=1000, help="size of the fleet (default 1000)")
    parser.add_argument("--output", type=Path, default=Path("bench.json"))
    options = parser.parse_args()
    asyncio.run(run(options.names, options.apps, options.output))


if __name__ == "__main__":
    main()
