"""What an ApplicationSet would generate, create, change and delete."""

import enum

import strawberry
from strawberry.scalars import JSON

from model.link_appset import ApplicationSetPreviewAnswer
from model.link_appset import PlannedApplication as Planned


@strawberry.enum
class PlannedAction(enum.Enum):
    CREATE = "create"
    UPDATE = "update"
    DELETE = "delete"


@strawberry.input
class ApplicationSetPreviewInput:
    runtime: str
    git_source: str = strawberry.field(description="The Git Source that holds it, or would; you may commit to it.")
    manifest: str | None = strawberry.field(default=None, description="The ApplicationSet as YAML.")
    name: str | None = strawberry.field(default=None, description="Instead: the name of one that the Git Source holds.")


@strawberry.type
class PlannedApplication:
    name: str
    action: PlannedAction
    reason: str
    manifest: JSON | None = strawberry.field(description="As it would be; null: it would be deleted.")
    live: JSON | None = strawberry.field(description="As it is; null: there is none.")

    @staticmethod
    def of(one: Planned) -> "PlannedApplication":
        return PlannedApplication(
            name=one.name,
            action=PlannedAction(one.action),
            reason=one.reason,
            manifest=JSON(one.manifest) if one.manifest is not None else None,
            live=JSON(one.live) if one.live is not None else None,
        )


@strawberry.type
class ApplicationSetPreview:
    applications: list[str] = strawberry.field(description="Names of everything that is generated.")
    complete: bool = strawberry.field(description="False: something could not be generated, so nothing would be done.")
    changes: list[PlannedApplication] = strawberry.field(description="At most 200 of them.")
    changes_count: int
    withheld: list[str] = strawberry.field(description="What would be left undone, and why.")
    errors: list[str]
    warnings: list[str]

    @staticmethod
    def of(answer: ApplicationSetPreviewAnswer) -> "ApplicationSetPreview":
        return ApplicationSetPreview(
            applications=list(answer.names),
            complete=answer.complete,
            changes=[PlannedApplication.of(one) for one in answer.changes],
            changes_count=answer.changes_count,
            withheld=list(answer.withheld),
            errors=list(answer.errors),
            warnings=list(answer.warnings),
        )
