"""Logs of the runtime process: one line per event on standard error, secrets cut out in one place.

The newest lines are kept in memory too, so that people can read them where they see the runtime.
"""

import logging
import re
import sys
from collections import deque
from collections.abc import Iterable

import structlog
from structlog.typing import EventDict, WrappedLogger

from model.link_log import LogLine

_SECRET_WORDS = re.compile(r"token|password|secret_value|authorization", re.IGNORECASE)
_CREDENTIALS_IN_URL = re.compile(r"(?<=://)[^/\s@\"]+@")
_TOKENS = re.compile(r"\barg[str]_[\w-]{16,}|(?<=bearer )[\w.~+/=-]{8,}|(?<=basic )[\w+/=]{8,}", re.IGNORECASE)
_LEVELS = {"debug": logging.DEBUG, "info": logging.INFO, "warning": logging.WARNING, "error": logging.ERROR}
_MAX_LINES = 4_000
_MAX_CHARACTERS = 2_000_000
_MAX_LINE = 4_000


class RecentLines:
    """The newest lines, bounded in number and size."""

    def __init__(self, *, max_lines: int = _MAX_LINES, max_characters: int = _MAX_CHARACTERS) -> None:
        self._lines: deque[LogLine] = deque()
        self._max_lines = max_lines
        self._max_characters = max_characters
        self._characters = 0

    def add(self, component: str, text: str) -> None:
        line = LogLine(component, text[:_MAX_LINE])
        self._lines.append(line)
        self._characters += len(line.text)
        while len(self._lines) > self._max_lines or self._characters > self._max_characters:
            self._characters -= len(self._lines.popleft().text)

    def newest(self, count: int, component: str = "") -> tuple[LogLine, ...]:
        """Oldest first; of all components unless one is named."""
        found: Iterable[LogLine] = (one for one in self._lines if component in ("", one.component))
        return tuple(deque(found, maxlen=max(count, 0)))


def redact(_: WrappedLogger, __: str, event: EventDict) -> EventDict:
    """Values under telling names disappear; URLs lose their user and password."""
    for name, value in event.items():
        if _SECRET_WORDS.search(name):
            event[name] = "***"
        elif isinstance(value, str):
            event[name] = without_secrets(value)
    return event


def without_secrets(text: str) -> str:
    return _TOKENS.sub("***", _CREDENTIALS_IN_URL.sub("***@", text))


class _Logger(structlog.PrintLogger):
    """Knows its name, which is the component that speaks."""

    def __init__(self, name: str) -> None:
        super().__init__(sys.stderr)
        self.name = name


class _Rendering:
    """The event as a line: for people at a terminal, else as JSON; kept as JSON."""

    def __init__(self, recent: RecentLines) -> None:
        self._recent = recent
        self._kept = structlog.processors.JSONRenderer()
        self._shown = structlog.dev.ConsoleRenderer(colors=False) if sys.stderr.isatty() else self._kept

    def __call__(self, logger: WrappedLogger, method: str, event: EventDict) -> str:
        line = without_secrets(str(self._kept(logger, method, dict(event))))
        self._recent.add(getattr(logger, "name", "") or "gitsync", line)
        return line if self._shown is self._kept else without_secrets(str(self._shown(logger, method, event)))


def configure_logs(level: str) -> RecentLines:
    """`level` is debug, info, warning or error; anything else is info. Gives back where the newest lines are."""
    recent = RecentLines()
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.format_exc_info,
            redact,
            _Rendering(recent),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(_LEVELS.get(level.lower(), logging.INFO)),
        logger_factory=lambda *names: _Logger(str(names[0]) if names else ""),
        cache_logger_on_first_use=True,
    )
    return recent
