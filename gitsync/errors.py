"""Errors of the engine, by how they are handled. Adapters define their own leaves under these.

    GitsyncError
    ├── Failed       this attempt is over; shown as a condition or operation message, tried again on the next change
    │   └── (leaves: ManifestError, RenderError, RepositoryError, ClusterError, ...)
    ├── Waiting      not an error yet: try again after `retry_after_seconds`
    └── Stalled      no retry helps until somebody changes the spec; shown, not retried

Every message names the file, line or object, and ends with the next step in `suggestion`.
"""


class GitsyncError(Exception):
    """Root. `str()` is safe to show: no secret ever gets into it."""

    def __init__(self, message: str, *, suggestion: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.suggestion = suggestion


class Failed(GitsyncError):
    """This attempt is over; shown, and tried again when something changes or the retry is due."""


class Waiting(GitsyncError):
    """Not an error yet; try again after `retry_after_seconds`."""

    def __init__(self, message: str, *, retry_after_seconds: float, suggestion: str = "") -> None:
        super().__init__(message, suggestion=suggestion)
        self.retry_after_seconds = retry_after_seconds


class Stalled(GitsyncError):
    """No retry helps until somebody changes the spec."""
