"""Rebuilding a runtime from the command line: what was chosen becomes a `Rebuild`, progress lines, and an exit code."""

import asyncio
import sys
import tempfile
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NoReturn

import click

from gitsync.access.secret import host_of
from gitsync.changes.shared_configuration import SharedConfiguration
from gitsync.errors import GitsyncError
from gitsync.git.credentials import GitCredential
from gitsync.kube.access import access_from_kubeconfig
from gitsync.kube.client import Cluster
from gitsync.runtime.rebuild import Progress, Rebuild, rebuild
from model.identity import GroupVersionKind

_SECRET = GroupVersionKind("", "v1", "Secret")


def rebuild_runtime(
    name: str,
    *,
    config_repo: str,
    namespace: str,
    kubeconfig: Path,
    context: str,
    user: str,
    password: str,
    engine: Sequence[Mapping[str, Any]],
    patience_seconds: float,
) -> bool:
    """False when something is still missing. Exits with 1 and the reason when it cannot begin."""
    with tempfile.TemporaryDirectory(prefix="argosy-rebuild-") as folder:
        wanted = Rebuild(
            SharedConfiguration(config_repo, name, namespace),
            Path(folder),
            engine=tuple(dict(one) for one in engine),
            credential=GitCredential(user, password) if password else None,
            credential_url=host_of(config_repo) or config_repo,
            patience_seconds=patience_seconds,
        )
        try:
            progress = asyncio.run(_rebuild(wanted, kubeconfig, context))
        except GitsyncError as failure:
            _give_up(failure)
    for application, why in sorted(progress.missing.items()):
        click.echo(f"{application}: {why}", err=True)
    return not progress.missing


def has_secret(kubeconfig: Path, context: str, namespace: str, name: str) -> bool:
    """Whether the cluster holds this Secret. Exits with 1 and the reason when it cannot be asked."""

    async def ask() -> bool:
        cluster = await Cluster.connect(access_from_kubeconfig(kubeconfig, context=context))
        try:
            return await cluster.get(_SECRET, namespace, name) is not None
        finally:
            await cluster.close()

    try:
        return asyncio.run(ask())
    except GitsyncError as failure:
        _give_up(failure)


def _give_up(failure: GitsyncError) -> NoReturn:
    click.echo(f"Error: {failure.message} {failure.suggestion}".rstrip(), err=True)
    sys.exit(1)


async def _rebuild(wanted: Rebuild, kubeconfig: Path, context: str) -> Progress:
    cluster = await Cluster.connect(access_from_kubeconfig(kubeconfig, context=context))
    try:
        return await rebuild(wanted, cluster, tell=click.echo, now=lambda: datetime.now(UTC))
    finally:
        await cluster.close()
