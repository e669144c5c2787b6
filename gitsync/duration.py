"""Durations as Go spells them, which is how Kubernetes and Argo's objects do."""

import re

_PART = re.compile(r"(\d+(?:\.\d*)?|\.\d+)(ns|us|µs|ms|s|m|h)")
_UNIT_SECONDS = {"ns": 1e-9, "us": 1e-6, "µs": 1e-6, "ms": 1e-3, "s": 1.0, "m": 60.0, "h": 3600.0}


def parse_duration(text: str) -> float | None:
    """Seconds of a Go duration ("1m30s"); a bare number counts seconds; None when it is neither."""
    text = text.strip()
    if re.fullmatch(r"\d+", text):
        return float(text)
    if not text or "".join(part.group(0) for part in _PART.finditer(text)) != text:
        return None
    return sum(float(part.group(1)) * _UNIT_SECONDS[part.group(2)] for part in _PART.finditer(text))
