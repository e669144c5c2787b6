"""One action on many Rollouts, over many runtimes and clusters: one operation, and an outcome for each of them."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass

from api.access.viewer import Viewer
from api.actions.operations import Accepted, Target
from api.actions.rollouts import steer
from api.errors import ApiError, Invalid
from api.plane import ControlPlane
from model.link import ObjectRef

MOST_ROLLOUTS = 200
_AT_ONCE = 16  # runtimes limit themselves; this keeps one person from filling their queues


@dataclass(frozen=True, slots=True)
class RolloutTarget:
    """One Rollout and the application that it belongs to."""

    application: Target
    rollout: ObjectRef


@dataclass(frozen=True, slots=True)
class Steered:
    """`operation_id` is that of this Rollout in the ledger. Either `accepted` or `error`."""

    target: RolloutTarget
    operation_id: str
    accepted: Accepted | None = None
    error: ApiError | None = None


async def steer_all(
    plane: ControlPlane,
    viewer: Viewer,
    targets: Sequence[RolloutTarget],
    *,
    action: str,
    operation_id: str,
    reason: str = "",
) -> list[Steered]:
    """In the order of `targets`. What is refused for one Rollout stops none of the others. Raises Invalid."""
    if not targets:
        raise Invalid("name at least one Rollout", field="rollouts")
    if len(targets) > MOST_ROLLOUTS:
        raise Invalid(f"at most {MOST_ROLLOUTS} Rollouts at once", field="rollouts")
    if action == "ROLLBACK":
        raise Invalid("each Rollout has revisions of its own: roll them back one by one", field="action")
    slots = asyncio.Semaphore(_AT_ONCE)

    async def one(number: int, target: RolloutTarget) -> Steered:
        own_id = f"{operation_id}.{number}"
        try:
            async with slots:
                accepted = await steer(
                    plane,
                    viewer,
                    target.application,
                    target.rollout,
                    action=action,
                    to_revision=None,
                    operation_id=own_id,
                    reason=reason,
                )
        except ApiError as error:
            return Steered(target, own_id, error=error)
        return Steered(target, own_id, accepted)

    return await asyncio.gather(*(one(number, target) for number, target in enumerate(targets, start=1)))
