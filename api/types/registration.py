"""What registering runtimes answers."""

import strawberry

from api.types.payload import MutationError
from api.types.runtime import Runtime


@strawberry.type(description="`token` is shown only here: the control plane keeps a hash of it.")
class RuntimeTokenPayload:
    runtime: Runtime | None
    token: str | None
    errors: list[MutationError]


@strawberry.type
class RemoveRuntimePayload:
    errors: list[MutationError]
