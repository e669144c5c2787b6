"""Errors of manifests.

Failed
└── ManifestError   a file that is not a readable set of Kubernetes objects
    └── ObjectInvalid   what surely is a Kubernetes object lacks what each of them has
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


class ObjectInvalid(ManifestError):
    """It has apiVersion and kind, so it is meant as an object; its metadata is not what metadata has to be."""
