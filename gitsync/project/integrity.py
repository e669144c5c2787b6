"""Which signatures a project demands of a repository: `spec.sourceIntegrity`, or the older `spec.signatureKeys`."""

import enum
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from gitsync.manifest.object import JsonObject
from gitsync.project.glob import matches
from gitsync.project.permits import normalize_url

_MIN_ID = 16  # shorter ids of keys can be forged


class IntegrityMode(enum.StrEnum):
    """HEAD: what is deployed; STRICT: that and all commits before it, back to those that seal what is before them."""

    NONE = "none"
    HEAD = "head"
    STRICT = "strict"


@dataclass(frozen=True, slots=True)
class IntegrityPolicy:
    """`keys` are ids in capitals; a signature counts if the fingerprint of its key ends in one of them."""

    mode: IntegrityMode
    keys: frozenset[str]

    def trusts(self, fingerprints: tuple[str, ...]) -> bool:
        return any(fingerprint.endswith(key) for fingerprint in fingerprints for key in self.keys)


def integrity_policy(project: JsonObject | None, url: str) -> IntegrityPolicy | None:
    """The first policy whose patterns fit the repository. None: no signature is demanded."""
    spec = (project or {}).get("spec") or {}
    for patterns, mode, keys in _policies(spec):
        if any(_fits(pattern, url) for pattern in patterns):
            # What nobody can read demands the most, never nothing.
            known = IntegrityMode(mode) if mode in list(IntegrityMode) else IntegrityMode.STRICT
            trusted = frozenset(key for one in keys if (key := _id(one)))
            return None if known is IntegrityMode.NONE else IntegrityPolicy(known, trusted)
    return None


def _policies(spec: JsonObject) -> Iterator[tuple[list[Any], str, list[Any]]]:
    integrity = spec.get("sourceIntegrity")
    if not isinstance(integrity, dict):
        legacy = [one.get("keyID") for one in _maps(spec.get("signatureKeys"))]
        if legacy:
            yield ["*"], IntegrityMode.HEAD, legacy
        return
    git = integrity.get("git")
    for policy in _maps(git.get("policies") if isinstance(git, dict) else None):
        gpg = policy.get("gpg")
        gpg = gpg if isinstance(gpg, dict) else {}
        yield _patterns(policy.get("repos")), str(gpg.get("mode")), gpg.get("keys") or []


def _patterns(repos: Any) -> list[Any]:
    """Patterns by themselves, or as maps with a `url`."""
    listed = repos if isinstance(repos, list) else []
    return [one.get("url") if isinstance(one, dict) else one for one in listed]


def _fits(pattern: Any, url: str) -> bool:
    """A star crosses slashes here: `https://host/*` is every repository of the host."""
    return isinstance(pattern, str) and (pattern == "*" or matches(normalize_url(pattern), normalize_url(url)))


def _id(key: Any) -> str:
    text = str(key or "").upper().removeprefix("0X").replace(" ", "")
    return text if len(text) >= _MIN_ID else ""


def _maps(value: Any) -> list[JsonObject]:
    return [entry for entry in value if isinstance(entry, dict)] if isinstance(value, list) else []
