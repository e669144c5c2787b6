"""Who looks, and what the frame tells about the whole installation."""

from urllib.parse import quote

import reflex as rx
from reflex.event import EventSpec

from web.graph import client


class SessionState(rx.State):
    """The person of this tab's connection. The cookie itself stays in the connection's headers."""

    name: str = ""
    email: str = ""
    version: str = ""
    demo_history: bool = False

    def viewer(self) -> client.Viewer:
        """On whose behalf handlers of this tab ask."""
        return client.Viewer(cookie=self.router.headers.raw_headers.get("cookie", ""))

    @rx.event
    async def enter(self) -> EventSpec | None:
        """Runs when a page opens: nobody signed in goes to the sign-in page."""
        try:
            answer = await client.ask(self.viewer(), "session")
        except client.SignedOut:
            return to_sign_in(self)
        except client.GraphFailure:
            return None  # the banner tells; the page keeps what it has
        me = answer["me"]
        if me is None:
            return to_sign_in(self)
        self.name, self.email = me["name"], me["email"] or ""
        self.version = f"Argosy {answer['version']['version']}"
        self.demo_history = answer["version"]["demoHistory"]
        return None


def to_sign_in(state: rx.State) -> EventSpec:
    """To the sign-in page, and back afterwards. Signing in loads the page anew, and so the connection's cookie."""
    path = state.router.url.path or "/applications"
    query = f"?{state.router.url.query}" if state.router.url.query else ""
    return rx.redirect(f"/login?next={quote(path + query, safe='')}")
