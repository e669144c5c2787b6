"""RuntimeLink: messages about Rollouts. They are part of `model.link`, which says how they travel."""

from typing import Literal

from model.identity import ApplicationKey
from model.link_act import ObjectRef
from model.link_message import Message
from model.rollout_view import RolloutView, SimulationView

MAX_ROLLOUTS = 2_000


class ListRollouts(Message, frozen=True):
    """-> RolloutsAnswer: of one application, or of all; at most MAX_ROLLOUTS."""

    application: ApplicationKey | None = None


class GetRollout(Message, frozen=True):
    """-> RolloutsAnswer with that one"""

    application: ApplicationKey
    resource: ObjectRef


class WatchRollout(Message, frozen=True):
    """-> stream of RolloutsAnswer: that one as it is, then as it becomes"""

    application: ApplicationKey
    resource: ObjectRef


class SteerRollout(Message, frozen=True):
    """-> OperationAnswer. `action` is a name of the API's RolloutAction; ROLLBACK may name a revision.

    `revert`: an abort takes Git back as well, by a commit or a pull request; "" leaves Git alone.
    """

    application: ApplicationKey
    resource: ObjectRef
    action: str
    actor: str
    operation_id: str
    to_revision: int | None = None
    actor_email: str = ""
    reason: str = ""
    revert: Literal["", "COMMIT", "PULL_REQUEST"] = ""


class SimulateRollout(Message, frozen=True):
    """-> SimulationAnswer: what an update of it does from beginning to end"""

    application: ApplicationKey
    resource: ObjectRef


class SimulationAnswer(Message, frozen=True):
    simulation: SimulationView


RolloutRequest = ListRollouts | GetRollout | WatchRollout | SteerRollout | SimulateRollout


class RolloutsAnswer(Message, frozen=True):
    rollouts: tuple[RolloutView, ...]
