"""The frame of every page: activity, banners, the command bar, shortcuts, and the ways to sign in."""

import json
import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Route, expect

from tests.support.console_looks import look
from tests.support.console_plane import OpenPage, Plane

pytestmark = [pytest.mark.e2e]


def test_activity_is_told_live_and_counts_what_was_not_read(open_page: OpenPage) -> None:
    page = open_page()
    menu = page.locator(".activity")
    expect(page.locator("tbody.app").first).to_be_visible()
    expect(menu.locator("summary")).to_be_visible()
    page.goto("/applications/demo/argosy/search")
    expect(page.get_by_role("button", name="Sync", exact=True)).to_be_enabled()
    page.get_by_role("button", name="Sync", exact=True).click()
    page.locator("dialog[open]").get_by_role("button", name="Sync", exact=True).click()
    expect(menu.locator("summary")).to_have_attribute("aria-label", re.compile(r"Activity, \d+ new"))
    expect(page.locator("dialog[open]")).to_have_count(0)  # news may be here before the answer that closes it
    page.get_by_role("heading", level=1, name="search").click()  # nothing of the tree, which would open
    page.keyboard.press("b")
    entry = menu.locator(".told", has_text="Sync of search").first
    expect(entry).to_contain_text("succeeded")
    expect(menu.locator("summary")).to_have_attribute("aria-label", "Activity")
    menu.get_by_role("button", name="Changes").click()
    expect(menu.locator(".told", has_text="Sync of search")).to_have_count(0)
    menu.get_by_role("button", name="All").click()
    menu.locator(".told a", has_text="Sync of search").first.click()
    page.wait_for_url(re.compile("/applications/demo/argosy/search"))
    expect(menu.locator(".activity-body")).to_be_hidden()


def test_a_refused_git_token_is_told_on_every_page_until_it_is_dismissed(open_page: OpenPage) -> None:
    page = open_page(path="/settings?tab=git")
    form = page.get_by_role("form", name="Git token")
    expect(form.get_by_label("Runtime")).to_have_value("demo")
    form.get_by_label("Git host").fill("https://git.example.test")
    form.get_by_label("Token").fill("refused")
    form.get_by_role("button", name="Keep token").click()
    row = page.locator("tbody tr", has_text="https://git.example.test")
    expect(row).to_contain_text("Refused")
    assert look(page, "settings-git-refused") == []
    page.evaluate("sessionStorage.clear()")
    page.goto("/clusters")
    banner = page.locator(".banner", has_text="is refused")
    expect(banner).to_be_visible()
    assert look(page, "banner") == []
    banner.get_by_role("link", name="Update it").click()
    page.wait_for_url("**/settings?tab=git")
    banner.get_by_role("button", name=re.compile("^Dismiss")).click()
    expect(banner).to_have_count(0)
    page.evaluate("sessionStorage.clear()")
    page.reload()
    banner.get_by_role("button", name="Hide for good").click()
    expect(banner).to_have_count(0)
    page.evaluate("sessionStorage.clear()")
    page.goto("/runtimes/demo")
    shown = page.get_by_role("button", name="Show its alerts")
    expect(shown).to_be_visible()
    expect(banner).to_have_count(0)
    shown.click()
    expect(page.get_by_role("button", name="Hide its alerts")).to_be_visible()
    page.goto("/settings?tab=git")
    expect(banner).to_be_visible()
    row.get_by_role("button", name="Remove").click()
    row.get_by_role("button", name="Remove").click()
    expect(row).to_have_count(0)


def test_an_address_that_leads_nowhere_says_so_within_the_frame(open_page: OpenPage) -> None:
    page = open_page(path="/no/such/place")
    expect(page.get_by_role("heading", level=1)).to_have_text("Not found")
    expect(page.locator(".topbar")).to_contain_text("dana")
    page.get_by_role("navigation", name="Main").get_by_role("link", name="Rollouts").click()
    expect(page).to_have_url(re.compile("/rollouts$"))


def test_the_command_bar_leads_to_pages_and_applications(open_page: OpenPage) -> None:
    page = open_page()
    expect(page.locator("tbody.app").first).to_be_visible()
    page.keyboard.press("Control+k")
    bar = page.get_by_role("combobox", name="Page or application")
    bar.fill("api tok")
    expect(page.locator("#jump-found li")).to_have_count(1)
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text("Settings")
    page.keyboard.press("Control+k")
    bar.fill("payment")
    expect(page.locator("#jump-found li").first).to_contain_text("payment")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowUp")
    page.keyboard.press("Enter")
    page.wait_for_url(re.compile("/applications/demo/argosy/payment"))


@pytest.mark.parametrize(
    ("keys", "place"), [("gs", "/settings"), ("gc", "/clusters"), ("gt", "/git-sources"), ("gh", "/")]
)
def test_two_letters_lead_to_a_place(open_page: OpenPage, keys: str, place: str) -> None:
    page = open_page(path="/audit")
    expect(page.locator(".topbar summary", has_text="dana")).to_be_visible()
    for key in keys:
        page.keyboard.press(key)
    page.wait_for_url(re.compile(re.escape(place) + "$"))


@pytest.fixture
def provider(browser: Browser, plane: Plane) -> Iterator[OpenPage]:
    context = browser.new_context(base_url=plane.url)
    offered = json.dumps(
        [
            {"name": "gitea", "kind": "gitea", "title": "Our Gitea", "account": True, "personalToken": True},
            {"name": "corp", "kind": "oidc", "title": "Corp", "account": True, "personalToken": False},
        ]
    )
    context.route("**/auth/providers", lambda route: route.fulfill(body=offered, content_type="application/json"))

    def open_one(path: str) -> object:
        page = context.new_page()
        page.goto(path)
        return page

    yield open_one
    context.close()


def test_sign_in_offers_the_accounts_of_providers_and_keeps_where_to_go(provider: OpenPage) -> None:
    page = provider("/login?next=%2Fclusters")
    link = page.get_by_role("link", name="Sign in with Our Gitea")
    expect(link).to_have_attribute("href", "/auth/sign-in/gitea?return=%2Fclusters")
    page.goto("/login?problem=UNAUTHORIZED_ERROR")
    expect(page.get_by_role("alert").first).to_contain_text("may not sign in here")


def test_a_personal_token_of_a_git_host_signs_in_where_it_is_taken(provider: OpenPage) -> None:
    page = provider("/login?next=%2Fclusters")
    sent: list[str] = []

    def refuse(route: Route) -> None:
        sent.append(f"{route.request.method} {route.request.post_data}")
        route.fulfill(status=401, body="{}", content_type="application/json")

    page.route("**/auth/sign-in/gitea", refuse)
    expect(page.get_by_label("Personal token of Corp")).to_have_count(0)
    page.get_by_label("Personal token of Our Gitea").fill("a-token")
    page.get_by_role("button", name="Sign in with this token").click()
    expect(page.get_by_role("alert").filter(has_text="does not accept this token")).to_be_visible()
    assert sent == ['POST {"token":"a-token"}']
