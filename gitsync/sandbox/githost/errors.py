"""Errors of the Git host.

GitHostError(Failed)
├── InvalidName           a repository, branch, path or user name that the host does not take
├── UnknownRepository     no such repository
├── BodyTooLarge          a request body above the limit
└── GitProgramFailed      the git program refused or is missing
"""

from gitsync.errors import Failed


class GitHostError(Failed):
    """Root of the Git host's errors."""


class InvalidName(GitHostError):
    """A name that could mean something else than it says."""


class UnknownRepository(GitHostError):
    """No such repository on this host."""


class BodyTooLarge(GitHostError):
    """A request body above the limit."""


class GitProgramFailed(GitHostError):
    """The git program is missing, or ended with an error."""
