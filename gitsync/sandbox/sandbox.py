"""The parts of the sandbox's API put together, and its HTTPS server."""

import base64
import socket
import ssl
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import yaml
from aiohttp import web

from gitsync.sandbox.access import Access
from gitsync.sandbox.addresses import Addresses
from gitsync.sandbox.admission import Admission
from gitsync.sandbox.api.closing_server import ClosingServer, ClosingSite
from gitsync.sandbox.api.discovery import Discovery
from gitsync.sandbox.api.logs import LogReading
from gitsync.sandbox.api.openapi import OpenApi
from gitsync.sandbox.api.reading import Reading
from gitsync.sandbox.api.scale import Scaling
from gitsync.sandbox.api.server import ApiServer, Endpoints
from gitsync.sandbox.api.special import Special
from gitsync.sandbox.api.watching import Watching
from gitsync.sandbox.api.writing import Writing
from gitsync.sandbox.certificates import Certificates, ensure_certificates
from gitsync.sandbox.clock import SandboxClock
from gitsync.sandbox.cluster import ClusterObjects
from gitsync.sandbox.deletion import Deletion
from gitsync.sandbox.faults import FaultInjector
from gitsync.sandbox.lifecycle.account_tokens import AccountTokens
from gitsync.sandbox.lifecycle.definitions import DefinitionKeeper
from gitsync.sandbox.lifecycle.garbage import GarbageCollector
from gitsync.sandbox.lifecycle.namespaces import NamespaceKeeper
from gitsync.sandbox.lifecycle.slices import Slices
from gitsync.sandbox.objects import LogSource, StoreEvent
from gitsync.sandbox.registry import Registry
from gitsync.sandbox.snapshot import Snapshot
from gitsync.sandbox.store import Store
from gitsync.sandbox.writes import Writes

HOST = "127.0.0.1"


@dataclass(frozen=True, slots=True)
class SandboxSettings:
    """Where the API keeps its files, on which port it listens (0: any), and who may do everything."""

    data_dir: Path
    admin_token: str
    port: int = 0
    speed: float = 1.0
    keep_objects: bool = False


class Sandbox:
    """A Kubernetes API in this process. `objects` is for controllers, `faults` and `access` for tests."""

    def __init__(self, settings: SandboxSettings, *, wall: Callable[[], datetime]) -> None:
        self.settings = settings
        self.clock = SandboxClock(settings.speed, wall=wall)
        self.certificates: Certificates = ensure_certificates(settings.data_dir / "tls", wall())
        self.store = Store()
        self.registry = Registry()
        self.access = Access(settings.admin_token)
        self.faults = FaultInjector()
        addresses = Addresses()
        self._writes = Writes(self.store, self.clock, Admission(self.store, addresses))
        self._deletion = Deletion(self.store, self.clock)
        self._writes.on_released = self._deletion.release
        self.objects = ClusterObjects(self.store, self.registry, self._writes, self._deletion)
        self._slices = Slices()
        self._collector = GarbageCollector(self.objects, self._slices)
        authority = self.certificates.authority_text
        self._namespaces = NamespaceKeeper(self.objects, self.store, self._slices, authority)
        self._tokens = AccountTokens(self.objects, self.access, self._slices, authority)
        self._definitions = DefinitionKeeper(self.objects, self.store, self.registry, self._slices, self.clock)
        self._keepers: tuple[Callable[[StoreEvent], None], ...] = (
            addresses.note,
            self._definitions.note,
            self._namespaces.note,
            self._tokens.note,
            self._collector.note,
        )
        self._snapshot = Snapshot(settings.data_dir / "objects.json", self.store) if settings.keep_objects else None
        self._runner: web.ServerRunner | None = None
        self._endpoints = self._make_endpoints()
        self.url = ""

    def _make_endpoints(self) -> Endpoints:
        store, registry, writes, timestamp = self.store, self.registry, self._writes, self.clock.timestamp
        return Endpoints(
            discovery=Discovery(registry),
            openapi=OpenApi(registry),
            reading=Reading(store, timestamp),
            writing=Writing(store, registry, writes, self._deletion, timestamp),
            watching=Watching(store, self.faults, timestamp),
            scaling=Scaling(writes),
            logs=LogReading(writes, self.clock),
            special=Special(store, writes, self._deletion, self.access, self.clock),
        )

    @property
    def kubeconfig(self) -> Path:
        return self.settings.data_dir / "kubeconfig"

    def serve_logs(self, source: LogSource) -> None:
        """Lets `/log` read from the simulated nodes."""
        self._endpoints.logs.source = source

    async def start(self) -> None:
        """Loads the snapshot or makes the first objects, and listens."""
        if self._snapshot is not None:
            self._snapshot.load(self._definitions.serve, self._keepers)
        for keeper in self._keepers:
            self.store.listen(keeper)
        if not self.store.revision:
            self._namespaces.create_initial()
        self._create_kubernetes_service()
        self._slices.run_all()
        if self._snapshot is not None:
            self._snapshot.start()
        server = ApiServer(self.registry, self.access, self.faults, self._endpoints)
        self._runner = web.ServerRunner(ClosingServer(server.handle, access_log=None), shutdown_timeout=1)
        await self._runner.setup()
        tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        tls.load_cert_chain(self.certificates.server, self.certificates.server_key)
        listening = socket.create_server((HOST, self.settings.port))
        await ClosingSite(self._runner, listening, tls=tls).start()
        port = self._runner.addresses[0][1]
        self.url = f"https://{HOST}:{port}"
        self._write_kubeconfig()

    def _create_kubernetes_service(self) -> None:
        if self.objects.list("", "Service", "default"):
            return
        spec = {"clusterIP": "10.96.0.1", "ports": [{"name": "https", "port": 443, "targetPort": 6443}]}
        labels = {"component": "apiserver", "provider": "kubernetes"}
        metadata = {"name": "kubernetes", "namespace": "default", "labels": labels}
        body = {"apiVersion": "v1", "kind": "Service", "metadata": metadata, "spec": spec}
        self.objects.create(body, manager="kube-apiserver")

    async def stop(self) -> None:
        """Ends watches and followed logs, closes the port, saves."""
        self._endpoints.watching.close_all()
        self._endpoints.logs.close_all()
        if self._runner is not None:
            await self._runner.cleanup()
        if self._snapshot is not None:
            await self._snapshot.stop()

    def _write_kubeconfig(self) -> None:
        authority = base64.b64encode(self.certificates.authority.read_bytes()).decode()
        config = {
            "apiVersion": "v1",
            "kind": "Config",
            "clusters": [{"name": "sandbox", "cluster": {"server": self.url, "certificate-authority-data": authority}}],
            "users": [{"name": "admin", "user": {"token": self.settings.admin_token}}],
            "contexts": [{"name": "sandbox", "context": {"cluster": "sandbox", "user": "admin"}}],
            "current-context": "sandbox",
        }
        self.kubeconfig.touch(mode=0o600)
        self.kubeconfig.write_text(yaml.safe_dump(config, sort_keys=False))
