"""Why a condition has no answer."""

from gitsync.errors import Failed


class ExpressionInvalid(Failed):
    """The condition cannot be read, or does not fit the value that was measured."""
