"""Errors of repositories. Messages carry URLs without their credentials.

Failed
└── RepositoryError
    ├── RepositoryUnreachable    no answer, an answer too late, or a server error: may pass by itself
    ├── AuthenticationRefused    the host wants other credentials, or forbids these
    ├── HostKeyRefused           the SSH server shows a key that nobody told us of
    ├── RepositoryNotFound       the host knows no such repository, or hides it from these credentials
    ├── RevisionNotFound         the repository has no such branch, tag or commit
    ├── PathNotFound             the commit has nothing at this path
    ├── PathRefused              a path or symbolic link leads out of the repository
    ├── AddressRefused           the URL is none that we fetch from
    ├── PushRefused              the host takes no push to this branch from this person
    ├── EditConflict             somebody else changed the same thing since it was read
    ├── NothingChanged           the change leaves every file as it is
    ├── Overtaken                somebody else pushed first; the change is made again on their commit
    ├── SignatureRefused         a commit or tag is not signed, or not by a key that we have
    ├── MirrorDamaged            our copy on disk cannot be read, and a new one could not be made
    └── NoRoom                   our disk is full, or cannot be written: what is there already stays good
"""

from gitsync.errors import Failed


class RepositoryError(Failed):
    """Root of the errors of repositories."""


class RepositoryUnreachable(RepositoryError):
    """No answer, an answer too late, or a server error: may pass by itself."""


class AuthenticationRefused(RepositoryError):
    """The host wants other credentials, or forbids these."""


class HostKeyRefused(RepositoryError):
    """The SSH server shows a key that nobody told us of: it may be another server."""


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


class SignatureRefused(RepositoryError):
    """A commit or tag is not signed, or not by a key that we have."""


class MirrorDamaged(RepositoryError):
    """Our copy on disk cannot be read, and a new one could not be made."""


class NoRoom(RepositoryError):
    """Our disk is full, or cannot be written; what is there already stays good."""


class PushRefused(RepositoryError):
    """The host takes no push to this branch from this person: it is protected, or a hook says no."""


class EditConflict(RepositoryError):
    """Somebody else changed the same thing since it was read. All three versions are text."""

    def __init__(self, message: str, *, base: str, theirs: str, mine: str, suggestion: str = "") -> None:
        super().__init__(message, suggestion=suggestion)
        self.base = base
        self.theirs = theirs
        self.mine = mine


class NothingChanged(RepositoryError):
    """The change leaves every file as it is."""


class Overtaken(RepositoryError):
    """Somebody else pushed first; the change is made again on their commit."""
