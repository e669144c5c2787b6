"""Logs of the runtime process: one line per event on standard error, secrets cut out in one place."""

import logging
import re
import sys

import structlog
from structlog.typing import EventDict, WrappedLogger

_SECRET_WORDS = re.compile(r"token|password|secret_value|authorization", re.IGNORECASE)
_CREDENTIALS_IN_URL = re.compile(r"(?<=://)[^/\s@]+@")
_LEVELS = {"debug": logging.DEBUG, "info": logging.INFO, "warning": logging.WARNING, "error": logging.ERROR}


def redact(_: WrappedLogger, __: str, event: EventDict) -> EventDict:
    """Values under telling names disappear; URLs lose their user and password."""
    for name, value in event.items():
        if _SECRET_WORDS.search(name):
            event[name] = "***"
        elif isinstance(value, str):
            event[name] = _CREDENTIALS_IN_URL.sub("***@", value)
    return event


def configure_logs(level: str) -> None:
    """`level` is debug, info, warning or error; anything else is info."""
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.format_exc_info,
            redact,
            structlog.dev.ConsoleRenderer(colors=False) if sys.stderr.isatty() else structlog.processors.JSONRenderer(),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(_LEVELS.get(level.lower(), logging.INFO)),
        logger_factory=structlog.PrintLoggerFactory(file=sys.stderr),
        cache_logger_on_first_use=True,
    )
