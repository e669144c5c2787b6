"""One byte form per JSON value, so that equal values have equal digests."""

import hashlib
from typing import Any

import orjson


def canonical_json(body: Any) -> bytes:
    """Compact JSON with sorted keys."""
    return orjson.dumps(body, option=orjson.OPT_SORT_KEYS)


def digest(body: Any) -> str:
    """32 hexadecimal characters that stand for the value."""
    return hashlib.blake2b(canonical_json(body), digest_size=16).hexdigest()
