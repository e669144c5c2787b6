"""Rows of the table."""

import json
import platform
import statistics
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from os import cpu_count
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Row:
    """One published figure. `target` is that of the design; `figures` holds everything behind the headline."""

    bench: str
    headline: str
    target: str
    figures: dict[str, float | int | str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Spread:
    """Distribution of a sample, in the sample's unit."""

    p50: float
    p95: float
    worst: float
    count: int

    @staticmethod
    def of(sample: Sequence[float]) -> "Spread":
        ordered = sorted(sample)
        p95 = ordered[min(len(ordered) - 1, int(0.95 * len(ordered)))]
        return Spread(statistics.median(ordered), p95, ordered[-1], len(ordered))

    def milliseconds(self, name: str) -> dict[str, float | int | str]:
        return {
            f"{name}_p50_ms": round(self.p50 * 1000, 1),
            f"{name}_p95_ms": round(self.p95 * 1000, 1),
            f"{name}_worst_ms": round(self.worst * 1000, 1),
            f"{name}_count": self.count,
        }


def table(rows: Sequence[Row]) -> str:
    lines = ["| Bench | Measured | Target |", "| --- | --- | --- |"]
    return "\n".join(lines + [f"| {row.bench} | {row.headline} | {row.target} |" for row in rows])


def write(rows: Sequence[Row], path: Path) -> None:
    machine = {"processors": cpu_count(), "machine": platform.machine(), "python": platform.python_version()}
    body = {"date": datetime.now(UTC).date().isoformat(), "machine": machine, "rows": [asdict(row) for row in rows]}
    path.write_text(json.dumps(body, indent=1) + "\n")
