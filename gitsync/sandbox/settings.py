"""Settings of the sandbox process: its command line and the two values that no command line should show."""

import argparse
import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

USERS = "ARGOSY_SANDBOX_USERS"
WEBHOOK_SECRET = "ARGOSY_SANDBOX_WEBHOOK_SECRET"  # noqa: S105 - a name, not a secret


@dataclass(frozen=True, slots=True)
class ProcessSettings:
    """What `python -m gitsync.sandbox` was told. `parent` is the process whose end is ours too (0: none)."""

    data_dir: Path
    port: int
    git_port: int
    speed: float
    nodes: int
    seed: str
    applications: int
    history: bool
    public_git_url: str
    webhook_url: str
    webhook_secret: str
    git_users: tuple[tuple[str, str], ...]
    parent: int


def read_settings(arguments: Sequence[str], environment: Mapping[str, str] = os.environ) -> ProcessSettings:
    """Settings from the command line and the environment. Ends the program with a message if they make no sense."""
    parser = argparse.ArgumentParser(prog="python -m gitsync.sandbox", description=__doc__)
    parser.add_argument("--data", type=Path, required=True, help="folder for certificates, objects and repositories")
    parser.add_argument("--port", type=int, default=0, help="port of the Kubernetes API (0: any)")
    parser.add_argument("--git-port", type=int, default=0, help="port of the Git host (0: any)")
    parser.add_argument("--speed", type=float, default=1.0, help="how much faster than the wall clock time runs")
    parser.add_argument("--nodes", type=int, default=3, help="number of simulated nodes")
    parser.add_argument("--seed", choices=["", "demo"], default="", help="what to fill the sandbox with")
    parser.add_argument("--apps", type=int, default=0, help="number of further applications of the seed")
    parser.add_argument("--history", action="store_true", help="with commits over the last 90 days, marked as made up")
    parser.add_argument("--public-git-url", default="", help="address under which people reach the Git host")
    parser.add_argument("--webhook", default="", help="address that is told of pushes")
    parser.add_argument("--git-user", action="append", default=[], metavar="NAME:PASSWORD", help="a person; repeatable")
    parser.add_argument("--parent", type=int, default=os.getppid(), help="end with this process (0: with none)")
    given = parser.parse_args(arguments)
    users: dict[str, str] = json.loads(environment.get(USERS) or "{}")
    for text in given.git_user:
        name, colon, password = text.partition(":")
        if not colon:
            parser.error("--git-user takes NAME:PASSWORD")
        users[name] = password
    return ProcessSettings(
        data_dir=given.data.absolute(),
        port=given.port,
        git_port=given.git_port,
        speed=given.speed,
        nodes=given.nodes,
        seed=given.seed,
        applications=given.apps,
        history=given.history,
        public_git_url=given.public_git_url,
        webhook_url=given.webhook,
        webhook_secret=environment.get(WEBHOOK_SECRET, ""),
        git_users=tuple(users.items()),
        parent=given.parent,
    )
