"""The signed-in person."""

import strawberry

from api.access.viewer import Viewer
from api.types.node import Node
from model.identity import encode_node_id


@strawberry.type
class Account:
    id: strawberry.ID
    name: str
    shared_config_repo: str | None


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
            active_account=Account(
                id=strawberry.ID(encode_node_id("Account", account)), name=account, shared_config_repo=None
            ),
        )


@strawberry.type
class VersionInfo:
    version: str
