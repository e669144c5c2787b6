"""Errors of the ledger.

Failed
└── LedgerUnavailable   the operation could not be written down in time, so it must not run
"""

from gitsync.errors import Failed


class LedgerUnavailable(Failed):
    """The operation could not be written down in time, so it must not run."""
