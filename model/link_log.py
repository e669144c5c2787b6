"""The messages of `model.link` that show a runtime's own log. Secrets are cut out before a line is kept."""

import msgspec

from model.link_message import Message


class LogLine(msgspec.Struct, frozen=True):
    """`text` is one JSON object; `component` is the part of the runtime that wrote it, such as gitsync.link."""

    component: str
    text: str


class ReadRuntimeLog(Message, frozen=True):
    """-> RuntimeLogAnswer: the newest lines, of all components unless one is named."""

    lines: int = 1_000
    component: str = ""


class RuntimeLogAnswer(Message, frozen=True):
    """Oldest first."""

    lines: tuple[LogLine, ...]
