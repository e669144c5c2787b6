"""The signed-in person."""

import strawberry

from api.access.viewer import Viewer
from api.actions import alerts, runtimes
from api.context import Info
from api.types.enums import GitProviders
from api.types.node import Node
from model.identity import encode_node_id


@strawberry.type
class Account:
    id: strawberry.ID
    name: str

    @strawberry.field(
        description="Where the shared configuration is, else the repositories; null: nobody knows, or it has no API."
    )
    async def git_provider(self, info: Info) -> GitProviders | None:
        found = await runtimes.git_provider(info.context.plane, info.context.signed_in())
        return GitProviders[found] if found else None

    @strawberry.field(description="The repository with the operations ledger; null: no runtime has one.")
    async def shared_config_repo(self, info: Info) -> str | None:
        known = await runtimes.all_visible(info.context.plane, info.context.signed_in())
        return next((one.summary.shared_config_repo for one in known if one.summary is not None), None) or None


@strawberry.type
class User(Node):
    name: str
    email: str | None
    is_admin: bool
    active_account: Account

    @staticmethod
    def of(viewer: Viewer, account: str) -> "User":
        return User(
            id=strawberry.ID(encode_node_id("User", viewer.name)),
            name=viewer.name,
            email=viewer.email or None,
            is_admin=viewer.is_admin,
            active_account=Account(id=strawberry.ID(encode_node_id("Account", account)), name=account),
        )

    @strawberry.field(description="Runtimes that the viewer wants no banners about; of others nothing is told.")
    async def hidden_alerts(self, info: Info) -> list[str]:
        viewer = info.context.signed_in()
        return await alerts.hidden_alerts(info.context.plane, viewer) if viewer.name == self.name else []


@strawberry.type
class VersionInfo:
    """`demoHistory`: commits and releases from before the first start are made up; their messages say so."""

    version: str
    demo_history: bool
