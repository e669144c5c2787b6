"""Environments as runtimes report them: one name is one environment, whichever runtime says something of it. Pure."""

from collections.abc import Iterable
from dataclasses import dataclass

from model.report import EnvironmentPlace, EnvironmentSummary

ENVIRONMENT_KIND = "Environment"


@dataclass(frozen=True, slots=True)
class Environment:
    """`places` and `problems` each name the runtime that reports them. `production`: somebody says that it is."""

    name: str
    production: bool
    places: tuple[tuple[str, EnvironmentPlace], ...]
    problems: tuple[tuple[str, str], ...]


def gathered(reported: Iterable[tuple[str, EnvironmentSummary]]) -> list[Environment]:
    """From (runtime, what it reports); production first, then by name."""
    by_name: dict[str, list[tuple[str, EnvironmentSummary]]] = {}
    for runtime, one in reported:
        by_name.setdefault(one.name, []).append((runtime, one))
    found = [
        Environment(
            name=name,
            production=any(one.production for _, one in told),
            places=tuple((runtime, place) for runtime, one in told for place in one.places),
            problems=tuple((runtime, one.problem) for runtime, one in told if one.problem),
        )
        for name, told in by_name.items()
    ]
    return sorted(found, key=lambda one: (not one.production, one.name))
