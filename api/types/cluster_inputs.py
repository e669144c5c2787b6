"""What people say of a cluster that a runtime is to deploy to, and what comes of it."""

import strawberry

from api.access.viewer import Viewer
from api.actions.changes import author_of
from api.errors import ApiError
from api.types.commit import Commit
from api.types.enums import MutationErrorCode
from api.types.payload import MutationError
from model.link_cluster import AddCluster, ClusterAnswer


@strawberry.input
class StringPairInput:
    key: str
    value: str


@strawberry.input(description="The token passes through to the runtime, which keeps it; it is never shown again.")
class ClusterInput:
    runtime: str
    name: str
    server: str = strawberry.field(description="https address of the API server, as the runtime reaches it.")
    token: str = strawberry.field(description="Of a ServiceAccount that may do what applications there need.")
    ca_data: str | None = strawberry.field(default=None, description="Base64 of its authorities' PEM certificates.")
    server_name: str | None = strawberry.field(default=None, description="Checked in the certificate instead.")
    insecure: bool | None = strawberry.field(default=False, description="Do not check the certificate.")
    labels: list[StringPairInput] | None = None
    annotations: list[StringPairInput] | None = None
    operation_id: strawberry.ID | None = None

    def value(self, viewer: Viewer, operation_id: str) -> AddCluster:
        return AddCluster(
            name=self.name.strip(),
            server=self.server.strip(),
            token=self.token.strip(),
            author=author_of(viewer),
            operation_id=operation_id,
            ca_data=self.ca_data or "",
            server_name=self.server_name or "",
            insecure=bool(self.insecure),
            labels={pair.key: pair.value for pair in self.labels or ()},
            annotations={pair.key: pair.value for pair in self.annotations or ()},
        )


@strawberry.type(description="`notice` says why no commit tells of it.")
class ClusterPayload:
    operation_id: strawberry.ID
    commit: Commit | None
    notice: str | None
    server_version: str | None
    errors: list[MutationError]

    @staticmethod
    def of(answer: ClusterAnswer) -> "ClusterPayload":
        return ClusterPayload(
            operation_id=strawberry.ID(answer.operation_id),
            commit=Commit.of(answer.commit) if answer.commit else None,
            notice=answer.notice or None,
            server_version=answer.server_version or None,
            errors=[MutationError.of_problem(problem) for problem in answer.problems],
        )

    @staticmethod
    def refused(operation_id: str, error: ApiError) -> "ClusterPayload":
        """Raises the error again when it is none of those that the schema names."""
        if error.code not in MutationErrorCode.__members__:
            raise error
        return ClusterPayload(
            operation_id=strawberry.ID(operation_id),
            commit=None,
            notice=None,
            server_version=None,
            errors=[MutationError.of(error)],
        )
