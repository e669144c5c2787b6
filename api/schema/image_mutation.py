"""What CI tells."""

import strawberry

from api.actions import image_builds
from api.context import Info
from api.errors import ApiError, Unauthorized
from api.types.image_build import ImageBuildInput, ImageBuildPayload
from api.types.payload import MutationError


@strawberry.type
class ImageMutation:
    @strawberry.mutation(
        description="Tells of a build of an image; timelines show it with releases that brought the image. It counts "
        "where the viewer may write to the repository that rules the application. The same link told again replaces it."
    )
    async def report_image_build(self, info: Info, input: ImageBuildInput) -> ImageBuildPayload:
        plane, viewer = info.context.plane, info.context.signed_in()
        try:
            return ImageBuildPayload.of(await image_builds.report(plane, viewer, input.value()))
        except Unauthorized:
            raise
        except ApiError as error:
            return ImageBuildPayload(build=None, repositories=[], errors=[MutationError.of(error)])
