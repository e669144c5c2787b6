"""What Argo CD's own server and its `argocd` command show: they find what they find of Argo CD's controller.

The command's core mode is this server inside of the command; that one also wants a pod of the repo server to forward
to, which a simulated cluster has not.
"""

import asyncio
import os
import shutil
from collections.abc import AsyncIterator
from dataclasses import dataclass

import pytest
import pytest_asyncio

from tests.support.apart import Apart, Program, running_apart
from tests.support.ports import free_port
from tests.support.runtime import NAMESPACE, synced_and_healthy

ARGOCD, SERVER = shutil.which("argocd"), shutil.which("argocd-server")
pytestmark = [
    pytest.mark.e2e,
    pytest.mark.asyncio(loop_scope="module"),
    pytest.mark.skipif(ARGOCD is None or SERVER is None, reason="argocd and argocd-server are not on PATH"),
]
CONFIG_MAP = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: settings}\ndata: {key: VALUE}\n"
PARTS = {"app.kubernetes.io/part-of": "argocd"}


@dataclass(frozen=True, slots=True)
class Asked:
    """The command, connected to a server of Argo CD beside a runtime."""

    apart: Apart
    address: str

    async def __call__(self, *words: str) -> str:
        assert ARGOCD is not None
        environment = {"PATH": os.environ["PATH"], "HOME": str(self.apart.folder)}
        place = ("--server", self.address, "--plaintext")
        process = await asyncio.create_subprocess_exec(
            ARGOCD, *words, *place, env=environment, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE
        )
        told, wrong = await process.communicate()
        assert process.returncode == 0, (words, told.decode(), wrong.decode())
        return told.decode()


@pytest_asyncio.fixture(loop_scope="module", scope="module")
async def argocd(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Asked]:
    assert SERVER is not None
    async with running_apart(tmp_path_factory.mktemp("argocd")) as apart:
        for kind, name in (("ConfigMap", "argocd-cm"), ("ConfigMap", "argocd-rbac-cm"), ("Secret", "argocd-secret")):
            metadata = {"name": name, "namespace": NAMESPACE, "labels": PARTS}
            await apart.cluster.create({"apiVersion": "v1", "kind": kind, "metadata": metadata})
        port, metrics, away = free_port(), free_port(), f"127.0.0.1:{free_port()}"
        server = Program(
            apart.folder / "argocd-server.log",
            *(SERVER, "--kubeconfig", str(apart.kubeconfig), "--namespace", NAMESPACE, "--insecure", "--disable-auth"),
            *("--address", "127.0.0.1", "--port", str(port), "--metrics-address", "127.0.0.1"),
            *("--metrics-port", str(metrics), "--redis", away, "--repo-server", away),
        )
        await server.start()
        try:
            await server.until(f"http://127.0.0.1:{port}/healthz")
            yield Asked(apart, f"127.0.0.1:{port}")
        finally:
            await server.kill()


async def test_it_lists_shows_waits_for_and_deletes_an_application_with_its_history(argocd: Asked) -> None:
    apart = argocd.apart
    first = await apart.push({"web/a.yaml": CONFIG_MAP})
    await apart.create("web", syncPolicy={"automated": {}})
    await apart.until("web", synced_and_healthy)
    head, line = (await argocd("app", "list")).splitlines()
    assert head.split()[:6] == ["NAME", "CLUSTER", "NAMESPACE", "PROJECT", "STATUS", "HEALTH"]
    assert line.split()[0] == f"{NAMESPACE}/web"
    assert line.split()[2:6] == ["default", "default", "Synced", "Healthy"]

    second = await apart.push({"web/a.yaml": CONFIG_MAP.replace("VALUE", "other")})
    shown = facts(await argocd("app", "get", "web", "--refresh"))  # waits until the runtime has compared it
    assert shown["Sync Status"].endswith(f"to main ({second[:7]})")
    waited = facts(await argocd("app", "wait", "web", "--sync", "--health", "--operation", "--timeout", "60"))
    assert waited["Sync Status"] == f"Synced to main ({second[:7]})"
    assert (waited["Health Status"], waited["Sync Policy"]) == ("Healthy", "Automated")
    assert (waited["Phase"], waited["Sync Revision"]) == ("Succeeded", second)
    assert waited["Message"] == "successfully synced (all tasks run)"

    history = [line.split() for line in (await argocd("app", "history", "web")).splitlines() if line[:1].isdigit()]
    assert [(entry[0], entry[-2:]) for entry in history] == [
        ("0", ["main", f"({first[:7]})"]),
        ("1", ["main", f"({second[:7]})"]),
    ]
    assert "default" in (await argocd("proj", "list")).split()
    assert "deleted" in await argocd("app", "delete", "web", "--yes")  # waits until its finalizer is done
    assert await apart.get("v1", "ConfigMap", "settings") is None


def facts(told: str) -> dict[str, str]:
    """The `Name: value` lines."""
    pairs = (line.partition(":") for line in told.splitlines())
    return {name.strip(" -"): value.strip() for name, _, value in pairs if value.strip()}
