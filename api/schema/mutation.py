"""What can be done."""

from collections.abc import Awaitable

import strawberry
from strawberry.scalars import JSON

from api.access.viewer import Viewer
from api.actions import alerts, favorites, operations, rollout_fleet, rollouts
from api.actions.operations import Accepted, Target, new_operation_id
from api.context import Context, Info
from api.errors import ApiError, Invalid
from api.schema.account_mutation import AccountMutation
from api.schema.change_mutation import ChangeMutation
from api.schema.cluster_mutation import ClusterMutation
from api.schema.image_mutation import ImageMutation
from api.schema.runtime_mutation import RuntimeMutation
from api.schema.token_mutation import TokenMutation
from api.types.enums import DeletePropagation
from api.types.inputs import ApplicationRef, ResourceRef, SyncOptions
from api.types.payload import MutationError, OperationPayload
from api.types.rollout import RevertInGit, RolloutAction
from api.types.rollout_fleet import RolloutTargetInput, SteerRolloutsPayload
from model.identity import ApplicationKey
from model.kinds.application import SyncOperationResource
from model.link import StartSync


@strawberry.type
class Mutation(TokenMutation, AccountMutation, ChangeMutation, RuntimeMutation, ClusterMutation, ImageMutation):
    @strawberry.mutation
    async def sync_application(
        self, info: Info, runtime: str, name: str, namespace: str | None = None, options: SyncOptions | None = None
    ) -> OperationPayload:
        context, wanted = info.context, options or SyncOptions()
        operation_id = new_operation_id(wanted.operation_id)
        request = _start_sync(wanted, viewer=context.signed_in(), operation_id=operation_id)
        target = Target(runtime, name, namespace)
        return await _outcome(
            context, operation_id, operations.sync(context.plane, context.signed_in(), target, request)
        )

    @strawberry.mutation
    async def refresh_application(
        self, info: Info, runtime: str, name: str, namespace: str | None = None, hard: bool | None = False
    ) -> OperationPayload:
        context, operation_id, target = info.context, new_operation_id(None), Target(runtime, name, namespace)
        action = operations.refresh(
            context.plane, context.signed_in(), target, hard=bool(hard), operation_id=operation_id
        )
        return await _outcome(context, operation_id, action)

    @strawberry.mutation
    async def terminate_operation(
        self,
        info: Info,
        runtime: str,
        name: str,
        namespace: str | None = None,
        operation_id: strawberry.ID | None = None,
    ) -> OperationPayload:
        context, chosen, target = info.context, new_operation_id(operation_id), Target(runtime, name, namespace)
        action = operations.terminate(context.plane, context.signed_in(), target, operation_id=chosen)
        return await _outcome(context, chosen, action)

    @strawberry.mutation(
        description="Reverts in Git the commits behind the present state, back to the given release; with auto-sync "
        "the cluster follows. With `pullRequest` the revert is offered from new branches, and auto-sync is held until "
        "they are merged or deleted."
    )
    async def rollback_application(
        self,
        info: Info,
        runtime: str,
        name: str,
        history_id: int,
        namespace: str | None = None,
        prune: bool | None = False,
        pull_request: bool | None = False,
        operation_id: strawberry.ID | None = None,
    ) -> OperationPayload:
        context, chosen, target = info.context, new_operation_id(operation_id), Target(runtime, name, namespace)
        action = operations.rollback(
            context.plane,
            context.signed_in(),
            target,
            history_id=history_id,
            prune=bool(prune),
            pull_request=bool(pull_request),
            operation_id=chosen,
        )
        return await _outcome(context, chosen, action)

    @strawberry.mutation
    async def delete_resource(
        self,
        info: Info,
        application: ApplicationRef,
        resource: ResourceRef,
        propagation: DeletePropagation | None = DeletePropagation.FOREGROUND,
        operation_id: strawberry.ID | None = None,
    ) -> OperationPayload:
        context, chosen = info.context, new_operation_id(operation_id)
        action = operations.delete_resource(
            context.plane,
            context.signed_in(),
            _target(application),
            resource.value(),
            propagation=(propagation or DeletePropagation.FOREGROUND).value.capitalize(),
            operation_id=chosen,
        )
        return await _outcome(context, chosen, action)

    @strawberry.mutation
    async def run_resource_action(
        self,
        info: Info,
        application: ApplicationRef,
        resource: ResourceRef,
        action: str,
        parameters: JSON | None = None,
        operation_id: strawberry.ID | None = None,
        reason: str | None = None,
    ) -> OperationPayload:
        context, chosen = info.context, new_operation_id(operation_id)
        if parameters is not None and not isinstance(parameters, dict):
            error = Invalid("parameters are an object of names and values", field="parameters")
            return OperationPayload.refused(chosen, error)
        run = operations.run_action(
            context.plane,
            context.signed_in(),
            _target(application),
            resource.value(),
            action=action,
            parameters=parameters or {},
            operation_id=chosen,
            reason=reason or "",
        )
        return await _outcome(context, chosen, run)

    @strawberry.mutation(
        description="Steers an update; ROLLBACK without `toRevision` goes to the one before the newest. ABORT with "
        "`revertInGit` takes Git back as well; automated sync is held until that has landed."
    )
    async def rollout_action(
        self,
        info: Info,
        application: ApplicationRef,
        rollout: ResourceRef,
        action: RolloutAction,
        to_revision: int | None = None,
        operation_id: strawberry.ID | None = None,
        reason: str | None = None,
        revert_in_git: RevertInGit | None = None,
    ) -> OperationPayload:
        context, chosen = info.context, new_operation_id(operation_id)
        steering = rollouts.steer(
            context.plane,
            context.signed_in(),
            _target(application),
            rollout.value(),
            action=action.value,
            to_revision=to_revision,
            operation_id=chosen,
            reason=reason or "",
            revert=revert_in_git.value if revert_in_git else "",
        )
        return await _outcome(context, chosen, steering)

    @strawberry.mutation(
        description="One action on many Rollouts, over many clusters; what is refused for one stops none of the others."
    )
    async def steer_rollouts(
        self,
        info: Info,
        rollouts: list[RolloutTargetInput],
        action: RolloutAction,
        operation_id: strawberry.ID | None = None,
        reason: str | None = None,
    ) -> SteerRolloutsPayload:
        context, chosen = info.context, new_operation_id(operation_id)
        try:
            steered = await rollout_fleet.steer_all(
                context.plane,
                context.signed_in(),
                [one.value() for one in rollouts],
                action=action.value,
                operation_id=chosen,
                reason=reason or "",
            )
        except Invalid as error:
            return SteerRolloutsPayload(
                operation_id=strawberry.ID(chosen), outcomes=[], errors=[MutationError.of(error)]
            )
        return SteerRolloutsPayload.of(chosen, steered)

    @strawberry.mutation(description="Personal, not shared state: kept in the database.")
    async def set_favorite(self, info: Info, id: strawberry.ID, favorite: bool) -> bool:
        await favorites.set_favorite(info.context.plane, info.context.signed_in(), id, starred=favorite)
        return favorite

    @strawberry.mutation(description="Banners about a runtime, for the viewer alone and for good.")
    async def hide_alerts(self, info: Info, runtime: str, hidden: bool) -> bool:
        await alerts.hide_alerts(info.context.plane, info.context.signed_in(), runtime, hidden=hidden)
        return hidden


