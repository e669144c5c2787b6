"""The route table, and the factory that turns the built console into an ASGI application."""

import contextlib
from collections.abc import AsyncIterator

import reflex as rx
from reflex_base.constants import Env
from reflex_base.environment import environment
from starlette.applications import Starlette
from starlette.routing import Mount

from web import build, rxconfig
from web.delivery import Delivery, read_script_hashes, same_origin
from web.graph import client
from web.pages.application import application
from web.pages.applications import applications
from web.pages.dashboards import (
    app_groups,
    application_set,
    audit,
    clusters,
    dora,
    environments,
    git_sources,
    home,
    new_application,
    products,
    rollouts,
)
from web.pages.dashboards import settings as settings_page
from web.pages.login import login
from web.pages.not_found import not_found
from web.pages.runtimes import runtime, runtimes
from web.pages.style import style
from web.states.application import ApplicationState
from web.states.runtimes import RuntimesState
from web.states.session import SessionState

# Reflex reads rxconfig.py in the folder where a process happens to run, once, right here.
with contextlib.chdir(build.HERE):
    app = rx.App(
        stylesheets=["/console/theme.css", "/console.css", "/steering.css", "/writing.css", "/platform.css"],
        html_lang="en",
        toaster=None,
        app_wraps={},
        head_components=[rx.el.link(rel="icon", href="/favicon.svg", type="image/svg+xml")],
    )

app.add_page(not_found, route="404", title="Not found · Argosy", on_load=SessionState.enter)
app.add_page(login, route="/login", title="Sign in · Argosy")
app.add_page(home, route="/", title="Home · Argosy", on_load=SessionState.enter)
app.add_page(dora, route="/dora", title="Key metrics · Argosy", on_load=SessionState.enter)
app.add_page(rollouts, route="/rollouts", title="Rollouts · Argosy", on_load=SessionState.enter)
app.add_page(audit, route="/audit", title="Audit · Argosy", on_load=SessionState.enter)
app.add_page(clusters, route="/clusters", title="Clusters · Argosy", on_load=SessionState.enter)
app.add_page(git_sources, route="/git-sources", title="Git Sources · Argosy", on_load=SessionState.enter)
app.add_page(settings_page, route="/settings", title="Settings · Argosy", on_load=SessionState.enter)
app.add_page(applications, route="/applications", title="Applications · Argosy", on_load=SessionState.enter)
app.add_page(new_application, route="/applications/new", title="New application · Argosy", on_load=SessionState.enter)
app.add_page(app_groups, route="/applications/groups", title="Groups · Argosy", on_load=SessionState.enter)
app.add_page(products, route="/applications/products", title="Products · Argosy", on_load=SessionState.enter)
app.add_page(
    environments, route="/applications/environments", title="Environments · Argosy", on_load=SessionState.enter
)
app.add_page(
    application,
    route="/applications/[runtime]/[namespace]/[name]",
    title=rx.cond(ApplicationState.header.name, ApplicationState.header.name + " · Argosy", "Application · Argosy"),
    on_load=[SessionState.enter, ApplicationState.watch],
)
app.add_page(
    application_set,
    route="/application-sets/[runtime]/[namespace]/[name]",
    title="ApplicationSet · Argosy",
    on_load=SessionState.enter,
)
app.add_page(runtimes, route="/runtimes", title="Runtimes · Argosy", on_load=[SessionState.enter, RuntimesState.watch])
app.add_page(runtime, route="/runtimes/[name]", title="Runtime · Argosy", on_load=SessionState.enter)
app.add_page(style, route="/style", title="Style · Argosy", on_load=SessionState.enter)


class ConsoleNotBuilt(RuntimeError):
    """There is no bundle to serve."""


def console() -> Starlette:
    """The built console with its own lifespan, to be mounted last in the control plane's application."""
    if not build.HASHES.exists():
        raise ConsoleNotBuilt("the console is not built; run `make console` (or `python -m web.build`) and start again")
    settings = rxconfig.read_settings()
    environment.REFLEX_ENV_MODE.set(Env.PROD)
    environment.REFLEX_SKIP_COMPILE.set(True)
    environment.REFLEX_MOUNT_FRONTEND_COMPILED_APP.set(True)
    environment.REFLEX_WEB_WORKDIR.set(build.HERE / ".web")
    _check_origins(settings.public_origins)
    if settings.api_url:
        client.use(settings.api_url)
    inner = app()
    assert isinstance(inner, Starlette)
    delivery = Delivery(
        inner,
        script_hashes=read_script_hashes(build.HASHES),
        public_origins=settings.public_origins,
        pages=[f"/{page.stem}" for page in build.CLIENT.glob("*.html") if not page.stem.startswith("_")],
        on_address=_ignore if settings.api_url else client.use_server,
    )

    @contextlib.asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncIterator[None]:
        async with inner.router.lifespan_context(inner):
            yield
        await client.close()

    return Starlette(routes=[Mount("/", delivery)], lifespan=lifespan)


def _ignore(_host: str, _port: int) -> None:
    """The address is given; what the socket says does not matter."""


def _check_origins(public_origins: tuple[str, ...]) -> None:
    """Let the event socket accept the same origins as everything else here."""
    assert app.sio is not None

    def allowed(origin: str, environ: dict[str, str]) -> bool:
        return same_origin(origin, environ.get("HTTP_HOST"), public_origins)

    app.sio.eio.cors_allowed_origins = allowed
