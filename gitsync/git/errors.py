"""Errors of repositories. Messages carry URLs without their credentials.

Failed
└── RepositoryError
    ├── RepositoryUnreachable    no answer, an answer too late, or a server error: may pass by itself
    ├── AuthenticationRefused    the host wants other credentials, or forbids these
    ├── RepositoryNotFound       the host knows no such repository, or hides it from these credentials
    ├── RevisionNotFound         the repository has no such branch, tag or commit
    ├── PathNotFound             the commit has nothing at this path
    ├── PathRefused              a path or symbolic link leads out of the repository
    ├── AddressRefused           the URL is none that we fetch from
    └── MirrorDamaged            our copy on disk cannot be read, and a new one could not be made
"""

from gitsync.errors import Failed


class RepositoryError(Failed):
    """Root of the errors of repositories."""


class RepositoryUnreachable(RepositoryError):
    """No answer, an answer too late, or a server error: may pass by itself."""


class AuthenticationRefused(RepositoryError):
    """The host wants other credentials, or forbids these."""


class RepositoryNotFound(RepositoryError):
    """The host knows no such repository, or hides it from these credentials."""


class RevisionNotFound(RepositoryError):
    """The repository has no such branch, tag or commit."""


class PathNotFound(RepositoryError):
    """The commit has nothing at this path."""


class PathRefused(RepositoryError):
    """A path or symbolic link leads out of the repository."""


class AddressRefused(RepositoryError):
    """The URL is none that we fetch from."""


class MirrorDamaged(RepositoryError):
    """Our copy on disk cannot be read, and a new one could not be made."""
