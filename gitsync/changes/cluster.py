"""The Secret by which Argo CD and we know a destination cluster, and what is wrong with one that is wanted. Pure."""

import base64
import binascii
import hashlib
import json
import re
from urllib.parse import urlsplit

from gitsync.changes.check import INVALID
from gitsync.manifest.object import JsonObject
from model.link_change import Problem
from model.link_cluster import AddCluster

OURS = {"app.kubernetes.io/part-of": "argosy"}  # on what we made ourselves
TYPE_LABEL = "argocd.argoproj.io/secret-type"
_NAME = re.compile(r"[A-Za-z0-9]([-A-Za-z0-9_.:/@]{0,251}[A-Za-z0-9])?")
_UNFIT = re.compile(r"[^a-z0-9]+")
_MAX_CHARACTERS = 16_384


def secret_name(server: str) -> str:
    """The same for the same server, however long its name: `cluster-api-example-com-1a2b3c4d`."""
    host = _UNFIT.sub("-", (urlsplit(server).hostname or "").lower()).strip("-")[:200]
    digest = hashlib.blake2b(server.rstrip("/").encode(), digest_size=4).hexdigest()
    return f"cluster-{host}-{digest}"


def cluster_secret(body: AddCluster, namespace: str) -> JsonObject:
    tls: JsonObject = {"insecure": body.insecure}
    if body.ca_data and not body.insecure:
        tls["caData"] = body.ca_data
    if body.server_name:
        tls["serverName"] = body.server_name
    config = {"bearerToken": body.token, "tlsClientConfig": tls}
    metadata: JsonObject = {
        "name": secret_name(body.server),
        "namespace": namespace,
        "labels": {**body.labels, TYPE_LABEL: "cluster", **OURS},
    }
    if body.annotations:
        metadata["annotations"] = dict(body.annotations)
    values = {"name": body.name, "server": body.server.rstrip("/"), "config": json.dumps(config, sort_keys=True)}
    return {"apiVersion": "v1", "kind": "Secret", "metadata": metadata, "type": "Opaque", "stringData": values}


def shape_problems(body: AddCluster) -> list[Problem]:
    found = []
    if not _NAME.fullmatch(body.name):
        found.append(
            Problem(INVALID, f"{body.name!r:.100} is no name of a cluster", "name", suggestion="Give it a short name.")
        )
    parts = urlsplit(body.server)
    if parts.scheme != "https" or not parts.hostname or parts.username or parts.query:
        found.append(Problem(INVALID, f"{body.server!r:.200} is no https address of an API server", "server"))
    if not body.token or len(body.token) > _MAX_CHARACTERS or not body.token.isprintable():
        found.append(Problem(INVALID, "that is no token of a ServiceAccount", "token"))
    if body.ca_data and not _is_base64(body.ca_data):
        found.append(Problem(INVALID, "the authority is no base64 of a PEM certificate", "caData"))
    return found


def _is_base64(text: str) -> bool:
    try:
        return b"BEGIN CERTIFICATE" in base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        return False
