"""The messages of `model.link` that show a runtime's own log. Secrets are cut out before a line is kept."""

import msgspec


class _Message(msgspec.Struct, frozen=True, tag_field="_", tag=True, omit_defaults=True):
    """Settings that all messages share: the class name is the tag."""


class LogLine(msgspec.Struct, frozen=True):
    """`text` is one JSON object; `component` is the part of the runtime that wrote it, such as gitsync.link."""

    component: str
    text: str


class ReadRuntimeLog(_Message, frozen=True):
    """-> RuntimeLogAnswer: the newest lines, of all components unless one is named."""

    lines: int = 1_000
    component: str = ""


class RuntimeLogAnswer(_Message, frozen=True):
    """Oldest first."""

    lines: tuple[LogLine, ...]
