"""/graphql as a WebSocket: graphql-transport-ws.

Who asks is taken from the handshake (cookie or header) or from `connection_init` ({"Authorization": "Bearer ..."}).
What ends with time (a permission, a session) is looked after by `api.live.streams`, since a socket asks only once.
"""

import json
from datetime import timedelta
from typing import Any

import orjson
from starlette.requests import Request
from starlette.responses import Response
from starlette.websockets import WebSocket
from strawberry.asgi import GraphQL
from strawberry.exceptions import ConnectionRejectionError
from strawberry.subscriptions import GRAPHQL_TRANSPORT_WS_PROTOCOL
from strawberry.types.unset import UnsetType

from api.context import Context
from api.endpoints.request import MAX_BODY_BYTES, bare_token, plane_of, viewer_of
from api.schema.build import Schema
from api.schema.fast_executor import Encoded

INIT_SECONDS = 10
OPERATIONS_PER_SOCKET = 100


class GraphQLOverWebSocket(GraphQL[Context, None]):
    def __init__(self, schema: Schema, allowed_origins: tuple[str, ...]) -> None:
        super().__init__(
            schema,
            graphql_ide=None,
            subscription_protocols=(GRAPHQL_TRANSPORT_WS_PROTOCOL,),
            connection_init_wait_timeout=timedelta(seconds=INIT_SECONDS),
            max_subscriptions_per_connection=OPERATIONS_PER_SOCKET,
            allowed_origins=allowed_origins,
        )

    async def get_context(self, request: Request | WebSocket, response: Response | WebSocket) -> Context:
        return Context(plane_of(request), await viewer_of(request))

    async def on_ws_connect(self, context: Context) -> UnsetType:
        """A token in `connection_init` comes before the cookie; one that is not valid ends the socket."""
        params = {name.lower(): value for name, value in (context.connection_params or {}).items()}
        header = params.get("authorization")
        if isinstance(header, str) and header:
            viewer = await context.plane.sign_in.recognise(bare_token(header))
            if viewer is None:
                raise ConnectionRejectionError
            context.sign_in_as(viewer)
        return UnsetType()

    def decode_json(self, data: str | bytes) -> object:
        if len(data) > MAX_BODY_BYTES:
            raise json.JSONDecodeError("too long", "", 0)
        return orjson.loads(data)

    def encode_json(self, data: Any) -> str:
        """Text: a binary frame would be dropped by clients without a word. Data that many get is encoded once."""
        payload = data.get("payload")
        shared = payload.get("data") if isinstance(payload, dict) and len(payload) == 1 else None
        if not isinstance(shared, Encoded):
            return orjson.dumps(data).decode()
        if shared.text is None:
            shared.text = orjson.dumps(shared).decode()
        envelope = orjson.dumps({name: value for name, value in data.items() if name != "payload"}).decode()
        return f'{envelope[:-1]},"payload":{{"data":{shared.text}}}}}'
