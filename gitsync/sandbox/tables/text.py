"""How people read ages and lists in tables."""

from collections.abc import Mapping
from datetime import datetime

from gitsync.manifest.object import JsonObject

NONE = "<none>"
UNKNOWN = "<unknown>"


def age(since: str | None, now: str) -> str:
    """How long ago: `12s`, `5m30s`, `3h`, `2d4h`."""
    if not since:
        return UNKNOWN
    return duration((datetime.fromisoformat(now) - datetime.fromisoformat(since)).total_seconds())


def duration(seconds: float) -> str:
    """A time span in at most two units."""
    left = int(seconds)
    if left < 0:
        return "0s"
    minutes, hours, days = left // 60, left // 3600, left // 86400
    if left < 120:
        return f"{left}s"
    if minutes < 10:
        return f"{minutes}m{left % 60}s" if left % 60 else f"{minutes}m"
    if minutes < 180:
        return f"{minutes}m"
    if hours < 8:
        return f"{hours}h{minutes % 60}m" if minutes % 60 else f"{hours}h"
    if hours < 48:
        return f"{hours}h"
    if days < 8:
        return f"{days}d{hours % 24}h" if hours % 24 else f"{days}d"
    if days < 730:
        return f"{days}d"
    return f"{days // 365}y{days % 365}d" if days % 365 and days < 2920 else f"{days // 365}y"


def pairs(labels: Mapping[str, str] | None) -> str:
    return ",".join(f"{key}={value}" for key, value in sorted((labels or {}).items())) or NONE


def status_of(body: JsonObject) -> JsonObject:
    status: JsonObject = body.get("status") or {}
    return status


def spec_of(body: JsonObject) -> JsonObject:
    spec: JsonObject = body.get("spec") or {}
    return spec
