"""Errors of manifests.

Failed
└── ManifestError   a file that is not a readable set of Kubernetes objects
"""

from gitsync.errors import Failed


class ManifestError(Failed):
    """A file that is not a readable set of Kubernetes objects.

    `reason` is the message without its place. `objects_before` counts the good objects that the same file had before
    the bad place: a file with none may be something other than a manifest.
    """

    def __init__(self, reason: str, *, file: str, line: int = 0, suggestion: str = "", objects_before: int = 0) -> None:
        super().__init__(f"{file}:{line}: {reason}" if line else f"{file}: {reason}", suggestion=suggestion)
        self.reason = reason
        self.file = file
        self.line = line
        self.objects_before = objects_before
