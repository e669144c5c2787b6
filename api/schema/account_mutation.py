"""Users, and API tokens of the viewer."""

from collections.abc import Awaitable

import strawberry

from api.actions import people
from api.context import Info
from api.errors import ApiError
from api.types.account import AccountPayload, ApiToken, ApiTokenPayload, PersonInput
from api.types.payload import MutationError


@strawberry.type
class AccountMutation:
    @strawberry.mutation(description="Administrators only.")
    async def add_person(self, info: Info, input: PersonInput) -> AccountPayload:
        plane, viewer, given = info.context.plane, info.context.signed_in(), input
        words = {"password": given.password, "email": given.email or ""}
        return await _done(people.add_person(plane, viewer, given.name, is_admin=given.is_admin, **words))

    @strawberry.mutation(description="Administrators only. Ends all that the person is signed in with.")
    async def remove_person(self, info: Info, name: str) -> AccountPayload:
        return await _done(people.remove_person(info.context.plane, info.context.signed_in(), name))

    @strawberry.mutation(description="The viewer's own. Ends all that they are signed in with, and their API tokens.")
    async def change_password(self, info: Info, current: str, new: str) -> AccountPayload:
        plane, viewer = info.context.plane, info.context.signed_in()
        return await _done(people.change_password(plane, viewer, current=current, new=new))

    @strawberry.mutation(description="For programs that ask in the viewer's name.")
    async def create_api_token(self, info: Info, name: str, days: int = 90) -> ApiTokenPayload:
        plane, viewer = info.context.plane, info.context.signed_in()
        try:
            token, secret = await people.create_api_token(plane, viewer, name, days=days)
        except ApiError as error:
            return ApiTokenPayload(token=None, secret=None, errors=[MutationError.of(error)])
        return ApiTokenPayload(token=ApiToken.of(token), secret=secret, errors=[])

    @strawberry.mutation(description="One of the viewer's own. It is void at once.")
    async def revoke_api_token(self, info: Info, id: strawberry.ID) -> AccountPayload:
        return await _done(people.revoke_api_token(info.context.plane, info.context.signed_in(), id))


async def _done(work: Awaitable[None]) -> AccountPayload:
    try:
        await work
    except ApiError as error:
        return AccountPayload(errors=[MutationError.of(error)])
    return AccountPayload(errors=[])
