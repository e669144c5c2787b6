"""Every screen in both themes: axe finds nothing, and a picture is kept."""

import pytest
from axe_playwright_python.base import AXE_SCRIPT
from playwright.sync_api import Page, expect

from tests.support.console_plane import RESULTS, OpenPage

pytestmark = [pytest.mark.e2e]
Screens = dict[str, tuple[str, str, str]]
#: screen -> (address, what must be there, what to press first); those of one application have a file of their own
SCREENS: Screens = {
    "applications": ("/applications", "tbody.app", ""),
    "applications-cards": ("/applications?view=cards", ".card", ""),
    "applications-warnings": ("/applications?panel=warnings", ".problem-entry", ""),
    "applications-none": ("/applications?q=no-such-name", ".empty", ""),
    "groups": ("/applications/groups", "[data-group]", ""),
    "group": ("/applications/groups?name=checkout+flow", ".release .tag", ""),
    "group-applications": ("/applications/groups?name=checkout+flow&tab=applications", ".card", ""),
    "product": ("/applications/products?name=webshop", ".card", ""),
    "environments": ("/applications/environments", "[data-name]", ""),
    "dora-more": ("/dora?product=webshop&group=night+shift", ".chart svg, .empty", ""),
    "jump": ("/applications", ".jump [role=option]", "Control+k"),
    "help": ("/applications", "dialog[open] .keys", "?"),
    "rollouts": ("/rollouts", ".rollouts tbody, .empty", ""),
    "home": ("/?time=365d&by=MONTHLY", ".busiest a", ""),
    "dora": ("/dora?time=365d&by=MONTHLY", ".chart svg", ""),
    "audit": ("/audit", ".audit, .empty", ""),
    "clusters": ("/clusters", ".listing a", ""),
    "git-sources": ("/git-sources", ".listing a", ""),
    "activity": ("/applications", ".activity[open] .told", "b"),
    "settings": ("/settings", ".facts", ""),
    "settings-tokens": ("/settings?tab=tokens", ".line-form", ""),
    "settings-git": ("/settings?tab=git", ".empty", ""),
    "settings-users": ("/settings?tab=people", ".empty", ""),
    "runtime": ("/runtimes/demo", ".listing tbody tr", ""),
    "runtime-sources": ("/runtimes/demo?tab=sources", ".listing tbody tr", ""),
    "runtime-clusters": ("/runtimes/demo?tab=clusters", ".listing tbody tr", ""),
    "audit-changes": ("/audit?action=EDIT", ".twist-link", ""),
    "runtimes": ("/runtimes", ".topology ul ul .place", ""),
    "no-such-page": ("/nothing", "main h1", ""),
    "style": ("/style", ".cm-lintRange", ""),
}


THEMES = ("light", "dark")
DESK, PHONE = {"width": 1440, "height": 900}, {"width": 390, "height": 844}
#: What reaches over the edge of the window: the page itself, or what floats above it.
OUTSIDE = """async () => {
  const painted = () => new Promise(requestAnimationFrame);
  await painted().then(painted);
  const page = document.documentElement;
  const over = ({ left, right }) => left < -1 || right > innerWidth + 1;
  const floats = document.querySelectorAll("dialog[open], .drawer, .menu[open] > .menu-body");
  const outside = [...floats].filter((one) => over(one.getBoundingClientRect()));
  return (page.scrollWidth > innerWidth ? [page, ...outside] : outside).map((one) => one.className || one.tagName);
}"""
#: Rows and cards after the first eight are made as those are; axe takes a second for fifty of them.
ALIKE = {"exclude": [["tbody.app:nth-of-type(n+9)"], [".card:nth-of-type(n+9)"]]}


def settle(page: Page) -> None:
    """Colours on their way are nobody's fault."""
    page.wait_for_function(
        "() => document.getAnimations().every(one => one.effect.getTiming().iterations === Infinity)"
    )


