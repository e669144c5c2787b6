"""The account in a destination cluster that a runtime uses: made, and read back with its token."""

import asyncio
import base64
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from gitsync.errors import Failed
from gitsync.kube.access import ClusterAccess, access_from_kubeconfig
from gitsync.kube.client import Cluster
from gitsync.kube.transport import TimeLimits
from gitsync.manifest.object import JsonObject
from model.identity import GroupVersionKind

NAME = "argosy-manager"
_MANAGER = "argosy"
_SECRET = GroupVersionKind("", "v1", "Secret")
_RBAC = "rbac.authorization.k8s.io"
_TOKEN_SECONDS = 20.0
_LOOK_SECONDS = 0.25


class NoToken(Failed):
    """The cluster made no token for the account."""


@dataclass(frozen=True, slots=True)
class Account:
    """How a runtime gets into the cluster. `ca_data` is base64 of PEM, "" for the system's authorities."""

    server: str
    token: str = field(repr=False)
    ca_data: str
    server_name: str
    insecure: bool


def account_objects(namespace: str) -> tuple[JsonObject, ...]:
    """ServiceAccount, its rights, and the Secret that Kubernetes writes a lasting token into."""
    labels = {"app.kubernetes.io/part-of": "argosy"}
    metadata = {"name": NAME, "namespace": namespace, "labels": labels}
    everything = [
        {"apiGroups": ["*"], "resources": ["*"], "verbs": ["*"]},
        {"nonResourceURLs": ["*"], "verbs": ["*"]},
    ]
    rbac = {"apiVersion": f"{_RBAC}/v1", "metadata": {"name": NAME, "labels": labels}}
    return (
        {"apiVersion": "v1", "kind": "ServiceAccount", "metadata": metadata},
        {**rbac, "kind": "ClusterRole", "rules": everything},
        {
            **rbac,
            "kind": "ClusterRoleBinding",
            "roleRef": {"apiGroup": _RBAC, "kind": "ClusterRole", "name": NAME},
            "subjects": [{"kind": "ServiceAccount", "name": NAME, "namespace": namespace}],
        },
        {
            "apiVersion": "v1",
            "kind": "Secret",
            "metadata": {
                **metadata,
                "name": f"{NAME}-token",
                "annotations": {"kubernetes.io/service-account.name": NAME},
            },
            "type": "kubernetes.io/service-account-token",
        },
    )


async def make_account(kubeconfig: Path, context: str, namespace: str, told: Callable[[str], None]) -> Account:
    """Raises ClusterError and NoToken. Making it again changes nothing; `told` hears of each object."""
    access = access_from_kubeconfig(kubeconfig, context=context)
    cluster = await Cluster.connect(access, times=TimeLimits(connect_seconds=5.0, first_byte_seconds=15.0))
    try:
        for body in account_objects(namespace):
            await cluster.apply(body, manager=_MANAGER)
            told(f"{body['kind']} {body['metadata']['name']}")
        return _account(access, await _token(cluster, namespace))
    finally:
        await cluster.close()


async def _token(cluster: Cluster, namespace: str) -> str:
    """Kubernetes writes it a moment after the Secret is there."""
    try:
        async with asyncio.timeout(_TOKEN_SECONDS):
            while True:
                secret = await cluster.get(_SECRET, namespace, f"{NAME}-token")
                if token := ((secret or {}).get("data") or {}).get("token"):
                    return base64.b64decode(token).decode()
                await asyncio.sleep(_LOOK_SECONDS)
    except TimeoutError as error:
        raise NoToken(
            f"the cluster wrote no token into Secret {namespace}/{NAME}-token within {_TOKEN_SECONDS:.0f} s",
            suggestion="Look whether its controller manager runs.",
        ) from error


def _account(access: ClusterAccess, token: str) -> Account:
    ca = base64.b64encode(access.tls.ca).decode() if access.tls.ca else ""
    return Account(access.server, token, ca, access.tls.server_name, access.tls.insecure)
