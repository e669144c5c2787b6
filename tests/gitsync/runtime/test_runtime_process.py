"""`python -m gitsync` as a process: starts, says when it is ready, works, and ends when it is told to."""

import asyncio
import os
import signal
import sys
from pathlib import Path

import httpx
import pytest

from gitsync.kube.client import Cluster
from tests.support.ports import free_port
from tests.support.runtime import APPLICATION, AUTHOR, NAMESPACE, application, synced_and_healthy
from tests.support.sandbox_rig import running_world

pytestmark = [pytest.mark.e2e]

CONFIG_MAP = b"apiVersion: v1\nkind: ConfigMap\nmetadata: {name: hello}\ndata: {a: b}\n"


async def start(*arguments: str) -> asyncio.subprocess.Process:
    return await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "gitsync", *arguments),
        env={"PATH": os.environ["PATH"]},
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.PIPE,
    )


async def until_ready(client: httpx.AsyncClient) -> dict[str, object]:
    async with asyncio.timeout(60):
        while True:
            try:
                response = await client.get("/readyz")
                if response.status_code == 200:
                    body: dict[str, object] = response.json()
                    return body
            except httpx.TransportError:
                pass
            await asyncio.sleep(0.1)


async def test_it_serves_alone_and_ends_on_sigterm(tmp_path: Path) -> None:
    async with running_world(tmp_path) as world:
        await world.host.commit_files("apps", "main", {"hello/a.yaml": CONFIG_MAP}, message="Seed", author=AUTHOR)
        world.sandbox.objects.create(
            {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": NAMESPACE}}, manager="test"
        )
        port = free_port()
        process = await start(
            *("--kubeconfig", str(world.sandbox.kubeconfig), "--namespace", NAMESPACE),
            *("--data-dir", str(tmp_path / "runtime"), "--metrics-port", str(port)),
        )
        try:
            async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}") as client:
                ready = await until_ready(client)
                assert ready["ready"] is True
                cluster = await Cluster.connect(world.access)
                policy = {"automated": {}}
                await cluster.create(application(world.host.clone_url("apps"), "hello", syncPolicy=policy))
                async with asyncio.timeout(60):
                    while not synced_and_healthy(await cluster.get(APPLICATION, NAMESPACE, "hello") or {}):  # noqa: ASYNC110
                        await asyncio.sleep(0.1)
                metrics = (await client.get("/metrics")).text
                assert "argosy_runtime_renders_total 1.0" in metrics
                assert "argosy_runtime_applications 1.0" in metrics
                await cluster.close()
        finally:
            process.send_signal(signal.SIGTERM)
            async with asyncio.timeout(60):
                _, errors = await process.communicate()
        assert process.returncode == 0, errors.decode()
        assert b'"level": "error"' not in errors


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (("--controllers", "magic", "--kubeconfig", "none"), 2, "known are applications"),
        (("--link", "ws://127.0.0.1:9/link"), 2, "ARGOSY_LINK_TOKEN"),
        (("--kubeconfig", "no-such-file"), 1, "cannot be read"),
        ((), 1, "kubeconfig"),
    ],
)
async def test_wrong_usage_is_one_sentence(arguments: tuple[str, ...], code: int, said: str) -> None:
    process = await start(*arguments)
    _, errors = await process.communicate()
    assert process.returncode == code
    assert said in errors.decode()
    assert "Traceback" not in errors.decode()