def complaints(page: Page, *rules: str) -> list[str]:
    """What axe finds, by all of its rules or by those that are named. None asks for style sheets or sounds again."""
    if not page.evaluate("'axe' in window"):
        page.evaluate(AXE_SCRIPT)
    options = {"resultTypes": ["violations"], "preload": False, **({"runOnly": list(rules)} if rules else {})}
    found = page.evaluate("([context, options]) => axe.run(context, options)", [ALIKE, options])["violations"]
    return [f"{one['id']}: {node['html'][:200]}" for one in found for node in one["nodes"]]


def picture(page: Page, name: str) -> None:
    folder = RESULTS / "console"
    folder.mkdir(parents=True, exist_ok=True)
    page.screenshot(path=str(folder / f"{name}.png"), animations="disabled")


def look(page: Page, name: str) -> list[str]:
    """Complaints in both themes. They have the same elements, so the second one is asked for its colours alone."""
    found = []
    for theme in THEMES:
        page.emulate_media(color_scheme=theme)
        expect(page.locator("html")).to_have_class(theme)
        settle(page)
        picture(page, f"{name}-{theme}")
        found += [f"{theme}: {one}" for one in complaints(page, *(("color-contrast",) if theme == "dark" else ()))]
    return found


def look_on_a_phone(page: Page) -> list[str]:
    """What does not fit into the width of a phone."""
    page.set_viewport_size(PHONE)
    outside: list[str] = page.evaluate(OUTSIDE)
    page.set_viewport_size(DESK)
    return [f"phone: {one} reaches over the edge" for one in outside]


def look_at_all(page: Page, screens: Screens) -> dict[str, list[str]]:
    """Complaints by screen; one after the other in one page."""
    wrong: dict[str, list[str]] = {}
    for name, (address, wanted, key) in screens.items():
        page.goto(address)
        if key:
            expect(page.locator("tbody.app, .node").first).to_be_visible()
            expect(page.locator(".topbar summary", has_text="dana")).to_be_visible()
            page.keyboard.press(key)
        expect(page.locator(wanted).first).to_be_visible()
        if found := look(page, name) + look_on_a_phone(page):
            wrong[name] = found
    return wrong


@pytest.mark.timeout(600)  # two dozen screens
def test_every_screen_is_accessible_and_fits_a_phone(open_page: OpenPage) -> None:
    assert look_at_all(open_page(), SCREENS) == {}


def test_sign_in_is_accessible(open_page: OpenPage) -> None:
    page = open_page(user=None, path="/login")
    expect(page.get_by_label("Name")).to_be_focused()
    expect(page.get_by_role("button", name="Sign in")).to_be_enabled()
    assert look(page, "login") == []


def test_the_theme_follows_the_system_until_somebody_chooses(open_page: OpenPage) -> None:
    page = open_page(theme="dark", path="/style")
    background = "getComputedStyle(document.body).backgroundColor"
    assert page.evaluate(background) == "rgb(17, 17, 19)"
    page.get_by_role("button", name="Use the light theme").click()
    expect(page.locator("html")).to_have_class("light")
    assert page.evaluate(background) == "rgb(252, 252, 253)"
    primary = page.get_by_role("button", name="Primary")
    primary.hover()
    expect(primary).to_have_css("background-color", "rgb(62, 91, 208)")  # white words stay on the dark of the action
    page.reload()
    expect(page.locator("html")).to_have_class("light")


def test_landmarks_and_one_live_region(open_page: OpenPage) -> None:
    page = open_page()
    expect(page.locator("tbody.app").first).to_be_visible()
    for landmark in ("banner", "main", "contentinfo"):
        expect(page.get_by_role(landmark)).to_have_count(1)
    expect(page.locator("[aria-live=polite]")).to_have_count(1)
    expect(page.get_by_role("heading", level=1)).to_have_count(1)
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="Skip to content")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.locator("main")).to_be_focused()
