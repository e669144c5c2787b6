"""Errors of changes.

Failed
└── ChangeImpossible
    ├── NotInGit       no file that can be edited holds the object; the message says what does
    └── BadInput       the change asks for something that cannot be; `field` says which part of it
"""

from gitsync.errors import Failed


class ChangeImpossible(Failed):
    """Root of the errors of changes."""


class NotInGit(ChangeImpossible):
    """No file that can be edited holds the object; the message says what does."""


class BadInput(ChangeImpossible):
    """The change asks for something that cannot be."""

    def __init__(self, message: str, *, field: str = "", line: int | None = None, suggestion: str = "") -> None:
        super().__init__(message, suggestion=suggestion)
        self.field = field
        self.line = line
