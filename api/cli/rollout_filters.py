"""Which Rollouts a command is about: the options that choose them, and the list that the API gives."""

import functools
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar

import click

from api.cli import client
from api.settings import ClientSettings

Command = TypeVar("Command", bound=Callable[..., Any])

_LIST = """query List($filters: RolloutFilterArgs, $after: String) {
  rollouts(filters: $filters, pagination: {first: 100, after: $after}) {
    pageInfo { hasNextPage endCursor }
    nodes {
      metadata { runtime name namespace cluster } applicationName applicationNamespace strategy phase message
      currentStepIndex weightOfNew steps { index } desiredReplicas readyReplicas
    }
  }
}"""


@dataclass(frozen=True, slots=True)
class RolloutFilters:
    """Nothing given holds for everything."""

    runtimes: tuple[str, ...]
    applications: tuple[str, ...]
    namespaces: tuple[str, ...]
    phases: tuple[str, ...]

    def variables(self) -> dict[str, Any]:
        return {
            "runtimes": self.runtimes,
            "applications": self.applications,
            "namespaces": self.namespaces,
            "phases": [value.capitalize() for value in self.phases],
        }


def filter_options(command: Command) -> Callable[..., Any]:
    """The command gets `filters`."""

    @click.option("--runtime", multiple=True)
    @click.option("--application", multiple=True)
    @click.option("-n", "--namespace", multiple=True, help="Where the Rollout is.")
    @click.option("--phase", multiple=True, help="Healthy, Progressing, Paused, Degraded.")
    @functools.wraps(command)
    def filtered(
        *arguments: Any,
        runtime: tuple[str, ...],
        application: tuple[str, ...],
        namespace: tuple[str, ...],
        phase: tuple[str, ...],
        **options: Any,
    ) -> Any:
        return command(*arguments, filters=RolloutFilters(runtime, application, namespace, phase), **options)

    return filtered


def matching(settings: ClientSettings, filters: RolloutFilters) -> list[dict[str, Any]]:
    """All pages."""
    found: list[dict[str, Any]] = []
    after = ""
    while True:
        page = client.execute(settings, _LIST, {"filters": filters.variables(), "after": after})["rollouts"]
        found += page["nodes"]
        if not page["pageInfo"]["hasNextPage"]:
            return found
        after = page["pageInfo"]["endCursor"]
