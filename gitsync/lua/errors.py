"""What can go wrong with a script."""

from gitsync.errors import Failed


class ScriptError(Failed):
    """The script does not compile, raised an error, used too much, or returned something that is no JSON."""


class ScriptExpired(ScriptError):
    """The script was stopped because it ran for too long."""
