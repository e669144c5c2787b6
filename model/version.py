"""Versions of our own releases, compared."""

import re

_NUMBERS = re.compile(r"\d+")


def is_older(version: str, than: str) -> bool:
    """By their numbers, `0.2.0` before `0.10.0`; False for what names no release."""
    left, right = _numbers(version), _numbers(than)
    return bool(left and right) and left < right


def _numbers(version: str) -> tuple[int, ...]:
    release = version.split("+")[0].removeprefix("v")
    return tuple(int(part) for part in _NUMBERS.findall(release)[:3])
