"""Clusters that runtimes deploy to: added through Git where secrets can stand there, else directly with a notice."""

from collections.abc import Awaitable, Callable

import strawberry

from api.actions import changes
from api.actions.operations import new_operation_id
from api.context import Info
from api.errors import ApiError
from api.types.cluster_inputs import ClusterInput, ClusterPayload
from model.link_cluster import ClusterAnswer


@strawberry.type
class ClusterMutation:
    @strawberry.mutation
    async def add_cluster(self, info: Info, input: ClusterInput) -> ClusterPayload:
        plane, viewer = info.context.plane, info.context.signed_in()

        async def add(operation_id: str) -> ClusterAnswer:
            return await changes.add_cluster(plane, viewer, input.runtime, input.value(viewer, operation_id))

        return await _payload(input.operation_id, add)

    @strawberry.mutation(description="Applications there go on running and are managed by nobody then.")
    async def remove_cluster(self, info: Info, runtime: str, server: str) -> ClusterPayload:
        plane, viewer = info.context.plane, info.context.signed_in()

        async def remove(operation_id: str) -> ClusterAnswer:
            return await changes.remove_cluster(plane, viewer, runtime, server, operation_id=operation_id)

        return await _payload(None, remove)

    @strawberry.mutation(
        description="Commits the controller of Rollouts for a cluster that the runtime deploys to, by the name that "
        "applications call it. `image`: of Argosy; default: the one that the runtime itself runs as."
    )
    async def install_rollouts(
        self, info: Info, runtime: str, cluster: str, image: str | None = None
    ) -> ClusterPayload:
        plane, viewer = info.context.plane, info.context.signed_in()

        async def install(operation_id: str) -> ClusterAnswer:
            return await changes.install_rollouts(
                plane, viewer, runtime, cluster, image=(image or "").strip(), operation_id=operation_id
            )

        return await _payload(None, install)


async def _payload(given_id: str | None, work: Callable[[str], Awaitable[ClusterAnswer]]) -> ClusterPayload:
    operation_id = ""
    try:
        operation_id = new_operation_id(given_id)
        return ClusterPayload.of(await work(operation_id))
    except ApiError as error:
        return ClusterPayload.refused(operation_id, error)
