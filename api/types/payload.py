"""What mutations answer: the outcome, with what was expected to go wrong as data."""

import strawberry

from api.actions.operations import Accepted
from api.errors import ApiError
from api.types.application import Application
from api.types.commit import Commit
from api.types.enums import MutationErrorCode
from api.types.operation import OperationState
from model.link_change import Problem


@strawberry.type(
    description="Three versions of one text: what an edit started from, what is there now, what was wanted."
)
class EditConflict:
    base: str
    theirs: str
    mine: str


@strawberry.type(description="`field` is a path into the input (spec.source.path), `line` the line in the given YAML.")
class MutationError:
    code: MutationErrorCode
    message: str
    field: str | None
    line: int | None
    suggestion: str | None
    conflict: EditConflict | None = strawberry.field(default=None, description="With CONFLICT_ERROR of an edit.")

    @staticmethod
    def of(error: ApiError) -> "MutationError":
        return MutationError(
            code=MutationErrorCode[error.code],
            message=error.message,
            field=error.field or None,
            line=None,
            suggestion=error.suggestion or None,
        )

    @staticmethod
    def of_problem(problem: Problem) -> "MutationError":
        both = problem.conflict
        return MutationError(
            code=MutationErrorCode[problem.code],
            message=problem.message,
            field=problem.field or None,
            line=problem.line,
            suggestion=problem.suggestion or None,
            conflict=EditConflict(base=both.base, theirs=both.theirs, mine=both.mine) if both else None,
        )


@strawberry.type
class OperationPayload:
    operation_id: strawberry.ID
    operation: OperationState | None
    ledger_commit: Commit | None
    application: Application | None
    errors: list[MutationError]
    message: str | None = strawberry.field(default=None, description="What was done, where a sentence says more.")
    pull_request_urls: list[str] = strawberry.field(
        default_factory=list, description="Pull requests that have to be merged before it takes effect."
    )

    @staticmethod
    def accepted(accepted: Accepted, *, starred: frozenset[str]) -> "OperationPayload":
        answer, application = accepted.answer, accepted.application
        running = application.summary.operation if answer.phase is not None else None
        return OperationPayload(
            operation_id=strawberry.ID(answer.operation_id),
            operation=OperationState.of(running, answer.ledger_commit) if running else None,
            ledger_commit=Commit.of(answer.ledger_commit) if answer.ledger_commit else None,
            application=Application.of(application, favorite=str(application.id) in starred),
            errors=[],
            message=answer.message or None,
            pull_request_urls=list(answer.pull_request_urls),
        )

    @staticmethod
    def refused(operation_id: str, error: ApiError) -> "OperationPayload":
        """Raises the error again when it is none of those that the schema names."""
        if error.code not in MutationErrorCode.__members__:
            raise error
        return OperationPayload(
            operation_id=strawberry.ID(operation_id),
            operation=None,
            ledger_commit=None,
            application=None,
            errors=[MutationError.of(error)],
        )
