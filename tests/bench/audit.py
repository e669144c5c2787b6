"""The audit log: rebuilt from Git alone into an empty database, and its first page afterwards."""

import asyncio
import time
from collections.abc import Iterator
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

from tests.bench.control_plane import control_plane
from tests.bench.result import Row, Spread
from tests.support.audit_rig import audit_log
from tests.support.git_rig import GitRig, git_rig

PAGES = 100
PATIENCE_SECONDS = 600.0
COUNT = "{ auditLog(pagination: {first: 1}) { totalCount } }"
PAGE = """query($filters: AuditFilterArgs) { auditLog(filters: $filters, pagination: {first: 50}) {
  nodes { id action entityKind entityName runtime operationId reason outcome files actor { name email }
    commit { sha message date repoURL url author { name email } } }
  pageInfo { hasNextPage endCursor } } }"""
FILTERS: tuple[dict[str, Any], ...] = (
    {},
    {"actions": ["SYNC"]},
    {"entityName": "app-7"},
    {"search": "change 99"},
    {"actors": ["nobody"]},
)


async def bench_audit(folder: Path, *, commits: int) -> list[Row]:
    async with AsyncExitStack() as stack:
        rig = await stack.enter_async_context(
            git_rig(folder / "git", silence_timeout_seconds=120, list_timeout_seconds=60)
        )
        await asyncio.to_thread(_history, rig, commits)
        plane = await stack.enter_async_context(control_plane(folder))
        person = await stack.enter_async_context(plane.person())
        log = audit_log(rig.repositories, [rig.origin.url("apps")])
        began = time.perf_counter()
        plane.runtime.audit_log = lambda body: log.read(body.known, wait_seconds=body.wait_seconds)
        await plane.runtime._tell()
        while await _ask(person, plane.url, COUNT, "totalCount") != commits:
            assert time.perf_counter() - began < PATIENCE_SECONDS, "the log was not rebuilt in time"
            await asyncio.sleep(0.2)
        rebuilt = time.perf_counter() - began
        seconds: dict[str, list[float]] = {}
        for filters in FILTERS:
            for _ in range(PAGES // len(FILTERS)):
                start = time.perf_counter()
                await _ask(person, plane.url, PAGE, "nodes", filters=filters)
                seconds.setdefault(next(iter(filters), "all"), []).append(time.perf_counter() - start)
    spread = Spread.of([one for several in seconds.values() for one in several])
    worst = {f"page_{name}_p95_ms": round(Spread.of(several).p95 * 1000, 1) for name, several in seconds.items()}
    return [
        Row(
            f"audit log of {commits} commits, rebuilt from Git alone",
            f"{rebuilt:.1f} s, {commits / rebuilt:.0f} commits a second",
            "<= 60 s for 100,000",
            {"rebuild_seconds": round(rebuilt, 1)},
        ),
        Row(
            f"first page of the audit log, {commits} commits, five filters",
            f"p95 {spread.p95 * 1000:.0f} ms, worst {spread.worst * 1000:.0f} ms",
            "<= 100 ms",
            {**spread.milliseconds("page"), **worst},
        ),
    ]


async def _ask(person: Any, url: str, query: str, field: str, **variables: Any) -> Any:
    async with person.post(f"{url}/graphql", json={"query": query, "variables": variables}) as answer:
        return (await answer.json())["data"]["auditLog"][field]


def _history(rig: GitRig, commits: int) -> None:
    rig.origin.create("apps")
    rig.origin.git("apps", "fast-import", "--quiet", stdin=b"".join(_stream(commits)))


def _stream(commits: int) -> Iterator[bytes]:
    """A thousand applications of one file each; every third commit is Argosy's."""
    for number in range(commits):
        name = f"app-{number % 1000}"
        message = f"Change {number} of {name}\n"
        if number % 3 == 0:
            message += f"\nArgosy-Action: SYNC\nArgosy-Entity: Application demo/argosy/{name}\n"
            message += f"Argosy-Operation-Id: op-{number}\nArgosy-Actor: dana\n"
        content = f"image: app:{number}\n"
        who = f"Dana <dana@example.com> {1_600_000_000 + 60 * number} +0000"
        yield (
            f"commit refs/heads/main\nauthor {who}\ncommitter {who}\ndata {len(message)}\n{message}\n"
            f"M 100644 inline apps/{name}/values.yaml\ndata {len(content)}\n{content}\n"
        ).encode()
