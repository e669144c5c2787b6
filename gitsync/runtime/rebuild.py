"""Rebuilds a runtime on a cluster from the shared configuration repository: everything that makes it is there.

What is not there already is made, in this order: namespace, kinds, the credential for the repository, the engine's own
objects, and the application that reads the runtime's part of the repository. The engine does the rest; its progress is
told until every application has arrived. Done again it changes nothing, so whoever was interrupted starts it anew.
"""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from gitsync.changes.shared_configuration import BOOTSTRAP, HOME, Contained, SharedConfiguration, contained
from gitsync.errors import Stalled
from gitsync.git.credentials import GitCredential
from gitsync.git.repositories import Repositories
from gitsync.kube.client import Cluster
from gitsync.kube.errors import AlreadyExists
from gitsync.manifest.object import JsonObject
from gitsync.runtime.install import install_definitions, install_rollout_definitions
from model.identity import GroupVersionKind
from model.kinds.application import GROUP, KIND, VERSION

_APPLICATION = GroupVersionKind(GROUP, VERSION, KIND)
_MANAGER = "argosy"
_CREDENTIAL = "argosy-shared-configuration"
_LOOK_SECONDS = 1.0
_AT_MOST_NAMED = 5


class NothingToRebuild(Stalled):
    """The repository holds no runtime of this name."""


@dataclass(frozen=True, slots=True)
class Rebuild:
    """`engine`: what installs the engine, in order; empty where it runs otherwise. `credential` None: the repository
    is public, or its Secret is in the cluster already; it is for everything below `credential_url`."""

    configuration: SharedConfiguration
    data_dir: Path
    engine: tuple[JsonObject, ...] = ()
    credential: GitCredential | None = None
    credential_url: str = ""
    patience_seconds: float = 600.0


@dataclass(frozen=True, slots=True)
class Progress:
    """Applications that are there, those that have arrived, and what the others lack."""

    total: int
    arrived: int
    missing: Mapping[str, str] = field(default_factory=dict)

    @property
    def told(self) -> str:
        names = [f"{name} ({why})" for name, why in sorted(self.missing.items())]
        more = f" and {len(names) - _AT_MOST_NAMED} more" if len(names) > _AT_MOST_NAMED else ""
        waits = f"; waiting for {', '.join(names[:_AT_MOST_NAMED])}{more}" if names else ""
        return f"{self.arrived} of {self.total} applications have arrived{waits}"


