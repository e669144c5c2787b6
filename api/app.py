"""The control plane as an ASGI application: its routes, in one table."""

import time
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager
from datetime import datetime

from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Mount, Route, WebSocketRoute
from starlette.types import ASGIApp

from api.endpoints import audit_export, auth, changelog, explorer, health, oauth, runtime_logs, webhook
from api.endpoints.git_proxy import GitForwarding
from api.endpoints.graphql_http import GraphQLOverHTTP
from api.endpoints.graphql_socket import GraphQLOverWebSocket
from api.endpoints.link import link, replica
from api.endpoints.security_headers import SecurityHeaders
from api.lifespan import State, open_plane, utc_now
from api.plane import ControlPlane
from api.schema.build import build_schema
from api.settings import CHANGELOG_PATH, Settings


def create_app(
    settings: Settings,
    *,
    console: ASGIApp | None = None,
    clock: Callable[[], datetime] = utc_now,
    monotonic: Callable[[], float] = time.monotonic,
) -> Starlette:
    """`console` answers whatever no other route does; its own lifespan runs within this one's."""
    forwarding = GitForwarding(settings.git_forward_url) if settings.git_forward_url else None
    return Starlette(
        routes=_routes(settings, forwarding, console),
        middleware=[Middleware(SecurityHeaders)],
        lifespan=_lifespan(lambda: open_plane(settings, clock, monotonic), forwarding, console),
    )


def _routes(settings: Settings, forwarding: GitForwarding | None, console: ASGIApp | None) -> list[BaseRoute]:
    schema = build_schema()
    over_http, over_socket = GraphQLOverHTTP(schema), GraphQLOverWebSocket(schema, settings.allowed_origins)

    async def graphql(request: Request) -> Response:
        return await over_http(request)

    routes: list[BaseRoute] = [
        Route("/graphql", graphql, methods=["POST"]),
        WebSocketRoute("/graphql", over_socket),
        Route("/auth/login", auth.login, methods=["POST"]),
        Route("/auth/providers", oauth.providers, methods=["GET"]),
        Route("/auth/sign-in/{provider}", oauth.begin, methods=["GET"]),
        Route("/auth/sign-in/{provider}", oauth.with_token, methods=["POST"]),
        Route("/auth/callback/{provider}", oauth.callback, methods=["GET"]),
        Route("/auth/logout", auth.logout, methods=["POST"]),
        Route(CHANGELOG_PATH, changelog.changelog, methods=["GET"]),
        Route("/audit/export", audit_export.export, methods=["GET"]),
        Route("/webhooks/git", webhook.git_pushed, methods=["POST"]),
        Route("/runtimes/{name}/logs", runtime_logs.download, methods=["GET"]),
        WebSocketRoute("/link", link),
        WebSocketRoute("/replica", replica),
        Route("/healthz", health.healthz),
        Route("/readyz", health.readyz),
        Route("/metrics", health.metrics),
    ]
    if settings.demo:
        routes += explorer.routes()
    if forwarding is not None:
        routes.append(Route("/git/{path:path}", forwarding.forward, methods=["GET", "HEAD", "POST", "PUT", "DELETE"]))
    if console is not None:
        routes.append(Mount("/", console))
    return routes


def _lifespan(
    opened: Callable[[], AbstractAsyncContextManager[ControlPlane]],
    forwarding: GitForwarding | None,
    console: ASGIApp | None,
) -> Callable[[Starlette], AbstractAsyncContextManager[State]]:
    @asynccontextmanager
    async def lifespan(_app: Starlette) -> AsyncIterator[State]:
        async with AsyncExitStack() as stack:
            plane = await stack.enter_async_context(opened())
            if forwarding is not None:
                stack.push_async_callback(forwarding.close)
            if (router := getattr(console, "router", None)) is not None:
                await stack.enter_async_context(router.lifespan_context(console))
            yield State(plane=plane)

    return lifespan
