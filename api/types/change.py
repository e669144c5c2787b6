"""What changes through Git answer: the commit, or what stands in its way."""

import strawberry

from api.errors import ApiError
from api.types.commit import Commit
from api.types.enums import MutationErrorCode
from api.types.links import safe_url
from api.types.payload import MutationError
from model.link_change import ChangeAnswer, ValidationAnswer


@strawberry.type
class CommitPayload:
    commit: Commit | None
    pull_request_url: str | None
    diff: str | None
    errors: list[MutationError]
    operation_id: strawberry.ID

    @staticmethod
    def of(answer: ChangeAnswer) -> "CommitPayload":
        return CommitPayload(
            commit=Commit.of(answer.commit) if answer.commit else None,
            pull_request_url=safe_url(answer.pull_request_url or None),
            diff=answer.diff or None,
            errors=[MutationError.of_problem(problem) for problem in answer.problems],
            operation_id=strawberry.ID(answer.operation_id),
        )

    @staticmethod
    def refused(operation_id: str, error: ApiError) -> "CommitPayload":
        """Raises the error again when it is none of those that the schema names."""
        if error.code not in MutationErrorCode.__members__:
            raise error
        return CommitPayload(
            commit=None,
            pull_request_url=None,
            diff=None,
            errors=[MutationError.of(error)],
            operation_id=strawberry.ID(operation_id),
        )


@strawberry.type
class ValidationPayload:
    valid: bool
    errors: list[MutationError]
    warnings: list[MutationError]
    normalized_manifest: str | None

    @staticmethod
    def of(answer: ValidationAnswer) -> "ValidationPayload":
        return ValidationPayload(
            valid=not answer.errors,
            errors=[MutationError.of_problem(problem) for problem in answer.errors],
            warnings=[MutationError.of_problem(problem) for problem in answer.warnings],
            normalized_manifest=answer.normalized or None,
        )

    @staticmethod
    def refused(error: ApiError) -> "ValidationPayload":
        if error.code not in MutationErrorCode.__members__:
            raise error
        return ValidationPayload(valid=False, errors=[MutationError.of(error)], warnings=[], normalized_manifest=None)
