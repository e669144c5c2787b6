"""What one request may cost."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class GitHostLimits:
    """Sizes are counted after decompression, so that a small gzip body cannot become a large one."""

    body_bytes: int = 256 * 1024 * 1024
    page_bytes: int = 1024 * 1024
    exchange_seconds: float = 120.0
    queue_seconds: float = 10.0
    processes: int = 16
