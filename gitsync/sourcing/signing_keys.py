"""The keys that the home namespace names: for signatures of commits, of SSH servers, and for encrypted Secrets."""

import base64
from collections.abc import Callable

from gitsync.audit.verification import KnownKeys
from gitsync.fleet.home import Home
from gitsync.kube.client import Cluster
from gitsync.kube.errors import ClusterError
from model.identity import GroupVersionKind

KNOWN_HOSTS = "argocd-ssh-known-hosts-cm"
_KNOWN_SECONDS = 30.0
ALLOWED_SIGNERS = "argosy-allowed-signers"
_KEY = "allowed_signers"
AGE_KEYS = "sops-age"  # the name that the documentation of Flux made common
_SECRET = GroupVersionKind("", "v1", "Secret")
_CONFIG_MAP = GroupVersionKind("", "v1", "ConfigMap")


async def known_keys(home: Home, cluster: Cluster, namespace: str) -> KnownKeys:
    """A cluster that does not answer names no SSH keys: what cannot be verified is said to be so."""
    try:
        body = await cluster.get(_CONFIG_MAP, namespace, ALLOWED_SIGNERS)
    except ClusterError:
        body = None
    return KnownKeys(dict(home.signing_keys or {}), str(((body or {}).get("data") or {}).get(_KEY, "")))


async def age_keys(cluster: Cluster, namespace: str) -> str:
    """The key files in Secret `sops-age`, one after the other; "" without one. Raises ClusterError."""
    body = await cluster.get(_SECRET, namespace, AGE_KEYS)
    values = ((body or {}).get("data") or {}).values()
    return "\n".join(base64.b64decode(one).decode(errors="replace") for one in values)


class SshKnownHosts:
    """The lines of argocd-ssh-known-hosts-cm, read again after a while; none where there is no such ConfigMap. A
    cluster that does not answer changes nothing of what was known."""

    def __init__(self, cluster: Cluster, namespace: str, clock: Callable[[], float]) -> None:
        self._cluster = cluster
        self._namespace = namespace
        self._clock = clock
        self._read: float | None = None
        self._lines = ""

    async def lines(self) -> str:
        if self._read is None or self._clock() - self._read > _KNOWN_SECONDS:
            try:
                body = await self._cluster.get(_CONFIG_MAP, self._namespace, KNOWN_HOSTS)
            except ClusterError:
                return self._lines
            data = (body or {}).get("data") or {}
            self._lines, self._read = str(data.get("ssh_known_hosts", "")), self._clock()
        return self._lines
