"""Every screen in both themes: axe finds nothing, and a picture is kept."""

import pytest
from playwright.sync_api import expect

from tests.support.console_looks import Screens, complaints, look, look_at_all, look_on_a_phone, unreadable
from tests.support.console_plane import OpenPage
from tests.support.kept_pages import KeptPages

pytestmark = [pytest.mark.e2e]
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
    "rollouts": ("/rollouts", ".rollouts tbody, .empty", ""),
    "home": ("/?time=365d&by=MONTHLY", ".busiest a", ""),
    "dora": ("/dora?time=365d&by=MONTHLY", ".chart svg", ""),
    "audit": ("/audit", ".audit, .empty", ""),
    "clusters": ("/clusters", ".listing a", ""),
    "git-sources": ("/git-sources", ".listing a", ""),
    "settings": ("/settings", ".facts", ""),
    "jump": ("/settings", ".jump [role=option]", "Control+k"),
    "help": ("/settings", "dialog[open] .keys", "?"),
    "activity": ("/settings", ".activity[open] .told", "b"),
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


@pytest.mark.timeout(600)  # two dozen screens
def test_every_screen_is_accessible_and_fits_a_phone(open_page: OpenPage) -> None:
    assert look_at_all(open_page(), SCREENS) == {}


def test_what_is_wrong_is_found_though_the_like_of_it_was_passed(pages: KeptPages) -> None:
    page = pages.fresh("http://127.0.0.1")
    word, field = "<p style='color: #555; background: {}'>word</p>", "<label>Name<input></label>"
    page.set_content(f"<html lang=en><title>t</title><main><h1>t</h1>{field}{word.format('#fff')}{word.format('#fff')}")
    assert complaints(page) == []
    assert unreadable(page) == []
    page.evaluate("document.querySelector('p + p').style.background = '#777'")
    assert [one.partition(":")[0] for one in unreadable(page)] == ["color-contrast"]
    assert [one.partition(":")[0] for one in unreadable(page)] == ["color-contrast"]  # never taken for one that passed
    page.evaluate("document.querySelector('label').replaceWith(document.querySelector('input'))")
    assert {one.partition(":")[0] for one in complaints(page)} == {"label", "color-contrast"}
    assert look_on_a_phone(page) == []
    page.evaluate("document.querySelector('p').style.width = '600px'")
    assert look_on_a_phone(page) == ["phone: HTML reaches over the edge"]
    page.context.close()


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
