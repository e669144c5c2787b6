"""The built console on a real control plane with a scripted runtime, in the system's Chromium."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import (
    Browser,
    BrowserContext,
    ConsoleMessage,
    Page,
    Request,
    StorageState,
    expect,
    sync_playwright,
)

from tests.support.console_demo import DemoPlane, running_demo_plane
from tests.support.console_plane import PASSWORD, OpenPage, Plane, running_plane
from tests.support.demo import PASSWORD as DEMO_PASSWORD
from tests.support.ports import free_port
from web import build

# Debian has Chromium twice: without the parts that draw windows a page costs half as much.
_CHROMIUMS = (Path("/usr/bin/chromium-headless-shell"), Path("/usr/bin/chromium"))
CHROMIUM = next(filter(Path.exists, _CHROMIUMS), _CHROMIUMS[0])
NO_CHROMIUM = f"Chromium is not installed: apt-get install {CHROMIUM.name}"
FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking"]

Sessions = dict[tuple[str, str], StorageState]

expect.set_options(timeout=30_000)  # several browsers share the cores with the rest of the suite


@pytest.fixture(scope="session")
def plane() -> Iterator[Plane]:
    """One for all tests that only look, or that heal what they change."""
    if not build.HASHES.exists():
        pytest.skip("the console is not built: make console")
    if not CHROMIUM.exists():
        pytest.skip(NO_CHROMIUM)
    with running_plane(free_port()) as plane:
        yield plane


@pytest.fixture(scope="session")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[DemoPlane]:
    """One for all tests of whole flows; each has applications of its own."""
    if not build.HASHES.exists():
        pytest.skip("the console is not built: make console")
    if not CHROMIUM.exists():
        pytest.skip(NO_CHROMIUM)
    with running_demo_plane(free_port(), tmp_path_factory.mktemp("demo")) as demo:
        yield demo


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Debian's Chromium, never a downloaded one; closed soon, for its event loop is in the way of async tests."""
    if not CHROMIUM.exists():
        pytest.skip(NO_CHROMIUM)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=str(CHROMIUM), args=FLAGS)
        yield browser
        browser.close()


@pytest.fixture(scope="session")
def sessions() -> Sessions:
    """Cookies by address and person: verifying a password takes long on purpose, so each signs in once."""
    return {}


@pytest.fixture
def open_page(browser: Browser, plane: Plane, sessions: Sessions) -> Iterator[OpenPage]:
    """`open_page(user="dana", theme="dark")`: a signed-in page. Its errors and foreign requests fail the test.

    `own_session` is for tests that end it.
    """
    yield from _pages(browser, plane.url, PASSWORD, sessions)


@pytest.fixture
def open_demo_page(browser: Browser, demo: DemoPlane, sessions: Sessions) -> Iterator[OpenPage]:
    """The same for the demo."""
    yield from _pages(browser, demo.url, DEMO_PASSWORD, sessions)


def _pages(browser: Browser, url: str, password: str, sessions: Sessions) -> Iterator[OpenPage]:
    contexts: list[BrowserContext] = []
    complaints: list[str] = []

    def listen(message: ConsoleMessage) -> None:
        if message.type == "error" and "status of 401" not in message.text and "status of 404" not in message.text:
            complaints.append(message.text)

    def check(request: Request) -> None:
        if not request.url.startswith((url, url.replace("http", "ws"), "data:", "blob:")):
            complaints.append(f"asked a foreign host: {request.url}")

    def open_one(
        user: str | None = "dana",
        *,
        theme: str = "light",
        path: str = "/applications",
        width: int = 1440,
        height: int = 900,
        own_session: bool = False,
    ) -> Page:
        known = None if own_session or user is None else sessions.get((url, user))
        context = browser.new_context(
            base_url=url,
            color_scheme="dark" if theme == "dark" else "light",
            viewport={"width": width, "height": height},
            timezone_id="Europe/Berlin",
            reduced_motion="reduce",  # without a graphics card what turns takes half a core
            storage_state=known,
        )
        contexts.append(context)
        if user is not None and known is None:
            answer = context.request.post("/auth/login", data={"username": user, "password": password})
            assert answer.ok, answer.text()
            if not own_session:
                sessions[url, user] = context.storage_state()
        page = context.new_page()
        page.on("console", listen)
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.on("request", check)
        page.goto(path)
        return page

    yield open_one
    for context in contexts:
        context.close()
    assert complaints == []
