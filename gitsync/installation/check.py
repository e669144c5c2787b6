"""Whether a runtime could be installed with these values: asked before anything is made, and changing nothing.

The control plane is dialled as the runtime would dial it, with a Hello that only asks; the shared configuration is read
with the credential that is given; the cluster is asked what the account of a kubeconfig may do there.
"""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from importlib.metadata import version
from pathlib import Path

from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed, InvalidHandshake, InvalidStatus, InvalidURI, WebSocketException

from gitsync.git.address import redact
from gitsync.git.credentials import GitCredential
from gitsync.git.errors import RepositoryError
from gitsync.git.remote import configure, list_refs
from gitsync.git.settings import GitSettings
from gitsync.kube.access import access_from_kubeconfig
from gitsync.kube.client import Cluster
from gitsync.kube.errors import ClusterError
from model.link import CHECKED, Hello, encode

_REVIEW = "authorization.k8s.io/v1"
_ALL = {"verb": "*", "group": "*", "resource": "*"}


@dataclass(frozen=True, slots=True)
class Wanted:
    """The values of an installation. `config_repo` "" and `kubeconfig` None: not asked about."""

    name: str
    link_url: str
    token: str = field(repr=False)
    config_repo: str = ""
    git_credential: GitCredential | None = None
    kubeconfig: Path | None = None
    context: str = ""
    patience_seconds: float = 10.0


@dataclass(frozen=True, slots=True)
class Finding:
    """`wrong` "": this is fine. Otherwise a sentence, and in `next_step` what to do."""

    about: str
    wrong: str = ""
    next_step: str = ""


async def findings(wanted: Wanted) -> AsyncIterator[Finding]:
    """One for each thing that was asked, as it is answered."""
    yield await _link(wanted)
    if wanted.config_repo:
        yield await _repository(wanted)
    if wanted.kubeconfig is not None:
        yield await _rights(wanted, wanted.kubeconfig)


async def _link(wanted: Wanted) -> Finding:
    about = f"control plane at {wanted.link_url}, token and name {wanted.name}"
    hello = Hello(wanted.name, version("argosy"), session="", last_acknowledged=0, check=True)
    try:
        async with connect(
            wanted.link_url,
            additional_headers={"Authorization": f"Bearer {wanted.token}"},
            open_timeout=wanted.patience_seconds,
            close_timeout=2,
            proxy=None,
        ) as socket:
            await socket.send(encode(hello))
            async with asyncio.timeout(wanted.patience_seconds):
                await socket.recv()
        return Finding(about, "it did not understand the question", "Upgrade the control plane first.")
    except ConnectionClosed as closed:
        code, reason = (closed.rcvd.code, closed.rcvd.reason) if closed.rcvd else (0, "it hung up")
        if code == CHECKED:
            return Finding(about, reason, "Uninstall the other one, or register another name." if reason else "")
        return Finding(about, reason, f"Make a token for this name: argosy runtime token {wanted.name}.")
    except InvalidStatus as refusal:
        status = refusal.response.status_code
        return Finding(about, f"it answered {status}", "Give the address of its /link, such as wss://host/link.")
    except (OSError, TimeoutError, InvalidHandshake, InvalidURI, WebSocketException) as failure:
        told = str(failure) or type(failure).__name__
        return Finding(about, f"it cannot be reached: {told}", "Give an address that pods of this cluster can reach.")


async def _repository(wanted: Wanted) -> Finding:
    about = f"shared configuration {redact(wanted.config_repo)}"
    settings = GitSettings()
    configure(settings)
    try:
        await asyncio.to_thread(list_refs, wanted.config_repo, wanted.git_credential, settings)
    except RepositoryError as failure:
        return Finding(about, failure.message, failure.suggestion or "Check the address and the credential.")
    return Finding(about)


async def _rights(wanted: Wanted, kubeconfig: Path) -> Finding:
    """A runtime applies any kind anywhere, so whoever installs it hands on every right: Kubernetes lets nobody give
    more than they have."""
    about = "rights in the cluster"
    spec = {"resourceAttributes": _ALL}
    body = {"apiVersion": _REVIEW, "kind": "SelfSubjectAccessReview", "metadata": {"name": ""}, "spec": spec}
    try:
        cluster = await Cluster.connect(access_from_kubeconfig(kubeconfig, context=wanted.context))
        try:
            answer = await cluster.create(body)
        finally:
            await cluster.close()
    except ClusterError as failure:
        return Finding(about, failure.message, failure.suggestion or "Check the kubeconfig and its context.")
    if (answer.body.get("status") or {}).get("allowed"):
        return Finding(about)
    hint = "Install with an administrator's account, or bring the rights yourself (rbac.create=false)."
    return Finding(about, "this account may not do everything there, and so cannot give the runtime its rights", hint)
