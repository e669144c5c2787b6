"""Argo CD's ConfigMap argocd-cmd-params-cm as values: what an installation says to its controllers as flags.

Pure. Flags of our own command win. Read once at the start, as Argo CD does; a key that cannot be read keeps its
default and is named in `problems`.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from gitsync.duration import parse_duration
from gitsync.project.glob import matches_or_regex
from gitsync.settings import ControllerFlags

CONFIG_MAP = "argocd-cmd-params-cm"
_SYNC_TIMEOUT = "controller.sync.timeout.seconds"
_NAMESPACES = "application.namespaces"
_SET_NAMESPACES = "applicationsetcontroller.namespaces"
_SERVER_SIDE_DIFF = "controller.diff.server.side"


@dataclass(frozen=True, slots=True)
class SyncLimit:
    """How long one attempt of any operation may take, and who says so. 0 seconds: for ever."""

    seconds: float = 0.0
    said_by: str = ""


@dataclass(frozen=True, slots=True)
class CommandParameters:
    """Namespaces are patterns: where Applications, and ApplicationSets, may be besides the home namespace."""

    sync_limit: SyncLimit = SyncLimit()
    application_namespaces: tuple[str, ...] = ()
    application_set_namespaces: tuple[str, ...] = ()
    server_side_diff: bool = False
    problems: tuple[str, ...] = ()


DEFAULT_PARAMETERS = CommandParameters()


def read_parameters(data: Mapping[str, Any], flags: ControllerFlags) -> CommandParameters:
    """`data` is the ConfigMap's. Never raises."""
    reader, seconds = _Reader(data), flags.sync_timeout_seconds
    return CommandParameters(
        sync_limit=reader.limit() if seconds is None else SyncLimit(seconds, "--sync-timeout"),
        application_namespaces=flags.application_namespaces or reader.patterns(_NAMESPACES),
        application_set_namespaces=flags.application_set_namespaces or reader.patterns(_SET_NAMESPACES),
        server_side_diff=flags.server_side_diff or reader.switch(_SERVER_SIDE_DIFF),
        problems=tuple(reader.problems),
    )


def is_among(namespace: str, patterns: tuple[str, ...]) -> bool:
    """Whether one of the patterns fits: a glob, or a regular expression between slashes."""
    return any(matches_or_regex(pattern, namespace) for pattern in patterns)


def why_no_pattern(pattern: str) -> str:
    """What is wrong with a pattern of namespaces, or ""."""
    if not _is_expression(pattern):
        return ""
    try:
        re.compile(pattern[1:-1])
    except re.error as error:
        return f"{pattern!r:.100} is no regular expression: {error}"
    return ""


def _is_expression(pattern: str) -> bool:
    return len(pattern) > 1 and pattern.startswith("/") and pattern.endswith("/")


@dataclass(slots=True)
class _Reader:
    data: Mapping[str, Any]
    problems: list[str] = field(default_factory=list)

    def limit(self) -> SyncLimit:
        text = self._text(_SYNC_TIMEOUT)
        seconds = parse_duration(text) if text else 0.0
        if seconds is None:
            self._problem(_SYNC_TIMEOUT, f"is {text[:40]!r}, and should be a number of seconds")
        return SyncLimit(seconds or 0.0, f"{_SYNC_TIMEOUT} of {CONFIG_MAP}")

    def patterns(self, key: str) -> tuple[str, ...]:
        found = [word for part in self._text(key).split(",") if (word := part.strip())]
        for pattern in found:
            if why := why_no_pattern(pattern):
                self._problem(key, why)
        return tuple(pattern for pattern in found if not why_no_pattern(pattern))

    def switch(self, key: str) -> bool:
        text = self._text(key).lower()
        if text not in ("", "true", "false"):
            self._problem(key, f"is {text[:40]!r}, and should be true or false")
        return text == "true"

    def _text(self, key: str) -> str:
        value = self.data.get(key)
        return "" if value is None else str(value).strip()

    def _problem(self, key: str, message: str) -> None:
        self.problems.append(f"{key} of {CONFIG_MAP} {message}")
