"""A cluster and a Git host in the test, and the runtime as a process that the test may kill at any request it makes."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

from gitsync.kube.client import Cluster
from gitsync.manifest.object import JsonObject
from gitsync.sandbox.faults import Fault
from gitsync.sandbox.objects import StoreEvent
from tests.support.apart import POLL_SECONDS, Apart, RuntimeProgram, ensure_namespace
from tests.support.ports import free_port
from tests.support.runtime import NAMESPACE
from tests.support.sandbox_rig import World, running_world

ARRIVES_SECONDS = 90


@dataclass
class Witness:
    """Counts what happened to each object, by what happened, kind and name: nothing escapes a watch of everything."""

    seen: Counter[tuple[str, str, str]] = field(default_factory=Counter)

    def hear(self, event: StoreEvent) -> None:
        body = event.object
        self.seen[event.type, body["kind"], body["metadata"]["name"]] += 1

    def times(self, what: str, kind: str, prefix: str) -> int:
        counted = self.seen.items()
        return sum(
            count for (type_, of, name), count in counted if (type_, of) == (what, kind) and name.startswith(prefix)
        )


@dataclass(frozen=True, slots=True)
class Killable:
    """`apart` is the runtime process with its clients; `world` the cluster it works on; `witness` saw everything."""

    apart: Apart
    world: World
    witness: Witness

    async def kill_at(self, fault: Fault) -> None:
        """Arms the fault, waits for a request to meet it, and kills the runtime while it waits for the answer."""
        faults = self.world.sandbox.faults
        carried_out = faults.carried_out
        faults.add(fault)
        async with asyncio.timeout(ARRIVES_SECONDS):
            while not faults.describe()[-1]["used"]:  # noqa: ASYNC110 - requests are counted, not announced
                await asyncio.sleep(0.005)
            while fault.answer_delay_seconds and faults.carried_out == carried_out:  # noqa: ASYNC110 - as above
                await asyncio.sleep(0.005)
        await self.apart.runtime.kill()

    async def objects(self, kind: str, prefix: str) -> list[JsonObject]:
        group = {"Job": "batch"}.get(kind, "")
        return [
            one
            for one in self.world.sandbox.objects.list(group, kind, "default")
            if one["metadata"]["name"].startswith(prefix)
        ]


@asynccontextmanager
async def running_killable(folder: Path, *, flags: Mapping[str, str] | None = None) -> AsyncIterator[Killable]:
    async with running_world(folder) as world:
        cluster = await Cluster.connect(world.access)
        witness = Witness()
        world.sandbox.store.listen(witness.hear)
        await ensure_namespace(cluster, NAMESPACE)
        port = free_port()
        extra = [word for name, value in (flags or {}).items() for word in (name, value)]
        runtime = RuntimeProgram(
            folder / "runtime.log",
            *("--kubeconfig", str(world.sandbox.kubeconfig)),
            *("--namespace", NAMESPACE, "--data-dir", str(folder / "runtime"), "--metrics-port", str(port)),
            *("--poll-seconds", str(POLL_SECONDS), *extra),
        )
        apart = Apart(folder, world.sandbox.kubeconfig, cluster, world.host, runtime, None, f"http://127.0.0.1:{port}")
        try:
            await apart.start_runtime()
            yield Killable(apart, world, witness)
        finally:
            await runtime.stop()
            await cluster.close()
