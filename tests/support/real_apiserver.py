"""A real Kubernetes API server for tests, from the folder that KUBEBUILDER_ASSETS names (the convention of envtest).

`etcd` and `kube-apiserver` are enough. With `kube-controller-manager`, `kube-scheduler` and `kwok` beside them,
controllers run too and simulated nodes bring pods to Ready.
"""

import asyncio
import ctypes
import ipaddress
import json
import os
import secrets
import signal
import ssl
import sys
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import aiohttp
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.x509.oid import NameOID

from tests.support.ports import free_port

START_SECONDS = 180  # several start at once, beside browsers
_PR_SET_PDEATHSIG = 1


def assets() -> Path | None:
    """The folder, or None when this machine has none."""
    folder = os.environ.get("KUBEBUILDER_ASSETS")
    return Path(folder) if folder and (Path(folder) / "kube-apiserver").exists() else None


def require_assets(*programs: str) -> Path:
    """The folder with these programs; skips the test with the reason where it is missing."""
    folder = assets()
    if folder is None:
        pytest.skip("KUBEBUILDER_ASSETS names no folder with kube-apiserver")
    for program in programs:
        if not (folder / program).exists():
            pytest.skip(f"{program} is not in KUBEBUILDER_ASSETS")
    return folder


@dataclass(frozen=True, slots=True)
class RealCluster:
    """A running control plane. `pids` by program."""

    server: str
    token: str
    ca_file: Path
    kubeconfig: Path
    pids: Mapping[str, int]


@asynccontextmanager
async def running_real_cluster(
    folder: Path, data: Path, *, controllers: bool = False, nodes: int = 0
) -> AsyncIterator[RealCluster]:
    """etcd and an API server on free ports; with `controllers` or `nodes` the rest of the control plane as well."""
    data.mkdir(parents=True, exist_ok=True)
    _write_certificates(data)
    token = secrets.token_hex(16)
    (data / "tokens.csv").write_text(f'{token},admin,admin,"system:masters"\n')
    client, peer, port, kwok = (free_port() for _ in range(4))
    server = f"https://127.0.0.1:{port}"
    kubeconfig = _write_kubeconfig(data, server=server, token=token)
    programs = _Programs(folder, data)
    tls = ssl.create_default_context(cafile=str(data / "ca.crt"))
    headers = {"Authorization": f"Bearer {token}"}
    try:
        async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(ssl=tls), headers=headers) as session:
            await programs.start("etcd", *_etcd_flags(data, client=client, peer=peer))
            await _until_ok(session, f"http://127.0.0.1:{client}/health", "etcd")
            full = controllers or nodes > 0
            await programs.start("kube-apiserver", *_apiserver_flags(data, port=port, etcd=client, full=full))
            await _until_ok(session, f"{server}/readyz", "kube-apiserver")
            if full:
                await programs.start("kube-controller-manager", *_controller_flags(data, kubeconfig))
                await programs.start(
                    "kube-scheduler", f"--kubeconfig={kubeconfig}", "--leader-elect=false", "--secure-port=0"
                )
            if nodes:
                await programs.start("kwok", *_kwok_flags(folder, kubeconfig, port=kwok))
                await _create_nodes(session, server, nodes)
        yield RealCluster(server, token, data / "ca.crt", kubeconfig, programs.pids)
    finally:
        await programs.stop()


class _Programs:
    """The processes of one control plane; they end with us even when we are killed."""

    def __init__(self, folder: Path, data: Path) -> None:
        self._folder, self._data = folder, data
        self._processes: dict[str, asyncio.subprocess.Process] = {}

    @property
    def pids(self) -> dict[str, int]:
        return {name: process.pid for name, process in self._processes.items()}

    async def start(self, name: str, *flags: str) -> None:
        with (self._data / f"{name}.log").open("ab") as log:
            self._processes[name] = await asyncio.create_subprocess_exec(
                str(self._folder / name),
                *flags,
                stdin=asyncio.subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                cwd=self._data,
                start_new_session=True,
                preexec_fn=end_with_parent if sys.platform == "linux" else None,
            )

    async def stop(self) -> None:
        for process in reversed(self._processes.values()):  # etcd last: the API server cannot end well without it
            if process.returncode is None:
                process.send_signal(signal.SIGTERM)
                try:
                    await asyncio.wait_for(process.wait(), 3)
                except TimeoutError:
                    process.kill()
                    await process.wait()


def end_with_parent() -> None:
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)


def _etcd_flags(data: Path, *, client: int, peer: int) -> list[str]:
    return [
        f"--data-dir={data / 'etcd'}",
        "--unsafe-no-fsync=true",
        "--log-level=error",
        f"--listen-client-urls=http://127.0.0.1:{client}",
        f"--advertise-client-urls=http://127.0.0.1:{client}",
        f"--listen-peer-urls=http://127.0.0.1:{peer}",
    ]