async def rebuild(
    wanted: Rebuild, cluster: Cluster, *, tell: Callable[[str], None], now: Callable[[], datetime]
) -> Progress:
    """How far it got: complete when nothing is missing. Raises GitsyncError when it cannot begin."""
    found = await _read(wanted, now)
    tell(f"{wanted.configuration.repo_url}: clusters {_named(found.clusters)}; Git Sources {_named(found.git_sources)}")
    await _make(cluster, {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": _namespace(wanted)}}, tell)
    await install_definitions(cluster, _namespace(wanted))
    await install_rollout_definitions(cluster)
    tell("kinds and the project `default` are there")
    if wanted.credential is not None:
        await cluster.apply(_secret(wanted, wanted.credential), manager=_MANAGER)
        tell(f"the credential for {wanted.credential_url} is there")
    for body in wanted.engine:
        await cluster.apply(body, manager=_MANAGER)
        tell(f"{body['kind']} {body['metadata']['name']} is there")
    await _require_ours(cluster, wanted.configuration)
    await _make(cluster, wanted.configuration.bootstrap(), tell)
    return await _follow(wanted, cluster, found, tell)


async def _read(wanted: Rebuild, now: Callable[[], datetime]) -> Contained:
    repositories = Repositories(wanted.data_dir, credentials=_One(wanted.credential), clock=now)
    configuration = wanted.configuration
    try:
        head = await repositories.resolve(configuration.repo_url, "", fresh=True)
        tree = await repositories.tree(configuration.repo_url, head.commit)
        found = await tree.run(lambda files: contained(files, configuration))
    finally:
        await repositories.close()
    if not found.exists or HOME not in found.clusters:
        raise NothingToRebuild(
            f"{configuration.repo_url} has no {configuration.folder}/{HOME}.yaml",
            suggestion=f"Choose one of its runtimes: {_named(found.others)}. The file comes with the first Git Source.",
        )
    return found


async def _make(cluster: Cluster, body: JsonObject, tell: Callable[[str], None]) -> None:
    """What is there stays as it is."""
    name = f"{body['kind']} {body['metadata']['name']}"
    try:
        await cluster.create(body, manager=_MANAGER)
        tell(f"{name} made")
    except AlreadyExists:
        tell(f"{name} is there already")


async def _require_ours(cluster: Cluster, configuration: SharedConfiguration) -> None:
    """A cluster that follows another shared configuration is not turned into this runtime by accident."""
    present = await cluster.get(_APPLICATION, configuration.namespace, BOOTSTRAP)
    source = ((present or {}).get("spec") or {}).get("source") or {}
    if present is not None and (source.get("repoURL"), source.get("path")) != (
        configuration.repo_url,
        configuration.folder,
    ):
        raise NothingToRebuild(
            f"the cluster follows {source.get('path')} of {source.get('repoURL')} already",
            suggestion=f"Choose another cluster or namespace, or delete Application {BOOTSTRAP} there first.",
        )


async def _follow(wanted: Rebuild, cluster: Cluster, found: Contained, tell: Callable[[str], None]) -> Progress:
    """Until all have arrived, or the patience is over. A cluster has no event for "all of them", so it is asked."""
    expected = (BOOTSTRAP, HOME, *found.git_sources)
    told, progress = "", Progress(0, 0)
    try:
        async with asyncio.timeout(wanted.patience_seconds):
            while True:
                applications = await cluster.list(_APPLICATION, namespace=_namespace(wanted))
                progress = progress_of(applications, expected)
                if progress.told != told:
                    told = progress.told
                    tell(told)
                if not progress.missing:
                    return progress
                await asyncio.sleep(_LOOK_SECONDS)
    except TimeoutError:
        return progress


def progress_of(applications: Sequence[JsonObject], expected: Sequence[str]) -> Progress:
    """Pure. An application without automated sync has arrived when it has been compared: it waits for a hand."""
    missing = {name: "not there yet" for name in expected}
    for body in applications:
        name = body["metadata"]["name"]
        missing.pop(name, None)
        if why := _lacks(body):
            missing[name] = why
    total = len(applications) + sum(why == "not there yet" for why in missing.values())
    return Progress(total, total - len(missing), missing)


def _lacks(body: JsonObject) -> str:
    status = body.get("status") or {}
    errors = [one for one in status.get("conditions") or () if str(one.get("type", "")).endswith("Error")]
    if errors:
        return str(errors[0].get("message"))[:200]
    sync = (status.get("sync") or {}).get("status") or ""
    health = (status.get("health") or {}).get("status") or ""
    if sync not in ("Synced", "OutOfSync"):
        return "not compared yet"
    automated = ((body.get("spec") or {}).get("syncPolicy") or {}).get("automated")
    if automated is None or automated.get("enabled") is False:
        return ""
    if sync != "Synced":
        return "out of sync"
    return "" if health in ("Healthy", "Suspended") else (health or "no health").lower()


class _One:
    """`gitsync.git.credentials.CredentialSource` of one repository."""

    def __init__(self, credential: GitCredential | None) -> None:
        self._credential = credential

    async def credential_for(self, url: str) -> GitCredential | None:
        return self._credential


def _secret(wanted: Rebuild, credential: GitCredential) -> JsonObject:
    secret = {"username": credential.username, "password": credential.password}
    if credential.ssh_private_key:
        secret = {"sshPrivateKey": credential.ssh_private_key}
    return {
        "apiVersion": "v1",
        "kind": "Secret",
        "metadata": {
            "name": _CREDENTIAL,
            "namespace": _namespace(wanted),
            "labels": {"argocd.argoproj.io/secret-type": "repo-creds"},
        },
        "type": "Opaque",
        "stringData": {"type": "git", "url": wanted.credential_url, **secret},
    }


def _namespace(wanted: Rebuild) -> str:
    return wanted.configuration.namespace


def _named(names: Sequence[str]) -> str:
    return ", ".join(names) or "none"
