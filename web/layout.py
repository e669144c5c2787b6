"""The frame around every page: skip link, top bar, banner, main, footer, the one live region."""

import reflex as rx

from web.components.kit import AppLink
from web.components.toast import Toasts
from web.states.session import SessionState
from web.views.shell import (
    Activity,
    Banners,
    Commands,
    Connection,
    NavLink,
    NavMenu,
    PersonMenu,
    Skip,
    ThemeToggle,
    Zone,
)

#: Menu entries; a page that is not built has none.
PLACES = (("Home", "/"), ("Applications", "/applications"), ("Rollouts", "/rollouts"), ("DORA", "/dora"))
#: The second level: who runs the platform looks here.
PLATFORM = (
    ("Runtimes", "/runtimes"),
    ("Clusters", "/clusters"),
    ("Git Sources", "/git-sources"),
    ("Audit", "/audit"),
    ("Settings", "/settings"),
)
#: Where the command bar leads besides.
FURTHER = (
    ("Settings: API tokens", "/settings?tab=tokens"),
    ("Settings: Git accounts", "/settings?tab=git"),
    ("Settings: users", "/settings?tab=people"),
    ("Applications that need attention", "/applications?health=DEGRADED&health=MISSING&health=UNKNOWN&since=any"),
    ("Favourite applications", "/applications?star=1&since=any"),
    ("Style of the console", "/style"),
)

#: Where the banners, which follow all runtimes, put the words of the footer.
RUNTIMES_LIVE = "runtimes-live"
DEMO_HISTORY = "demo: what is older than its first start is made up"


def framed(content: rx.Component, *, place: str) -> rx.Component:
    """A page of a signed-in person. `place` is the menu entry it belongs to."""
    return rx.el.div(
        Skip.create(),
        _top_bar(place),
        Connection.create(),
        Banners.create(name=SessionState.name),
        rx.el.main(content, id="content", tab_index=-1),
        _footer(),
        Toasts.create(),
        announcements(),
        class_name="frame",
    )


def bare(content: rx.Component) -> rx.Component:
    """A page outside the frame (sign-in)."""
    return rx.el.div(
        rx.el.main(content, id="content"),
        rx.el.footer(rx.el.span("Argosy"), Zone.create(), class_name="footer"),
        announcements(),
        class_name="frame",
    )


def announcements() -> rx.Component:
    """The live region that tells screen readers what changed."""
    return rx.el.div(id="announcements", class_name="unseen", role="status", aria_live="polite")


def _top_bar(place: str) -> rx.Component:
    return rx.el.header(
        rx.el.a("Argosy", href="/", class_name="brand"),
        rx.el.nav(
            *(NavLink.create(label, to=path, current=path == place) for label, path in PLACES),
            NavMenu.create(
                *(AppLink.create(label, to=path, current=path == place) for label, path in PLATFORM),
                label="Platform",
                current=any(path == place for _, path in PLATFORM),
            ),
            aria_label="Main",
        ),
        rx.el.div(class_name="grow"),
        Commands.create(places=[{"label": label, "path": path} for label, path in (*PLACES, *PLATFORM, *FURTHER)]),
        Activity.create(name=SessionState.name),
        ThemeToggle.create(),
        PersonMenu.create(name=SessionState.name, email=SessionState.email),
        class_name="topbar",
    )


def _footer() -> rx.Component:
    return rx.el.footer(
        Zone.create(),
        rx.el.span(id=RUNTIMES_LIVE),
        rx.el.span(SessionState.version),
        rx.cond(SessionState.demo_history, rx.el.span(DEMO_HISTORY)),
        class_name="footer",
    )
