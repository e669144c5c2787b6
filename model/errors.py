"""Errors of the values themselves.

ModelError
├── InvalidIdentity     an id or address that cannot be decoded
├── InvalidValue        something that a person gave has no meaning
├── NotFound            the named thing does not exist, or the viewer may not know that it does
├── Conflict            it exists already, or has changed since it was read
└── IllegalTransition   an operation cannot go from its phase to the asked one
"""


class ModelError(Exception):
    """Root of the errors of this package."""


class InvalidIdentity(ModelError):
    """An id or address that cannot be decoded."""


class InvalidValue(ModelError):
    """Something that a person gave has no meaning."""


class NotFound(ModelError):
    """The named thing does not exist, or the viewer may not know that it does."""


class Conflict(ModelError):
    """It exists already, or has changed since it was read."""


class IllegalTransition(ModelError):
    """An operation cannot go from its phase to the asked one."""
