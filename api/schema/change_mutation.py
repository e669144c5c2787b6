"""What can be changed in Git: every one of these is a commit in the name of the viewer."""

from collections.abc import Awaitable, Callable

import strawberry

from api.actions import changes
from api.actions.operations import Target, new_operation_id
from api.context import Info
from api.errors import ApiError
from api.types.change import CommitPayload, ValidationPayload
from api.types.change_inputs import (
    CreateApplicationInput,
    DeleteApplicationInput,
    EditApplicationInput,
    GitSourceInput,
    ValidateApplicationInput,
    commit_words,
    manifest_text,
)
from api.types.inputs import ApplicationRef
from model.link_change import ChangeAnswer


@strawberry.type
class ChangeMutation:
    @strawberry.mutation
    async def create_application(self, info: Info, input: CreateApplicationInput) -> CommitPayload:
        plane, viewer = info.context.plane, info.context.signed_in()

        async def create(operation_id: str) -> ChangeAnswer:
            return await changes.create(
                plane,
                viewer,
                runtime=input.runtime,
                git_source=input.git_source,
                manifest=manifest_text(input.manifest, input.object),
                file_name=input.file_name or "",
                words=commit_words(input.commit, input.pull_request),
                operation_id=operation_id,
            )

        return await committed(input.operation_id, create)

    @strawberry.mutation
    async def edit_application(self, info: Info, input: EditApplicationInput) -> CommitPayload:
        plane, viewer = info.context.plane, info.context.signed_in()

        async def edit(operation_id: str) -> ChangeAnswer:
            return await changes.edit(
                plane,
                viewer,
                _target(input.application),
                manifest=manifest_text(input.manifest, input.object),
                base_blob=input.base_blob or "",
                as_written=bool(input.as_written and input.manifest),
                words=commit_words(input.commit, input.pull_request),
                operation_id=operation_id,
            )

        return await committed(input.operation_id, edit)

    @strawberry.mutation
    async def delete_application(self, info: Info, input: DeleteApplicationInput) -> CommitPayload:
        plane, viewer = info.context.plane, info.context.signed_in()

        async def delete(operation_id: str) -> ChangeAnswer:
            return await changes.delete(
                plane,
                viewer,
                _target(input.application),
                confirm_name=input.confirm_name,
                words=commit_words(input.commit, input.pull_request),
                operation_id=operation_id,
            )

        return await committed(input.operation_id, delete)

    @strawberry.mutation(
        description="Checks a manifest (repository, revision, path, destination, project, name) without committing."
    )
    async def validate_application(self, info: Info, input: ValidateApplicationInput) -> ValidationPayload:
        plane, viewer = info.context.plane, info.context.signed_in()
        try:
            answer = await changes.validate(
                plane,
                viewer,
                runtime=input.runtime,
                git_source=input.git_source or "",
                manifest=manifest_text(input.manifest, input.object),
                is_new=input.is_new is not False,
            )
        except ApiError as error:
            return ValidationPayload.refused(error)
        return ValidationPayload.of(answer)

    @strawberry.mutation
    async def create_git_source(self, info: Info, input: GitSourceInput) -> CommitPayload:
        return await _put(info, input, is_new=True)

    @strawberry.mutation
    async def edit_git_source(self, info: Info, input: GitSourceInput) -> CommitPayload:
        return await _put(info, input, is_new=False)

    @strawberry.mutation
    async def delete_git_source(self, info: Info, runtime: str, name: str) -> CommitPayload:
        plane, viewer = info.context.plane, info.context.signed_in()

        async def delete(operation_id: str) -> ChangeAnswer:
            return await changes.delete_git_source(plane, viewer, runtime, name, operation_id=operation_id)

        return await committed(None, delete)

    @strawberry.mutation(
        description="Commits the installation of a runtime, as it is in its cluster, and an Application of it: then it "
        "manages itself. Its token stays out of Git."
    )
    async def manage_runtime(self, info: Info, runtime: str) -> CommitPayload:
        plane, viewer = info.context.plane, info.context.signed_in()

        async def manage(operation_id: str) -> ChangeAnswer:
            return await changes.manage_runtime(plane, viewer, runtime, operation_id=operation_id)

        return await committed(None, manage)


async def _put(info: Info, input: GitSourceInput, *, is_new: bool) -> CommitPayload:
    plane, viewer = info.context.plane, info.context.signed_in()

    async def put(operation_id: str) -> ChangeAnswer:
        body = input.value(changes.author_of(viewer), operation_id, is_new=is_new)
        return await changes.put_git_source(plane, viewer, input.runtime, body)

    return await committed(input.operation_id, put)


async def committed(given_id: str | None, change: Callable[[str], Awaitable[ChangeAnswer]]) -> CommitPayload:
    """The payload of a change under the client's operation id, or a new one."""
    operation_id = ""
    try:
        operation_id = new_operation_id(given_id)
        return CommitPayload.of(await change(operation_id))
    except ApiError as error:
        return CommitPayload.refused(operation_id, error)


def _target(application: ApplicationRef) -> Target:
    return Target(application.runtime, application.name, application.namespace)
