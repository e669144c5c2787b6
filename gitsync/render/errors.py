"""Errors of rendering. Besides these, errors of `gitsync.git` and `gitsync.manifest` pass through as they are.

Failed
└── RenderError
    ├── ToolNotSupported   the source needs a tool that this version does not have
    ├── SourceInvalid      the source contradicts itself, or lacks what it needs
    └── SourceTooLarge     more bytes or files than are allowed
"""

from gitsync.errors import Failed


class RenderError(Failed):
    """Root of the errors of rendering."""


class ToolNotSupported(RenderError):
    """The source needs a tool that this version does not have."""


class SourceInvalid(RenderError):
    """The source contradicts itself, or lacks what it needs."""


class SourceTooLarge(RenderError):
    """More bytes or files than are allowed."""
