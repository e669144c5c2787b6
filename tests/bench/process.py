"""What processes cost, as the kernel accounts it."""

import os
from dataclasses import dataclass
from pathlib import Path

_TICKS_PER_SECOND = os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True, slots=True)
class Cost:
    """CPU seconds (with those of ended children), and resident memory in MiB: its peak, and now."""

    cpu_seconds: float
    peak_mib: float
    resident_mib: float

    def since(self, before: "Cost") -> "Cost":
        return Cost(self.cpu_seconds - before.cpu_seconds, self.peak_mib, self.resident_mib)


def cost_of(pid: int) -> Cost:
    """Cost of one process and everything below it, so far."""
    pids = [pid, *descendants(pid)]
    return Cost(
        sum(map(_cpu_seconds, pids)),
        sum(_memory_mib(one, "VmHWM") for one in pids),
        sum(_memory_mib(one, "VmRSS") for one in pids),
    )


def descendants(pid: int) -> list[int]:
    children: list[int] = []
    for task in Path(f"/proc/{pid}/task").glob("*/children"):
        try:
            children += map(int, task.read_text().split())
        except FileNotFoundError:
            continue
    return children + [grandchild for child in children for grandchild in descendants(child)]


def find_process(root: int, *words: str) -> int | None:
    """The process below `root` whose command line holds all the words."""
    for pid in descendants(root):
        try:
            command = Path(f"/proc/{pid}/cmdline").read_bytes().decode(errors="replace")
        except FileNotFoundError:
            continue
        if all(word in command for word in words):
            return pid
    return None


def _cpu_seconds(pid: int) -> float:
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except FileNotFoundError:
        return 0.0
    return sum(int(fields[index]) for index in (11, 12, 13, 14)) / _TICKS_PER_SECOND


def _memory_mib(pid: int, field: str) -> float:
    try:
        status = Path(f"/proc/{pid}/status").read_text()
    except FileNotFoundError:
        return 0.0
    return next((int(line.split()[1]) / 1024 for line in status.splitlines() if line.startswith(f"{field}:")), 0.0)
