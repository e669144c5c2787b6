"""The demo loses a process, or everything that it could compute again, and comes back to the same state."""

import asyncio
import os
import shutil
import signal
import sys
from base64 import b64encode
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio

from tests.support.demo import PASSWORD, Demo, Person, running_demo
from tests.support.process_watch import processes_of, until_ended

pytestmark = [
    pytest.mark.e2e,
    pytest.mark.asyncio(loop_scope="module"),
    pytest.mark.skipif(sys.platform != "linux", reason="looks into /proc"),
]
STATE = """query { applications(pagination: {first: 50}) { nodes {
  metadata { name } kind syncStatus healthStatus revision } } }"""
MANAGED = """query { application(runtime: "demo", name: "orders") {
  managedResources { node { kind info { key value } } diff { normalizedLive predictedLive changes { path } } } } }"""
SECRET = "only-for-the-demo"  # the value in the seeded Secret `orders`
SHOP = ("platform", "storefront", "catalog", "orders")


async def state_of(person: Person) -> dict[str, dict[str, Any]]:
    nodes = (await person.ask(STATE))["applications"]["nodes"]
    return {node["metadata"]["name"]: node for node in nodes if node["metadata"]["name"] in SHOP}


def runtime_of(demo: Demo) -> int:
    return next(pid for pid, words in processes_of(demo.data_dir).items() if "-m gitsync --name" in words)


@pytest_asyncio.fixture(loop_scope="module", scope="module")
async def demo(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Demo]:
    async with running_demo(tmp_path_factory.mktemp("demo") / "data") as running:
        yield running


async def test_a_killed_runtime_is_started_again_and_goes_on(demo: Demo) -> None:
    async with demo.signed_in("admin") as admin:
        await admin.until_healthy(*SHOP)
        before, runtime = await state_of(admin), runtime_of(demo)
        os.kill(runtime, signal.SIGKILL)
        await until_ended([runtime])
        mutation = 'mutation { syncApplication(runtime: "demo", name: "newsletter") { errors { message } } }'
        async with asyncio.timeout(60):
            while (await admin.ask(mutation))["syncApplication"]["errors"]:  # noqa: ASYNC110 - until the new one dials
                await asyncio.sleep(0.2)
        await admin.until_healthy("newsletter")
        assert await state_of(admin) == before


async def test_no_password_and_no_secret_value_is_ever_told(demo: Demo) -> None:
    async with demo.signed_in("admin") as admin:
        await admin.until_healthy(*SHOP)
        told = [str(await admin.ask(MANAGED)), str(await admin.ask(STATE))]
        for path in ("/metrics", "/readyz"):
            async with admin.session.get(path) as response:
                told.append(await response.text())
    told.append(demo.log.read_text())
    assert "Secret" in told[0]
    for text in told:
        for canary in (PASSWORD, SECRET, b64encode(SECRET.encode()).decode(), b64encode(PASSWORD.encode()).decode()):
            assert canary not in text


async def test_lost_caches_and_a_lost_database_come_back_the_same(tmp_path: Path) -> None:
    data = tmp_path / "data"
    async with running_demo(data) as demo, demo.signed_in("admin") as admin:
        port = int(demo.url.rpartition(":")[2])
        await admin.until_healthy(*SHOP)
        before = await state_of(admin)
    shutil.rmtree(data / "runtimes")
    for file in data.glob("argosy.db*"):
        file.unlink()
    async with running_demo(data, port=port) as demo, demo.signed_in("admin") as admin:
        await admin.until_healthy(*SHOP)
        assert await state_of(admin) == before
