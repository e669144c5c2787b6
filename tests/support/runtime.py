"""A runtime against a Kubernetes API and a Git host, driven as people drive it: by commits and by patched objects."""

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from gitsync.kube.access import ClusterAccess
from gitsync.kube.client import Cluster
from gitsync.kube.errors import ClusterError
from gitsync.kube.transport import TimeLimits
from gitsync.manifest.object import JsonObject
from gitsync.runtime.runtime import Runtime, utc_now
from gitsync.sandbox.githost import Author, GitHost
from gitsync.settings import LoopSettings, RuntimeSettings
from model.identity import GroupVersionKind, ResourceKey

APPLICATION = GroupVersionKind("argoproj.io", "v1alpha1", "Application")
AUTHOR = Author("Dana", "dana@example.com")
NAMESPACE = "argosy"
QUICK = LoopSettings(
    status_quiet_seconds=0.05,
    status_max_wait_seconds=0.3,
    retry_failed_seconds=0.3,
    self_heal_seconds=0.2,
)


@dataclass(frozen=True, slots=True)
class Rig:
    """`cluster` is the test's own connection; `host` serves the repository `apps`."""

    cluster: Cluster
    host: GitHost
    runtime: Runtime

    async def push(self, files: Mapping[str, str | None]) -> str:
        """Commit files (None: remove) to main of `apps`, and tell the runtime as a webhook would. The commit's id."""
        content = {path: text.encode() if text is not None else None for path, text in files.items()}
        commit = await self.host.commit_files("apps", "main", content, message="Change", author=AUTHOR)
        self.runtime.repositories.hint([self.host.clone_url("apps")])
        return commit

    async def create_application(self, name: str, **spec: Any) -> JsonObject:
        written = await self.cluster.create(application(self.host.clone_url("apps"), name, **spec))
        return written.body

    async def patch(self, name: str, patch: JsonObject) -> JsonObject:
        return await self.cluster.patch(address(name), "v1alpha1", patch)

    async def application(self, name: str) -> JsonObject | None:
        return await self.cluster.get(APPLICATION, NAMESPACE, name)

    async def until(self, name: str, holds: Callable[[JsonObject], bool], *, seconds: float = 60) -> JsonObject:
        """The Application as soon as `holds` is true of it."""
        latest: JsonObject | None = None
        try:
            async with asyncio.timeout(seconds):
                while True:
                    latest = await self.application(name)
                    if latest is not None and holds(latest):
                        return latest
                    await asyncio.sleep(0.05)
        except TimeoutError:
            raise AssertionError(f"{name} did not get there; it is {_told(latest)}") from None

    async def at_rest(self) -> None:
        """Until nothing waits or runs, at several looks in a row: a status is written a moment after what it tells."""
        runtime, looks = self.runtime, 0
        async with asyncio.timeout(60):
            while looks < 10:
                queue = runtime.loop.queue
                busy = queue.depth or queue.working or runtime.syncs.count or runtime.statuses.pending
                looks = 0 if busy else looks + 1
                await asyncio.sleep(0.05)

    async def get(self, api_version: str, kind: str, namespace: str, name: str) -> JsonObject | None:
        return await self.cluster.get(GroupVersionKind.parse(api_version, kind), namespace, name)


def address(name: str) -> ResourceKey:
    return ResourceKey("argoproj.io", "Application", NAMESPACE, name)


def application(repo_url: str, name: str, **spec: Any) -> JsonObject:
    """An Application of the directory `name`; keywords replace parts of its spec, `metadata` its metadata."""
    metadata = {"name": name, "namespace": NAMESPACE, **spec.pop("metadata", {})}
    body: JsonObject = {
        "project": "default",
        "source": {"repoURL": repo_url, "path": name, "targetRevision": "main"},
        "destination": {"server": "https://kubernetes.default.svc", "namespace": "default"},
    }
    if "sources" in spec:
        del body["source"]
    return {"apiVersion": "argoproj.io/v1alpha1", "kind": "Application", "metadata": metadata, "spec": {**body, **spec}}


def synced_and_healthy(body: JsonObject) -> bool:
    status = body.get("status") or {}
    return _at(status, "sync") == "Synced" and _at(status, "health") == "Healthy"


def conditions_of(body: JsonObject) -> list[tuple[str, str]]:
    return [(one["type"], one["message"]) for one in (body.get("status") or {}).get("conditions") or ()]


def phase_of(body: JsonObject) -> str:
    return str(((body.get("status") or {}).get("operationState") or {}).get("phase", ""))


def _at(status: JsonObject, part: str) -> str:
    return str((status.get(part) or {}).get("status", ""))


def _told(body: JsonObject | None) -> str:
    if body is None:
        return "not there"
    status = body.get("status") or {}
    state = status.get("operationState") or {}
    return (
        f"{_at(status, 'sync')}, {_at(status, 'health')}, conditions {conditions_of(body)}, operation "
        f"{state.get('phase')}: {state.get('message')}, resources {status.get('resources')}"
    )


@asynccontextmanager
async def running_rig(
    access: ClusterAccess,
    host: GitHost,
    data_dir: Path,
    *,
    loop: LoopSettings = QUICK,
    times: TimeLimits | None = None,
    now: Callable[[], datetime] = utc_now,
    **settings: Any,
) -> AsyncIterator[Rig]:
    """A runtime in this process, ready; namespace and repository `apps` exist and hold at least one commit."""
    cluster = await Cluster.connect(access)
    await _namespace(cluster, NAMESPACE)
    runtime = Runtime(
        RuntimeSettings(namespace=NAMESPACE, data_dir=data_dir, poll_seconds=60, loop=loop, **settings),
        access,
        times=times,
        now=now,
    )
    try:
        await runtime.start()
        async with asyncio.timeout(60):
            while runtime.not_ready():  # noqa: ASYNC110 - it is asked over many parts, which share no event
                await asyncio.sleep(0.02)
        await cluster.discovery.refresh()  # the runtime may have created the kinds that the test uses
        yield Rig(cluster, host, runtime)
    finally:
        await runtime.close()
        await cluster.close()


async def _namespace(cluster: Cluster, name: str) -> None:
    try:
        await cluster.create({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}})
    except ClusterError as failure:
        if failure.status != 409:
            raise
