"""The built console on a real control plane with a scripted runtime, in the system's Chromium."""

from collections.abc import Generator, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from playwright.sync_api import Browser, ConsoleMessage, Error, Page, Request, expect, sync_playwright

from tests.support.console_demo import DemoPlane, running_demo_plane
from tests.support.console_plane import PASSWORD, OpenPage, Plane, running_plane
from tests.support.demo import PASSWORD as DEMO_PASSWORD
from tests.support.kept_pages import KeptPages, dress, sign_in
from tests.support.ports import free_port
from web import build

# Debian has Chromium twice: without the parts that draw windows a page costs half as much.
_CHROMIUMS = (Path("/usr/bin/chromium-headless-shell"), Path("/usr/bin/chromium"))
CHROMIUM = next(filter(Path.exists, _CHROMIUMS), _CHROMIUMS[0])
NO_CHROMIUM = f"Chromium is not installed: apt-get install {CHROMIUM.name}"
FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking"]

HERE = Path(__file__).parent
_OPEN = pytest.StashKey[ExitStack]()
_PAGES = pytest.StashKey[KeptPages]()

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


@pytest.fixture
def pages(request: pytest.FixtureRequest) -> KeptPages:
    """One browser for all tests of this folder that follow each other, and what it keeps."""
    if not CHROMIUM.exists():
        pytest.skip(NO_CHROMIUM)
    stash = request.config.stash
    if _PAGES not in stash:
        stash[_OPEN] = ExitStack()
        playwright = stash[_OPEN].enter_context(sync_playwright())
        browser = playwright.chromium.launch(executable_path=str(CHROMIUM), args=FLAGS)
        stash[_OPEN].callback(browser.close)
        stash[_PAGES] = KeptPages(browser)
    return stash[_PAGES]


@pytest.hookimpl(wrapper=True)
def pytest_runtest_teardown(item: pytest.Item, nextitem: pytest.Item | None) -> Generator[None]:
    """Ends the browser after the last test of this folder: its event loop is in the way of async tests."""
    yield
    if (nextitem is None or not nextitem.path.is_relative_to(HERE)) and _PAGES in item.config.stash:
        del item.config.stash[_PAGES]
        item.config.stash[_OPEN].close()


@pytest.fixture
def browser(pages: KeptPages) -> Browser:
    """Debian's Chromium, never a downloaded one; for tests that need a context of their own."""
    return pages.browser


@pytest.fixture
def open_page(pages: KeptPages, plane: Plane) -> Iterator[OpenPage]:
    """`open_page(user="dana", theme="dark")`: a signed-in page. Its errors and foreign requests fail the test.

    `own_session` is for tests that end it.
    """
    yield from _lent(pages, plane.url, PASSWORD)


@pytest.fixture
def open_demo_page(pages: KeptPages, demo: DemoPlane) -> Iterator[OpenPage]:
    """The same for the demo."""
    yield from _lent(pages, demo.url, DEMO_PASSWORD)


def _lent(pages: KeptPages, url: str, password: str) -> Iterator[OpenPage]:
    lent: list[tuple[Page, str | None]] = []
    complaints: list[str] = []

    def listen(message: ConsoleMessage) -> None:
        if message.type == "error" and "status of 401" not in message.text and "status of 404" not in message.text:
            complaints.append(message.text)

    def fail(error: Error) -> None:
        complaints.append(str(error))

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
        keeper = None if own_session else user
        page = pages.fresh(url) if keeper is None else pages.take(url, keeper, password)
        lent.append((page, keeper))
        if user is not None and own_session:
            sign_in(page, user, password)
        dress(page, theme, {"width": width, "height": height})
        page.on("console", listen)
        page.on("pageerror", fail)
        page.on("request", check)
        page.goto(path)
        return page

    yield open_one
    for page, keeper in lent:
        page.remove_listener("console", listen)
        page.remove_listener("pageerror", fail)
        page.remove_listener("request", check)
        if keeper is None:
            page.context.close()
        else:
            pages.give_back(page, url, keeper)
    assert complaints == []
