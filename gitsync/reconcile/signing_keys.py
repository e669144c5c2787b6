"""The keys that the home namespace names for signatures of commits."""

from gitsync.audit.verification import KnownKeys
from gitsync.kube.client import Cluster
from gitsync.kube.errors import ClusterError
from gitsync.reconcile.home import Home
from model.identity import GroupVersionKind

ALLOWED_SIGNERS = "argosy-allowed-signers"
_KEY = "allowed_signers"
_CONFIG_MAP = GroupVersionKind("", "v1", "ConfigMap")


async def known_keys(home: Home, cluster: Cluster, namespace: str) -> KnownKeys:
    """A cluster that does not answer names no SSH keys: what cannot be verified is said to be so."""
    try:
        body = await cluster.get(_CONFIG_MAP, namespace, ALLOWED_SIGNERS)
    except ClusterError:
        body = None
    return KnownKeys(dict(home.signing_keys or {}), str(((body or {}).get("data") or {}).get(_KEY, "")))
