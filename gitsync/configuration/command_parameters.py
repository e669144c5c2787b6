"""Argo CD's ConfigMap argocd-cmd-params-cm as values: what an installation says to its controllers as flags.

Pure. Flags of our own command win. Read once at the start, as Argo CD does; a key that cannot be read keeps its
default and is named in `problems`.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from gitsync.appset.plan import Policy
from gitsync.duration import parse_duration
from gitsync.project.glob import matches_or_regex
from gitsync.settings import ControllerFlags, GeneratorSettings

_NO_SETTINGS = GeneratorSettings()
CONFIG_MAP = "argocd-cmd-params-cm"
_SYNC_TIMEOUT = "controller.sync.timeout.seconds"
_NAMESPACES = "application.namespaces"
_SETS = "applicationsetcontroller."
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
    generators: GeneratorSettings = _NO_SETTINGS
    problems: tuple[str, ...] = ()


DEFAULT_PARAMETERS = CommandParameters()


def read_parameters(
    data: Mapping[str, Any], flags: ControllerFlags, generators: GeneratorSettings = _NO_SETTINGS
) -> CommandParameters:
    """`data` is the ConfigMap's; `flags` and `generators` what the command says. Never raises."""
    reader, seconds = _Reader(data), flags.sync_timeout_seconds
    return CommandParameters(
        sync_limit=reader.limit() if seconds is None else SyncLimit(seconds, "--sync-timeout"),
        application_namespaces=flags.application_namespaces or reader.patterns(_NAMESPACES),
        application_set_namespaces=flags.application_set_namespaces or reader.patterns(f"{_SETS}namespaces"),
        server_side_diff=flags.server_side_diff or reader.switch(_SERVER_SIDE_DIFF),
        generators=reader.generators(generators),
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
        found = self.words(key)
        for pattern in found:
            if why := why_no_pattern(pattern):
                self._problem(key, why)
        return tuple(pattern for pattern in found if not why_no_pattern(pattern))

    def generators(self, given: GeneratorSettings) -> GeneratorSettings:
        return replace(
            given,
            scm_allow=given.scm_allow or self.words(f"{_SETS}allowed.scm.providers"),
            token_ref_strict=given.token_ref_strict or self.switch(f"{_SETS}enable.tokenref.strict.mode"),
            new_file_globbing=given.new_file_globbing or self.switch(f"{_SETS}enable.new.git.file.globbing"),
            scm_providers=given.scm_providers and self.switch(f"{_SETS}enable.scm.providers", unsaid=True),
            policy=given.policy or self.policy(f"{_SETS}policy"),
            policy_override=self._said(f"{_SETS}enable.policy.override"),
            preserved_labels=given.preserved_labels or self.words(f"{_SETS}global.preserved.labels"),
            preserved_annotations=given.preserved_annotations or self.words(f"{_SETS}global.preserved.annotations"),
        )

    def policy(self, key: str) -> str:
        text = self._text(key)
        if text and text not in tuple(Policy):
            self._problem(key, f"is {text[:40]!r}, and should be one of {', '.join(Policy)}")
            return ""
        return text

    def words(self, key: str) -> tuple[str, ...]:
        return tuple(word for part in self._text(key).split(",") if (word := part.strip()))

    def switch(self, key: str, *, unsaid: bool = False) -> bool:
        said = self._said(key)
        return unsaid if said is None else said

    def _said(self, key: str) -> bool | None:
        text = self._text(key).lower()
        if text not in ("", "true", "false"):
            self._problem(key, f"is {text[:40]!r}, and should be true or false")
            return None
        return text == "true" if text else None

    def _text(self, key: str) -> str:
        value = self.data.get(key)
        return "" if value is None else str(value).strip()

    def _problem(self, key: str, message: str) -> None:
        self.problems.append(f"{key} of {CONFIG_MAP} {message}")
