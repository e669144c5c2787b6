"""What administrators do with runtimes."""

from collections.abc import Awaitable

import strawberry

from api.actions import hosting, registration
from api.actions.operations import new_operation_id
from api.context import Context, Info
from api.errors import ApiError
from api.types.hosting import GitHostInput, GitHostPayload, HostedRuntimePayload
from api.types.payload import MutationError
from api.types.registration import RemoveRuntimePayload, RuntimeTokenPayload
from api.types.runtime import Runtime
from model.listing import RegisteredRuntime


@strawberry.type
class RuntimeMutation:
    @strawberry.mutation(description="Registers a hybrid runtime; it may connect with the token.")
    async def create_runtime(self, info: Info, name: str) -> RuntimeTokenPayload:
        context = info.context
        return await _token(context, registration.create_runtime(context.plane, context.signed_in(), name))

    @strawberry.mutation(description="The old token is void from now on, and the connection made with it ends.")
    async def renew_runtime_token(self, info: Info, name: str) -> RuntimeTokenPayload:
        context = info.context
        return await _token(context, registration.renew_token(context.plane, context.signed_in(), name))

    @strawberry.mutation(
        description="Forgets a runtime and what it reported, an online one only with `force`; nothing changes in its "
        "cluster."
    )
    async def remove_runtime(
        self, info: Info, name: str, confirm_name: str, force: bool | None = False
    ) -> RemoveRuntimePayload:
        plane, viewer = info.context.plane, info.context.signed_in()
        try:
            await registration.remove_runtime(plane, viewer, name, confirm_name=confirm_name, force=bool(force))
        except ApiError as error:
            return RemoveRuntimePayload(errors=[MutationError.of(error)])
        return RemoveRuntimePayload(errors=[])

    @strawberry.mutation(
        description="The first of three steps: a runtime inside the control plane, whose process is started and kept "
        "running. Then `connectGitHost` and `addCluster`; see `hostedSetup`."
    )
    async def create_hosted_runtime(
        self, info: Info, name: str = "hosted", namespace: str = hosting.NAMESPACE
    ) -> HostedRuntimePayload:
        context = info.context
        viewer = context.signed_in()
        try:
            runtime = await hosting.create_hosted(context.plane, viewer, name, namespace)
        except ApiError as error:
            return HostedRuntimePayload(runtime=None, errors=[MutationError.of(error)])
        available = context.plane.connected.available(name)
        return HostedRuntimePayload(runtime=Runtime.of(runtime, available=available), errors=[])

    @strawberry.mutation(
        description="The second step: a credential for the runtime, its shared configuration, its first Git Source."
    )
    async def connect_git_host(self, info: Info, input: GitHostInput) -> GitHostPayload:
        plane, viewer, operation_id = info.context.plane, info.context.signed_in(), ""
        try:
            operation_id = new_operation_id(input.operation_id)
            done = await hosting.connect_git_host(
                plane, viewer, input.runtime, input.value(), operation_id=operation_id
            )
        except ApiError as error:
            return GitHostPayload.refused(operation_id, error)
        return GitHostPayload.of(operation_id, done)


async def _token(context: Context, work: Awaitable[tuple[RegisteredRuntime, str]]) -> RuntimeTokenPayload:
    try:
        runtime, token = await work
    except ApiError as error:
        return RuntimeTokenPayload(runtime=None, token=None, errors=[MutationError.of(error)])
    shown = Runtime.of(runtime, available=context.plane.connected.available(runtime.name))
    return RuntimeTokenPayload(runtime=shown, token=token, errors=[])
