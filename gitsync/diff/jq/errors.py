"""What can be wrong with an expression."""

from gitsync.errors import Failed


class ExpressionError(Failed):
    """Root of what can be wrong with an expression."""


class ExpressionUnusable(ExpressionError):
    """It is no jq, or jq that we do not have."""


class ExpressionTooCostly(ExpressionError):
    """It takes more steps, or makes larger values, than anybody needs to name fields."""


class ExpressionFailed(ExpressionError):
    """It does not fit the value that it is run on: a list is asked for a name, nothing for its items."""
