"""Errors of SOPS.

Failed
└── SopsError
    ├── RuleUnusable   `.sops.yaml` asks for something that cannot be done here
    └── NotOpened      a document cannot be opened, or was changed after it was encrypted
"""

from gitsync.errors import Failed


class SopsError(Failed):
    """Root of the errors of SOPS."""


class RuleUnusable(SopsError):
    """`.sops.yaml` asks for something that cannot be done here."""


class NotOpened(SopsError):
    """A document cannot be opened, or was changed after it was encrypted."""
