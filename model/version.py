"""Versions of our own releases, compared."""

import re

#: Runtimes older than this have a hole that is known. The release that closes one writes itself here.
SECURE_SINCE = "0.1.0"
_NUMBERS = re.compile(r"\d+")


def is_older(version: str, than: str) -> bool:
    """By their numbers, `0.2.0` before `0.10.0`; False for what names no release."""
    left, right = _numbers(version), _numbers(than)
    return bool(left and right) and left < right


def security_requires(version: str, least: str = "") -> str | None:
    """The version that one of `version` has to be upgraded to at least; None: it may stay. `least`: what the operator
    asks for, which counts where it is newer than what is known here."""
    wanted = least if is_older(SECURE_SINCE, than=least) else SECURE_SINCE
    return wanted if is_older(version, than=wanted) else None


def _numbers(version: str) -> tuple[int, ...]:
    release = version.split("+")[0].removeprefix("v")
    return tuple(int(part) for part in _NUMBERS.findall(release)[:3])
