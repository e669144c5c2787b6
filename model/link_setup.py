"""The messages of `model.link` that connect a runtime with a Git host: a credential of its own, and its repositories.

The credential goes one way only: to the runtime, which keeps it as a Secret of its home cluster.
"""

from model.link_change import Problem
from model.link_message import Message


class ConnectGitHost(Message, frozen=True):
    """-> GitHostAnswer. `url` is the host or organisation that the credential is for; the repositories are below it.

    Repositories that are missing are made where the host has a way; asked again, what is there is left as it is.
    """

    url: str
    username: str
    token: str
    repositories: tuple[str, ...]

    def __repr__(self) -> str:
        return f"ConnectGitHost(url={self.url!r}, repositories={self.repositories!r})"


class GitHostAnswer(Message, frozen=True):
    """`made`: repositories that were not there. Problems: nothing was kept."""

    provider: str = ""
    made: tuple[str, ...] = ()
    problems: tuple[Problem, ...] = ()
