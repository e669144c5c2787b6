"""What Git hosts answer, in one shape, and how generators are told of it."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from gitsync.appset.sprig.name import normalize, slugify


@dataclass(frozen=True, slots=True)
class HostedRepository:
    """`key` is how the host's API calls it; `clone_urls` by protocol (`https`, `ssh`)."""

    organization: str
    name: str
    key: str
    id: str
    default_branch: str
    clone_urls: Mapping[str, str]
    labels: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class HostedBranch:
    name: str
    sha: str


@dataclass(frozen=True, slots=True)
class PullRequest:
    number: str
    title: str
    branch: str
    target_branch: str
    sha: str
    labels: tuple[str, ...]
    author: str


def repository_entry(repository: HostedRepository, branch: HostedBranch, url: str) -> dict[str, Any]:
    return {
        "organization": repository.organization,
        "repository": repository.name,
        "repository_id": repository.id,
        "url": url,
        "branch": branch.name,
        "branchNormalized": normalize(branch.name),
        "sha": branch.sha,
        "short_sha": branch.sha[:8],
        "short_sha_7": branch.sha[:7],
        "labels": list(repository.labels),
    }


def pull_request_entry(one: PullRequest) -> dict[str, Any]:
    return {
        "number": one.number,
        "title": one.title,
        "branch": one.branch,
        "branch_slug": slugify(one.branch),
        "target_branch": one.target_branch,
        "target_branch_slug": slugify(one.target_branch),
        "head_sha": one.sha,
        "head_short_sha": one.sha[:8],
        "head_short_sha_7": one.sha[:7],
        "labels": list(one.labels),
        "author": one.author,
    }
