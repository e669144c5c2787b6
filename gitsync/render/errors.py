"""Errors of rendering. Besides these, errors of `gitsync.git` and `gitsync.manifest` pass through as they are.

Failed
└── RenderError
    ├── ToolNotSupported   the source needs a tool that this version does not have
    ├── ToolMissing        the source needs a program that is not installed
    ├── SourceInvalid      the source contradicts itself, or lacks what it needs
    ├── SourceTooLarge     more bytes or files than are allowed
    ├── GenerationFailed   the program ran, and refused or exceeded a limit
    └── ChartUnavailable   a chart's repository or registry does not give it
"""

from gitsync.errors import Failed


class RenderError(Failed):
    """Root of the errors of rendering."""


class ToolNotSupported(RenderError):
    """The source needs a tool that this version does not have."""


class ToolMissing(RenderError):
    """The source needs a program that is not installed."""


class SourceInvalid(RenderError):
    """The source contradicts itself, or lacks what it needs."""


class SourceTooLarge(RenderError):
    """More bytes or files than are allowed."""


class GenerationFailed(RenderError):
    """The program ran, and refused or exceeded a limit."""


class ChartUnavailable(RenderError):
    """A chart's repository or registry does not give it."""
