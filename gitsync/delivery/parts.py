"""The controllers of progressive delivery, each with what it stands on."""

from collections.abc import Callable
from datetime import datetime

from gitsync.delivery.controller import Controller
from gitsync.delivery.rollouts import RolloutController
from gitsync.kube.client import Cluster
from gitsync.reconcile.supervisor import Supervisor
from gitsync.rollout.analysis.runs import make_run
from gitsync.rollout.routing.route import route
from gitsync.rollout.values import Parts


def controllers(cluster: Cluster, *, supervisor: Supervisor, now: Callable[[], datetime]) -> tuple[Controller, ...]:
    """All of them; a further one is added here. `cluster` and `supervisor` are for those that ask others."""
    return (RolloutController(Parts(route, make_run), now=now),)
