"""Setting up a runtime inside the control plane: how far it is, and what its steps answer."""

import enum

import strawberry

from api.actions.hosting import GitHostConnected, GitHostWanted, Setup
from api.context import Context
from api.errors import ApiError
from api.types.commit import Commit
from api.types.enums import MutationErrorCode
from api.types.payload import MutationError
from api.types.runtime import Runtime


@strawberry.enum
class SetupStepName(enum.Enum):
    INSTALL_RUNTIME = "INSTALL_RUNTIME"
    CONNECT_GIT = "CONNECT_GIT"
    CONNECT_CLUSTER = "CONNECT_CLUSTER"


@strawberry.type(description="`command`: what does it on the command line, where that is the way.")
class SetupStep:
    name: SetupStepName
    title: str
    done: bool
    command: str | None


@strawberry.type(description="`possible` is false with the reason where hosted runtimes have no cluster to live in.")
class HostedSetup:
    needed: bool = strawberry.field(
        description="There is no runtime at all, or one that was begun here and lacks a step."
    )
    possible: bool
    reason: str | None
    runtime: Runtime | None
    steps: list[SetupStep]

    @staticmethod
    def of(setup: Setup, context: Context) -> "HostedSetup":
        runtime = setup.runtime
        name = runtime.name if runtime else "hosted"
        command = f"argosy cluster add CONTEXT --runtime {name}"
        return HostedSetup(
            needed=setup.needed,
            possible=not setup.reason,
            reason=setup.reason or None,
            runtime=Runtime.of(runtime, available=context.plane.connected.available(name)) if runtime else None,
            steps=[
                _step(SetupStepName.INSTALL_RUNTIME, "Install the runtime", done=setup.installed),
                _step(SetupStepName.CONNECT_GIT, "Connect a Git host", done=setup.git_connected),
                _step(
                    SetupStepName.CONNECT_CLUSTER, "Connect a cluster", done=setup.cluster_connected, command=command
                ),
            ],
        )


def _step(name: SetupStepName, title: str, *, done: bool, command: str | None = None) -> SetupStep:
    return SetupStep(name=name, title=title, done=done, command=command)


@strawberry.type
class HostedRuntimePayload:
    runtime: Runtime | None
    errors: list[MutationError]


@strawberry.input(
    description="The token passes through to the runtime, which keeps it. Repositories are made where they are missing."
)
class GitHostInput:
    runtime: str
    url: str = strawberry.field(description="Host and organisation, such as https://git.example.com/acme.")
    username: str
    token: str
    config_repository: str = strawberry.field(default="argosy-config", description="The shared configuration.")
    source_repository: str | None = strawberry.field(default=None, description="Its first Git Source.")
    operation_id: strawberry.ID | None = None

    def value(self) -> GitHostWanted:
        return GitHostWanted(
            url=self.url.strip(),
            username=self.username.strip(),
            token=self.token.strip(),
            config_repository=self.config_repository.strip(),
            source_repository=(self.source_repository or f"{self.runtime}-git-source").strip(),
        )


@strawberry.type
class GitHostPayload:
    operation_id: strawberry.ID
    shared_config_repo: str | None
    git_source_repo: str | None
    made: list[str]
    commit: Commit | None
    errors: list[MutationError]

    @staticmethod
    def of(operation_id: str, done: GitHostConnected) -> "GitHostPayload":
        return GitHostPayload(
            operation_id=strawberry.ID(operation_id),
            shared_config_repo=done.config_repo,
            git_source_repo=done.source_repo,
            made=list(done.made),
            commit=Commit.of(done.change.commit) if done.change.commit else None,
            errors=[MutationError.of_problem(problem) for problem in done.change.problems],
        )

    @staticmethod
    def refused(operation_id: str, error: ApiError) -> "GitHostPayload":
        """Raises the error again when it is none of those that the schema names."""
        if error.code not in MutationErrorCode.__members__:
            raise error
        return GitHostPayload(
            operation_id=strawberry.ID(operation_id),
            shared_config_repo=None,
            git_source_repo=None,
            made=[],
            commit=None,
            errors=[MutationError.of(error)],
        )
