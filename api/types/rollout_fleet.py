"""One action on many Rollouts: what is asked, and the outcome for each of them."""

import strawberry

from api.actions.operations import Target
from api.actions.rollout_fleet import RolloutTarget, Steered
from api.actions.rollouts import completed
from api.types.commit import Commit
from api.types.enums import MutationErrorCode
from api.types.inputs import ApplicationRef, ResourceRef
from api.types.payload import MutationError


@strawberry.input
class RolloutTargetInput:
    application: ApplicationRef
    rollout: ResourceRef

    def value(self) -> RolloutTarget:
        one = self.application
        return RolloutTarget(Target(one.runtime, one.name, one.namespace), completed(self.rollout.value()))


@strawberry.type
class RolloutOutcome:
    runtime: str
    application: str
    namespace: str | None
    name: str
    operation_id: strawberry.ID = strawberry.field(description="Of this Rollout in the ledger.")
    ledger_commit: Commit | None
    errors: list[MutationError]

    @staticmethod
    def of(one: Steered) -> "RolloutOutcome":
        """Raises the error again when it is none of those that the schema names."""
        if one.error is not None and one.error.code not in MutationErrorCode.__members__:
            raise one.error
        commit = one.accepted.answer.ledger_commit if one.accepted else None
        return RolloutOutcome(
            runtime=one.target.application.runtime,
            application=one.target.application.name,
            namespace=one.target.rollout.namespace or None,
            name=one.target.rollout.name,
            operation_id=strawberry.ID(one.operation_id),
            ledger_commit=Commit.of(commit) if commit else None,
            errors=[MutationError.of(one.error)] if one.error else [],
        )


@strawberry.type
class SteerRolloutsPayload:
    operation_id: strawberry.ID = strawberry.field(description="Of the whole; each Rollout's begins with it.")
    outcomes: list[RolloutOutcome] = strawberry.field(description="In the order in which they were asked for.")
    errors: list[MutationError] = strawberry.field(description="What was refused, of all of them.")

    @staticmethod
    def of(operation_id: str, steered: list[Steered]) -> "SteerRolloutsPayload":
        outcomes = [RolloutOutcome.of(one) for one in steered]
        return SteerRolloutsPayload(
            operation_id=strawberry.ID(operation_id),
            outcomes=outcomes,
            errors=[error for one in outcomes for error in one.errors],
        )
