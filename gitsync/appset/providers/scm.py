"""Repositories and branches of an organization as entries of the SCM provider generator."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from typing import Any, Protocol

from gitsync.appset.errors import ProviderFailed
from gitsync.appset.provider_filters import keep_entries
from gitsync.appset.providers.api import Api, NotThere
from gitsync.appset.providers.values import HostedBranch, HostedRepository, repository_entry
from gitsync.manifest.object import JsonObject

_MOST_REPOSITORIES = 5000
_OF_REPOSITORIES = ("repositoryMatch", "labelMatch")


class ScmHost(Protocol):
    """One host's API for one organization."""

    api: Api

    def repositories(self) -> AsyncIterator[HostedRepository]: ...

    async def branch(self, repository: HostedRepository, name: str) -> HostedBranch:
        """Raises NotThere."""

    def branches(self, repository: HostedRepository) -> AsyncIterator[HostedBranch]: ...

    async def has(self, repository: HostedRepository, branch: HostedBranch, path: str) -> bool:
        """Whether the path is a file or directory there."""


async def scm_entries(
    host: ScmHost, *, all_branches: bool, protocol: str, filters: Sequence[JsonObject]
) -> list[dict[str, Any]]:
    """Repositories that no filter can fit are not looked into. Raises ProviderFailed."""
    coarse = [{name: rule[name] for name in _OF_REPOSITORIES if rule.get(name)} for rule in filters]
    paths = sorted({path for rule in filters for path in _paths(rule)})
    found: list[HostedRepository] = []
    async for repository in host.repositories():
        told = {"repository": repository.name, "labels": repository.labels}
        if keep_entries("scmProvider", [told], coarse):
            found.append(repository)
        if len(found) > _MOST_REPOSITORIES:
            raise ProviderFailed(f"there are more than {_MOST_REPOSITORIES} repositories", suggestion="Add filters.")
    groups = await asyncio.gather(*(_of_repository(host, one, all_branches, protocol, paths) for one in found))
    return [entry for group in groups for entry in group]


def _paths(rule: JsonObject) -> list[str]:
    return [*(rule.get("pathsExist") or ()), *(rule.get("pathsDoNotExist") or ())]


async def _of_repository(
    host: ScmHost, repository: HostedRepository, all_branches: bool, protocol: str, paths: Sequence[str]
) -> list[dict[str, Any]]:
    async with host.api.slots:
        if all_branches:
            branches = [branch async for branch in host.branches(repository)]
        else:
            branches = await _default_branch(host, repository)
        entries = []
        for branch in branches:
            entry = repository_entry(repository, branch, _clone_url(repository, protocol))
            entry["paths"] = [path for path in paths if await host.has(repository, branch, path)]
            entries.append(entry)
        return entries


async def _default_branch(host: ScmHost, repository: HostedRepository) -> list[HostedBranch]:
    """None of an empty repository."""
    try:
        return [await host.branch(repository, repository.default_branch)]
    except NotThere:
        return []


def _clone_url(repository: HostedRepository, protocol: str) -> str:
    wanted = protocol or "ssh"
    if wanted not in ("ssh", "https", "http"):
        raise ProviderFailed(f"unknown cloneProtocol {wanted!r:.100}", suggestion="Use ssh or https.")
    return repository.clone_urls.get("https" if wanted == "http" else wanted, "")
