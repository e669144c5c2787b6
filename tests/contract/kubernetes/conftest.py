"""Every test here runs against the sandbox and, with KUBEBUILDER_ASSETS, against a real kube-apiserver."""

import asyncio
import threading
from collections.abc import AsyncIterator, Iterator
from concurrent.futures import Future
from contextlib import AbstractAsyncContextManager, asynccontextmanager, contextmanager
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import Any

import pytest

from tests.support.kubernetes_client import KubernetesClient
from tests.support.real_apiserver import require_assets, running_real_cluster
from tests.support.sandbox import running_sandbox
from tests.support.yaml_text import read_yaml

_START_SECONDS = 60.0
_NUMBERS = count(1)
_DEFINITION = Path(__file__).parent / "widget-definition.yaml"


@dataclass(frozen=True, slots=True)
class Server:
    """Where it listens, whom it trusts, and the token that may do everything."""

    url: str
    token: str
    authority: Path


@asynccontextmanager
async def _sandbox() -> AsyncIterator[Server]:
    async with running_sandbox() as sandbox:
        yield Server(sandbox.url, sandbox.settings.admin_token, sandbox.certificates.authority)


@asynccontextmanager
async def _real(folder: Path, data_dir: Path) -> AsyncIterator[Server]:
    async with running_real_cluster(folder, data_dir) as real:
        yield Server(real.server, real.token, real.ca_file)


@contextmanager
def _in_thread(server: AbstractAsyncContextManager[Server]) -> Iterator[Server]:
    """A server in a thread of its own, so that tests may simply wait for answers."""
    started: Future[Server] = Future()
    stop = threading.Event()

    async def serve() -> None:
        async with server as ready:
            await asyncio.get_running_loop().run_in_executor(None, _define_widgets, ready)
            started.set_result(ready)
            await asyncio.get_running_loop().run_in_executor(None, stop.wait)

    thread = threading.Thread(target=lambda: asyncio.run(serve()), name="server")
    thread.start()
    try:
        yield started.result(_START_SECONDS)
    finally:
        stop.set()
        thread.join()


@pytest.fixture(scope="session")
def sandbox_server() -> Iterator[Server]:
    with _in_thread(_sandbox()) as server:
        yield server


@pytest.fixture(scope="session")
def real_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A real kube-apiserver; skips with the reason where there is none."""
    folder = require_assets("etcd", "kube-apiserver")
    with _in_thread(_real(folder, tmp_path_factory.mktemp("apiserver"))) as server:
        yield server


def _define_widgets(server: Server) -> None:
    client = KubernetesClient(server.url, server.token, str(server.authority), "default")
    path = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions"
    definition: Any = read_yaml(_DEFINITION.read_text())
    assert client.send("POST", path, definition).code == 201
    name = definition["metadata"]["name"]
    with client.http.stream(
        "GET", path, params={"watch": "true", "fieldSelector": f"metadata.name={name}"}
    ) as response:
        for line in response.iter_lines():
            if _is_established(line):
                break
    while client.list("Widget").code != 200:  # the condition comes a moment before the handler
        pass
    client.close()


def _is_established(line: str) -> bool:
    conditions = (read_yaml(line)["object"].get("status") or {}).get("conditions") or []
    return any(item["type"] == "Established" and item["status"] == "True" for item in conditions)


def _client(server: Server) -> Iterator[KubernetesClient]:
    namespace = f"contract-{next(_NUMBERS)}"
    client = KubernetesClient(server.url, server.token, str(server.authority), namespace)
    body = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": namespace}}
    assert client.send("POST", "/api/v1/namespaces", body).code == 201
    yield client
    client.close()


@pytest.fixture
def sandbox_client(sandbox_server: Server) -> Iterator[KubernetesClient]:
    yield from _client(sandbox_server)


@pytest.fixture
def real_client(real_server: Server) -> Iterator[KubernetesClient]:
    yield from _client(real_server)


@pytest.fixture(params=["sandbox", pytest.param("real", marks=[pytest.mark.controlplane, pytest.mark.cpu_seconds(30)])])
def cluster(request: pytest.FixtureRequest) -> KubernetesClient:
    """A client in a fresh namespace of either server."""
    client: KubernetesClient = request.getfixturevalue(f"{request.param}_client")
    return client
