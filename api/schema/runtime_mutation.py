"""What administrators do with runtimes."""

from collections.abc import Awaitable

import strawberry

from api.actions import registration
from api.context import Context, Info
from api.errors import ApiError
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


async def _token(context: Context, work: Awaitable[tuple[RegisteredRuntime, str]]) -> RuntimeTokenPayload:
    try:
        runtime, token = await work
    except ApiError as error:
        return RuntimeTokenPayload(runtime=None, token=None, errors=[MutationError.of(error)])
    shown = Runtime.of(runtime, available=context.plane.connected.available(runtime.name))
    return RuntimeTokenPayload(runtime=shown, token=token, errors=[])