def _apiserver_flags(data: Path, *, port: int, etcd: int, full: bool) -> list[str]:
    flags = [
        f"--etcd-servers=http://127.0.0.1:{etcd}",
        f"--secure-port={port}",
        "--bind-address=127.0.0.1",
        "--advertise-address=127.0.0.1",
        f"--tls-cert-file={data}/server.crt",
        f"--tls-private-key-file={data}/server.key",
        f"--cert-dir={data}",
        f"--client-ca-file={data}/ca.crt",
        f"--token-auth-file={data}/tokens.csv",
        "--authorization-mode=RBAC",
        "--service-cluster-ip-range=10.0.0.0/16",
        f"--service-account-issuer=https://127.0.0.1:{port}",
        f"--service-account-key-file={data}/server.key",
        f"--service-account-signing-key-file={data}/server.key",
    ]
    # Without the controller manager nobody makes the ServiceAccount "default", and the admission would refuse pods.
    return flags if full else [*flags, "--disable-admission-plugins=ServiceAccount"]


def _controller_flags(data: Path, kubeconfig: Path) -> list[str]:
    return [
        f"--kubeconfig={kubeconfig}",
        "--leader-elect=false",
        "--secure-port=0",
        f"--root-ca-file={data}/ca.crt",
        f"--service-account-private-key-file={data}/server.key",
        "--kube-api-qps=300",
        "--kube-api-burst=600",
        "--concurrent-deployment-syncs=20",
        "--concurrent-replicaset-syncs=20",
    ]


def _kwok_flags(folder: Path, kubeconfig: Path, *, port: int) -> list[str]:
    return [
        f"--kubeconfig={kubeconfig}",
        f"--config={folder / 'stages.yaml'}",
        "--manage-all-nodes=true",
        "--node-lease-duration-seconds=40",
        "--cidr=10.1.0.0/16",
        "--node-ip=127.0.0.1",
        f"--server-address=127.0.0.1:{port}",
    ]


async def _create_nodes(session: aiohttp.ClientSession, server: str, nodes: int) -> None:
    size = {"cpu": "64", "memory": "256Gi", "pods": "5000"}
    for number in range(nodes):
        metadata = {"name": f"node-{number}", "labels": {"kubernetes.io/os": "linux", "kubernetes.io/arch": "amd64"}}
        node = {
            "apiVersion": "v1",
            "kind": "Node",
            "metadata": metadata,
            "status": {"capacity": size, "allocatable": size},
        }
        async with session.post(f"{server}/api/v1/nodes", json=node) as response:
            response.raise_for_status()


async def _until_ok(session: aiohttp.ClientSession, url: str, what: str) -> None:
    """A real process of somebody else has no event to wait for: it is asked until it answers."""
    for _ in range(START_SECONDS * 20):
        try:
            async with session.get(url) as response:
                if response.status == 200:
                    return
        except aiohttp.ClientError:
            pass
        await asyncio.sleep(0.05)
    raise TimeoutError(f"{what} is not ready after {START_SECONDS} s")


def _write_kubeconfig(data: Path, *, server: str, token: str) -> Path:
    path = data / "kubeconfig"
    cluster = {"server": server, "certificate-authority": str(data / "ca.crt")}
    body = {
        "apiVersion": "v1",
        "kind": "Config",
        "current-context": "real",
        "clusters": [{"name": "real", "cluster": cluster}],
        "users": [{"name": "admin", "user": {"token": token}}],
        "contexts": [{"name": "real", "context": {"cluster": "real", "user": "admin"}}],
    }
    path.write_text(json.dumps(body))
    return path


def _write_certificates(data: Path) -> None:
    """A CA and a server certificate for 127.0.0.1; the server's key signs ServiceAccount tokens as well."""
    ca_key, key = (rsa.generate_private_key(65537, 2048) for _ in range(2))
    ca_name, name = (
        x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, text)]) for text in ("test-ca", "kube-apiserver")
    )
    addresses = [x509.IPAddress(ipaddress.ip_address(text)) for text in ("127.0.0.1", "10.0.0.1")]
    names = [x509.DNSName(text) for text in ("localhost", "kubernetes.default.svc")]
    authority = _certificate(ca_name, ca_name, ca_key, ca_key, x509.BasicConstraints(ca=True, path_length=None))
    certificate = _certificate(name, ca_name, key, ca_key, x509.SubjectAlternativeName([*addresses, *names]))
    (data / "ca.crt").write_bytes(authority)
    (data / "server.crt").write_bytes(certificate)
    (data / "server.key").write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.TraditionalOpenSSL, serialization.NoEncryption()
        )
    )


def _certificate(
    subject: x509.Name,
    issuer: x509.Name,
    key: rsa.RSAPrivateKey,
    signer: rsa.RSAPrivateKey,
    extension: x509.ExtensionType,
) -> bytes:
    now = datetime.now(UTC)
    builder = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(minutes=5))
        .not_valid_after(now + timedelta(days=2))
        .add_extension(extension, critical=isinstance(extension, x509.BasicConstraints))
    )
    return builder.sign(signer, hashes.SHA256()).public_bytes(serialization.Encoding.PEM)
