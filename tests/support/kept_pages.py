"""Pages of Debian's Chromium for tests of the console: whoever has signed in keeps a page for the tests that follow.

A fresh page is a fresh process that compiles the console's script again, half of what a short test takes. What a test
leaves in a page is taken away before the next one has it: what it stored, what it answered in the server's place, more
pages of the same person, size and colours. A page that cannot be cleared so is closed.
"""

from dataclasses import dataclass, field

from playwright.sync_api import Browser, Error, Page, ViewportSize

QUIET = "/healthz"  # of the same origin, so that the page keeps its process; no script runs there


@dataclass
class KeptPages:
    """The pages nobody uses now, by the address of the server and the person."""

    browser: Browser
    free: dict[tuple[str, str], list[Page]] = field(default_factory=dict)

    def take(self, url: str, user: str, password: str) -> Page:
        """A page on which this person has signed in. Verifying a password takes long on purpose, so each does once."""
        if free := self.free.get((url, user)):
            return free.pop()
        page = self.fresh(url)
        sign_in(page, user, password)
        return page

    def fresh(self, url: str) -> Page:
        """A page of nobody, for one test: who takes it closes its context."""
        context = self.browser.new_context(base_url=url, timezone_id="Europe/Berlin")
        return context.new_page()

    def give_back(self, page: Page, url: str, user: str) -> None:
        try:
            _clear(page)
        except Error:  # it crashed, or it hangs: the test has failed for it, and the next one gets another
            page.context.close()
            return
        self.free.setdefault((url, user), []).append(page)


def sign_in(page: Page, user: str, password: str) -> None:
    answer = page.context.request.post("/auth/login", data={"username": user, "password": password})
    assert answer.ok, answer.text()


def dress(page: Page, theme: str, size: ViewportSize) -> None:
    """Without a graphics card what turns takes half a core, so nothing does."""
    page.emulate_media(color_scheme="dark" if theme == "dark" else "light", reduced_motion="reduce")
    page.set_viewport_size(size)


def _clear(page: Page) -> None:
    page.unroute_all(behavior="ignoreErrors")
    for other in page.context.pages:
        if other is not page:
            other.close()
    page.goto(QUIET)
    page.evaluate("localStorage.clear(); sessionStorage.clear()")
