"""Pull requests and issues that commit messages name, as Git hosts and people write them. Pure."""

import re
from collections.abc import Iterable
from dataclasses import dataclass

from model.report import CommitInfo

_MERGE = re.compile(r"^Merge (?:pull request #(\d+)|.*\n(?:.*\n)*See merge request \S*?!(\d+))", re.MULTILINE)
_SQUASHED = re.compile(r"^.*\((?:#|pull request #|!)(\d+)\)\s*$")
_BITBUCKET = re.compile(r"^Merged in \S+ \(pull request #(\d+)\)")
_CLOSES = re.compile(r"\b(?:close[sd]?|fix(?:e[sd])?|resolve[sd]?)[: ]+#(\d+)\b", re.IGNORECASE)
_TICKET = re.compile(r"\b([A-Z][A-Z0-9]{1,9}-\d{1,7})\b")
_NO_TICKETS = frozenset({"UTF-8", "UTF-16", "SHA-1", "SHA-256", "SHA-512", "ISO-8601", "RFC-3339", "CVE-0"})
_LONGEST = 20_000


@dataclass(frozen=True, slots=True)
class PullRequestReference:
    """`commit` is what brought it, `title` what that says of it."""

    key: str
    title: str
    commit: CommitInfo


def pull_requests(commits: Iterable[CommitInfo]) -> list[PullRequestReference]:
    """In the order of the commits, each once."""
    found: dict[str, PullRequestReference] = {}
    for commit in commits:
        message = commit.message[:_LONGEST]
        first, _, rest = message.partition("\n")
        number = next((one for one in (_BITBUCKET.match(first), _SQUASHED.match(first)) if one), None)
        merge = _MERGE.match(message)
        key = number[1] if number else (merge[1] or merge[2]) if merge else ""
        if key:
            title = next((line for line in rest.split("\n") if line.strip()), first) if merge else first
            found.setdefault(key, PullRequestReference(key, title.strip(), commit))
    return list(found.values())


def issues(commits: Iterable[CommitInfo]) -> list[str]:
    """Keys such as SHOP-12, and numbers (#12) that a commit says it closes; each once."""
    found: dict[str, None] = {}
    for commit in commits:
        message = commit.message[:_LONGEST]
        found |= dict.fromkeys(key for key in _TICKET.findall(message) if key not in _NO_TICKETS)
        found |= dict.fromkeys(f"#{number}" for number in _CLOSES.findall(message))
    return list(found)