async def _outcome(context: Context, operation_id: str, action: Awaitable[Accepted]) -> OperationPayload:
    try:
        accepted = await action
    except ApiError as error:
        return OperationPayload.refused(operation_id, error)
    starred = await context.plane.favorites.applications(context.signed_in().name)
    return OperationPayload.accepted(accepted, starred=starred)


def _target(application: ApplicationRef) -> Target:
    return Target(application.runtime, application.name, application.namespace)


def _start_sync(options: SyncOptions, *, viewer: Viewer, operation_id: str) -> StartSync:
    retry = options.retry
    return StartSync(
        application=ApplicationKey("", ""),  # the exact address is filled in once it is found
        actor=viewer.name,
        actor_email=viewer.email,
        operation_id=operation_id,
        revision=options.revision,
        prune=options.prune,
        dry_run=bool(options.dry_run),
        force=bool(options.force),
        strategy=options.strategy,
        resources=tuple(
            SyncOperationResource(kind=one.kind, name=one.name, group=one.group or "", namespace=one.namespace or "")
            for one in options.resources or ()
        ),
        sync_options=tuple(options.sync_options or ()),
        retry_limit=retry.limit if retry else None,
        retry_duration=retry.duration if retry else None,
        retry_factor=retry.factor if retry else None,
        retry_max_duration=retry.max_duration if retry else None,
        reason=options.reason,
    )
