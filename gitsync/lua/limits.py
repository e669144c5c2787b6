"""How much a script may use. Generous: an honest health check takes some thousand instructions."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Limits:
    """`instructions` take a quarter of a second to a second; `cpu_seconds` catches what is slow within few of them."""

    instructions: int = 100_000_000
    cpu_seconds: float = 1.0
    memory_bytes: int = 64 * 1024 * 1024
    source_bytes: int = 256 * 1024
    result_nodes: int = 200_000
    result_depth: int = 64
    result_text: int = 4 * 1024 * 1024


DEFAULT_LIMITS = Limits()
