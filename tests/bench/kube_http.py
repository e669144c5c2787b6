"""The plainest possible client of a Kubernetes API, for the bare loop and for looking on from outside."""

import asyncio
import base64
import json
import ssl
import tempfile
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import aiohttp
import orjson
import yaml

CONCURRENCY = 20  # as in the loop that the targets were made with

_PLURALS = {
    "ServiceAccount": "api/v1/namespaces/{ns}/serviceaccounts",
    "Service": "api/v1/namespaces/{ns}/services",
    "Deployment": "apis/apps/v1/namespaces/{ns}/deployments",
    "Ingress": "apis/networking.k8s.io/v1/namespaces/{ns}/ingresses",
    "Application": "apis/argoproj.io/v1alpha1/namespaces/{ns}/applications",
    "Rollout": "apis/argoproj.io/v1alpha1/namespaces/{ns}/rollouts",
    "AppProject": "apis/argoproj.io/v1alpha1/namespaces/{ns}/appprojects",
    "Secret": "api/v1/namespaces/{ns}/secrets",
    "Namespace": "api/v1/namespaces",
}


class KubeHttp:
    """One session to one API server."""

    def __init__(self, session: aiohttp.ClientSession, server: str) -> None:
        self._session = session
        self._server = server.rstrip("/")

    def url(self, kind: str, namespace: str = "", name: str = "") -> str:
        path = _PLURALS[kind].format(ns=namespace)
        return f"{self._server}/{path}/{name}" if name else f"{self._server}/{path}"

    async def create(self, body: dict[str, Any]) -> None:
        """Creates the object; that it is there already is fine."""
        url = self.url(body["kind"], body["metadata"].get("namespace", ""))
        async with self._session.post(url, json=body) as response:
            if response.status != 409:
                response.raise_for_status()

    async def apply(self, body: dict[str, Any], *, manager: str = "bare-loop") -> None:
        metadata = body["metadata"]
        url = self.url(body["kind"], metadata.get("namespace", ""), metadata["name"])
        headers = {"Content-Type": "application/apply-patch+yaml"}
        params = {"fieldManager": manager, "force": "true"}
        async with self._session.patch(url, data=orjson.dumps(body), headers=headers, params=params) as response:
            await response.read()
            response.raise_for_status()

    async def get(self, kind: str, namespace: str, name: str) -> dict[str, Any]:
        async with self._session.get(self.url(kind, namespace, name)) as response:
            response.raise_for_status()
            return dict(await response.json())

    async def merge_patch(self, kind: str, namespace: str, name: str, patch: dict[str, Any]) -> None:
        headers = {"Content-Type": "application/merge-patch+json"}
        url = self.url(kind, namespace, name)
        async with self._session.patch(url, data=orjson.dumps(patch), headers=headers) as response:
            response.raise_for_status()

    async def watch(self, kind: str, namespace: str, *, name: str = "") -> AsyncIterator[tuple[str, dict[str, Any]]]:
        """(event type, object) from now on, everything that exists first."""
        timeout = aiohttp.ClientTimeout(total=None)
        params = {"watch": "true"} | ({"fieldSelector": f"metadata.name={name}"} if name else {})
        async with self._session.get(self.url(kind, namespace), params=params, timeout=timeout) as response:
            response.raise_for_status()
            rest = b""
            async for chunk in response.content.iter_any():
                *lines, rest = (rest + chunk).split(b"\n")
                for line in filter(None, lines):
                    event = orjson.loads(line)
                    yield event["type"], event["object"]

    async def apply_all(self, bodies: Sequence[dict[str, Any]]) -> None:
        """The bare loop: all the objects, `CONCURRENCY` at a time, nothing else."""
        queue = iter(bodies)

        async def work() -> None:
            for body in queue:
                await self.apply(body)

        await asyncio.gather(*(work() for _ in range(CONCURRENCY)))


@asynccontextmanager
async def connect(kubeconfig: Path) -> AsyncIterator[KubeHttp]:
    """A session for the first user and cluster of a kubeconfig (token; CA as file, data or none)."""
    cluster, user = _first_entry(kubeconfig)
    headers = {"Authorization": f"Bearer {user['token']}"}
    connector = aiohttp.TCPConnector(ssl=_tls(cluster), limit=CONCURRENCY * 2)
    async with aiohttp.ClientSession(
        connector=connector, headers=headers, json_serialize=lambda body: json.dumps(body)
    ) as session:
        yield KubeHttp(session, cluster["server"])


def _first_entry(kubeconfig: Path) -> tuple[dict[str, Any], dict[str, Any]]:
    config = yaml.safe_load(kubeconfig.read_text())
    return config["clusters"][0]["cluster"], config["users"][0]["user"]


def _tls(cluster: dict[str, Any]) -> ssl.SSLContext:
    if data := cluster.get("certificate-authority-data"):
        with tempfile.NamedTemporaryFile() as file:
            file.write(base64.b64decode(data))
            file.flush()
            return ssl.create_default_context(cafile=file.name)
    return ssl.create_default_context(cafile=cluster["certificate-authority"])
