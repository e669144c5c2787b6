"""One request: who asks, what for, may he, is a fault due; then whoever serves it."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

import msgspec
from aiohttp import web

from gitsync.sandbox.access import Access, Identity
from gitsync.sandbox.api.answer import error_answer, json_answer
from gitsync.sandbox.api.discovery import Discovery
from gitsync.sandbox.api.logs import LogReading
from gitsync.sandbox.api.openapi import OpenApi
from gitsync.sandbox.api.reading import Reading
from gitsync.sandbox.api.request import Call, Target, find_target
from gitsync.sandbox.api.scale import Scaling
from gitsync.sandbox.api.special import Special
from gitsync.sandbox.api.watching import Watching
from gitsync.sandbox.api.writing import Writing
from gitsync.sandbox.errors import (
    ApiError,
    BadRequestError,
    ForbiddenError,
    MethodNotAllowedError,
    Subject,
    UnauthorizedError,
)
from gitsync.sandbox.faults import Fault, FaultInjector
from gitsync.sandbox.metadata import subject_of
from gitsync.sandbox.registry import Registry

_HEALTH = frozenset({"/healthz", "/readyz", "/livez"})
_NO_METHOD = "the server does not allow this method on the requested resource"
_REASONS = {
    404: "NotFound",
    408: "Timeout",
    429: "TooManyRequests",
    500: "InternalError",
    503: "ServiceUnavailable",
    504: "Timeout",
}


@dataclass(frozen=True, slots=True)
class Endpoints:
    """Everything that serves requests."""

    discovery: Discovery
    openapi: OpenApi
    reading: Reading
    writing: Writing
    watching: Watching
    scaling: Scaling
    logs: LogReading
    special: Special


class ApiServer:
    """The one handler of the HTTP server."""

    def __init__(self, registry: Registry, access: Access, faults: FaultInjector, endpoints: Endpoints) -> None:
        self._registry = registry
        self._access = access
        self._faults = faults
        self._endpoints = endpoints

    async def handle(self, request: web.BaseRequest) -> web.StreamResponse:
        """Answers any request. Errors become a Status."""
        try:
            return await self._serve(request)
        except ApiError as error:
            return error_answer(error)

    async def _serve(self, request: web.BaseRequest) -> web.StreamResponse:
        path = request.path
        if path in _HEALTH or path.startswith(("/readyz/", "/livez/")):
            return web.Response(text="ok")
        acting_as = request.headers.get("Impersonate-User", "")
        identity = self._access.identify(request.headers.get("Authorization", ""), acting_as)
        if identity is None:
            raise UnauthorizedError("Unauthorized")
        if path.startswith("/sandbox/"):
            return await self._serve_faults(request)
        target = find_target(path, self._registry)
        call = Call(request, target, identity.name, request.query) if target else None
        verb = verb_of(call) if call else "discover"
        fault = self._faults.take(verb, request.method, request.path_qs)
        if fault is not None:
            await _suffer(fault, is_watch=verb == "watch")
            if fault.disconnect and request.transport is not None:
                request.transport.abort()
                return web.Response()
        if call is None:
            return self._discover(request)
        authorize(identity, verb, call.target)
        answer = await self._route(call, verb, identity, fault)
        if fault is not None and fault.answer_delay_seconds:
            self._faults.carried_out += 1
            await asyncio.sleep(fault.answer_delay_seconds)
        return answer

    def _discover(self, request: web.BaseRequest) -> web.Response:
        accept = request.headers.get("Accept", "")
        found = self._endpoints.discovery.answer(request.path, accept) or self._endpoints.openapi.answer(request.path)
        return found or web.Response(text="404 page not found\n", status=404)

    async def _route(self, call: Call, verb: str, identity: Identity, fault: Fault | None) -> web.StreamResponse:
        ends, target = self._endpoints, call.target
        if target.subresource and target.subresource not in ("status", "ephemeralcontainers", "resize"):
            return await self._route_subresource(call, verb)
        if verb == "create" and ends.special.reviews(target.type.kind):
            return await ends.special.review(call, identity)
        if verb not in target.type.verbs and not target.subresource:
            raise MethodNotAllowedError(_NO_METHOD, subject=Subject())
        match verb:
            case "get":
                return ends.reading.get(call)
            case "list":
                return ends.reading.list_all(call)
            case "watch":
                return await ends.watching.serve(call, fault)
        serve: Callable[[Call], Awaitable[web.Response]] = {
            "create": ends.writing.create,
            "update": ends.writing.replace,
            "patch": ends.writing.patch,
            "delete": ends.writing.delete,
            "deletecollection": ends.writing.delete_collection,
        }[verb]
        return await serve(call)

    async def _route_subresource(self, call: Call, verb: str) -> web.StreamResponse:
        ends = self._endpoints
        match call.target.subresource, verb:
            case "scale", "get":
                return ends.scaling.get(call)
            case "scale", "update" | "patch":
                return await ends.scaling.write(call)
            case "log", "get":
                return await ends.logs.serve(call)
            case "eviction", "create":
                return await ends.special.evict(call)
            case "binding", "create":
                return await ends.special.bind(call)
            case "finalize", "update":
                return await ends.special.finalize(call)
            case "token", "create":
                return await ends.special.issue_token(call)
        raise MethodNotAllowedError(_NO_METHOD, subject=Subject())

    async def _serve_faults(self, request: web.BaseRequest) -> web.Response:
        """`/sandbox/faults`: GET shows, POST adds, DELETE clears. `/sandbox/watches`: DELETE cuts open watches."""
        match request.method, request.path.rstrip("/"):
            case "GET", "/sandbox/faults":
                requests = self._faults.requests
                return json_answer({"faults": self._faults.describe(), "requests": requests})
            case "POST", "/sandbox/faults":
                try:
                    fault = msgspec.json.decode(await request.read(), type=Fault)
                except msgspec.DecodeError as error:
                    raise BadRequestError(f"no fault: {error}") from error
                self._faults.add(fault)
                return json_answer(msgspec.to_builtins(fault), status=201)
            case "DELETE", "/sandbox/faults":
                self._faults.clear()
                return json_answer({})
            case "DELETE", "/sandbox/watches":
                return json_answer({"dropped": self._faults.drop_watches(request.query.get("path", ".*"))})
        return web.Response(text="404 page not found\n", status=404)


def verb_of(call: Call) -> str:
    """The verb of a request as access rules name it."""
    has_name = bool(call.target.name)
    watches = call.query.get("watch") in ("1", "true", "True")
    match call.http.method:
        case "GET" | "HEAD":
            return "watch" if watches else ("get" if has_name else "list")
        case "POST":
            if has_name and not call.target.subresource:
                raise MethodNotAllowedError(_NO_METHOD, subject=Subject())
            return "create"
        case "PUT" if has_name:
            return "update"
        case "PATCH" if has_name:
            return "patch"
        case "DELETE":
            return "delete" if has_name else "deletecollection"
    raise MethodNotAllowedError(_NO_METHOD, subject=Subject())


def authorize(identity: Identity, verb: str, target: Target) -> None:
    """Raises ForbiddenError, worded as a real server does."""
    type_ = target.type
    resource = type_.plural + (f"/{target.subresource}" if target.subresource else "")
    if type_.group in ("authorization.k8s.io", "authentication.k8s.io"):
        return
    if identity.may(verb, type_.group, resource, target.namespace or "*"):
        return
    where = f'in the namespace "{target.namespace}"' if target.namespace else "at the cluster scope"
    subject = subject_of(type_, target.name)
    name = f' "{target.name}"' if target.name else ""
    raise ForbiddenError(
        f'{subject.resource}{name} is forbidden: User "{identity.name}" cannot {verb} resource "{resource}" in API '
        f'group "{type_.group}" {where}',
        subject=subject,
    )


async def _suffer(fault: Fault, *, is_watch: bool) -> None:
    if fault.delay_seconds:
        await asyncio.sleep(fault.delay_seconds)
    if fault.gone and not is_watch:
        raise ApiError("The provided continue parameter is too old", code=410, reason="Expired")
    if fault.status is not None:
        raise ApiError(
            "a fault that was asked for",
            code=fault.status,
            reason=_REASONS.get(fault.status, "InternalError"),
            retry_after_seconds=fault.retry_after_seconds,
            subject=Subject(),
        )
