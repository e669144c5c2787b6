"""POST /graphql: GraphQL over HTTP, with answers as one JSON document or as server-sent events.

Request errors are 4xx in either media type, and omit `data`. GET is refused, except for the explorer's page.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import aclosing
from dataclasses import dataclass
from typing import Any

import msgspec
import orjson
from graphql import GraphQLError
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from strawberry.exceptions import MissingQueryError
from strawberry.schema.exceptions import CannotGetOperationTypeError, InvalidOperationTypeError
from strawberry.types.execution import ExecutionResult, PreExecutionError
from strawberry.types.graphql import OperationType

from api.access.viewer import Viewer
from api.context import Context
from api.endpoints.request import plane_of, read_body, refuse_cross_site, viewer_of
from api.errors import ApiError, Invalid
from api.live.answers import Answer
from api.plane import ControlPlane
from api.schema.build import Schema
from api.schema.sharing import is_sharable

GRAPHQL_JSON = "application/graphql-response+json"
EVENT_STREAM = "text/event-stream"
HEARTBEAT_SECONDS = 15.0


class UnsupportedMediaType(ApiError):
    code = "VALIDATION_ERROR"
    status = 415


class UnreadableBody(ApiError):
    code = "VALIDATION_ERROR"
    status = 400


class Body(msgspec.Struct, frozen=True, rename="camel"):
    """A GraphQL request as it comes. An empty operation name means none."""

    query: str
    variables: dict[str, Any] | None = None
    operation_name: str | None = None
    extensions: dict[str, Any] | None = None


_decoder = msgspec.json.Decoder(Body)


@dataclass(frozen=True, slots=True)
class GraphQLOverHTTP:
    schema: Schema

    async def __call__(self, request: Request) -> Response:
        media_type = _answer_type(request)
        try:
            refuse_cross_site(request)
            body = await _body(request)
            context = Context(plane_of(request), await viewer_of(request))
        except ApiError as error:
            return _request_error(error, media_type)
        if media_type == EVENT_STREAM:
            return StreamingResponse(self._events(body, context), headers=_STREAM_HEADERS, media_type=EVENT_STREAM)
        if context.viewer and is_sharable(self.schema, body.query, body.operation_name, body.variables):
            return await self._shared(body, context.plane, context.viewer, media_type)
        return await self._answer(body, context, media_type)

    async def _shared(self, body: Body, plane: ControlPlane, viewer: Viewer, media_type: str) -> Response:
        """Made once for all who see the same and ask at about the same time."""

        async def make(on_behalf: Viewer) -> Answer:
            context = Context(plane, on_behalf)
            made = await self._answer(body, context, media_type)
            sharable = made.status_code == 200 and not made.has_errors
            return Answer(bytes(made.body), frozenset(context.looked_up), made.status_code, sharable)

        variables = orjson.dumps(body.variables, option=orjson.OPT_SORT_KEYS)
        question = (body.query, body.operation_name, variables, media_type)
        found = await plane.answers.answer(viewer, question, make)
        return Response(found.body, found.status, media_type=media_type)

    async def _answer(self, body: Body, context: Context, media_type: str) -> "_Answer":
        try:
            result = await self.schema.execute(
                body.query,
                variable_values=body.variables,
                context_value=context,
                operation_name=body.operation_name or None,
                allowed_operation_types=(OperationType.QUERY, OperationType.MUTATION),
            )
        except (MissingQueryError, CannotGetOperationTypeError):
            return _request_error(Invalid("the document has no such operation"), media_type)
        except InvalidOperationTypeError:
            return _request_error(Invalid("a subscription needs a WebSocket, or text/event-stream"), media_type)
        return _response(result, media_type)

    async def _events(self, body: Body, context: Context) -> AsyncIterator[bytes]:
        results = await self.schema.stream(
            body.query,
            variable_values=body.variables,
            context_value=context,
            operation_name=body.operation_name or None,
        )
        async with aclosing(results):
            pull: asyncio.Task[Any] | None = None
            try:
                while True:
                    pull = pull or asyncio.create_task(_next(results))
                    done, _ = await asyncio.wait({pull}, timeout=HEARTBEAT_SECONDS)
                    if not done:
                        yield b":\n\n"
                        continue
                    try:
                        result = pull.result()
                    except StopAsyncIteration:
                        break
                    pull = None
                    yield b"event: next\ndata: " + encode(_payload(result)) + b"\n\n"
            finally:
                if pull is not None:
                    pull.cancel()
                    await asyncio.gather(pull, return_exceptions=True)
        yield b"event: complete\ndata:\n\n"


_STREAM_HEADERS = {"cache-control": "no-cache", "x-accel-buffering": "no"}


def encode(data: object) -> bytes:
    return orjson.dumps(data)


async def _next(results: AsyncIterator[Any]) -> Any:
    return await anext(results)


async def _body(request: Request) -> Body:
    content_type = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if content_type != "application/json":
        raise UnsupportedMediaType("send the request as application/json")
    raw = await read_body(request)
    try:
        return _decoder.decode(raw)
    except msgspec.ValidationError as error:
        raise Invalid(f"this is not a GraphQL request: {error}") from error
    except (msgspec.DecodeError, RecursionError) as error:
        raise UnreadableBody("the body is not JSON") from error


def _answer_type(request: Request) -> str:
    accepted = [part.partition(";")[0].strip().lower() for part in request.headers.get("accept", "").split(",")]
    for media_type in (EVENT_STREAM, GRAPHQL_JSON):
        if media_type in accepted:
            return media_type
    return "application/json"


class _Answer(Response):
    """`has_errors`: it is not all that was asked for."""

    has_errors = True


def _response(result: ExecutionResult, media_type: str) -> _Answer:
    is_request_error = isinstance(result, PreExecutionError) or (
        result.data is None and all(error.path is None for error in result.errors or ())
    )
    payload = _payload(result)
    if not is_request_error:
        found = _Answer(encode(payload), media_type=media_type)
        found.has_errors = bool(result.errors)
        return found
    payload.pop("data", None)
    return _Answer(encode(payload), status_code=_status(result.errors or []), media_type=media_type)


def _status(errors: list[GraphQLError]) -> int:
    first = errors[0] if errors else None
    if first is not None and isinstance(first.original_error, ApiError):
        return first.original_error.status
    return 400 if first is not None and first.message.startswith("Syntax Error") else 422


def _payload(result: Any) -> dict[str, Any]:
    payload: dict[str, Any] = {}
    if result.errors:
        payload["errors"] = [error.formatted for error in result.errors]
    payload["data"] = result.data
    if result.extensions:
        payload["extensions"] = result.extensions
    return payload


def _request_error(error: ApiError, media_type: str) -> _Answer:
    formatted = {"message": error.message, "extensions": {"code": error.code}}
    kind = "application/json" if media_type == EVENT_STREAM else media_type
    return _Answer(encode({"errors": [formatted]}), status_code=error.status, media_type=kind)
