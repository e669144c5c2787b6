"""The list of applications."""

import re

import pytest
from playwright.sync_api import Page, expect

from tests.support.console_plane import OpenPage

pytestmark = [pytest.mark.e2e]
SCRIPT_BYTES = 300 * 1024


def row(page: Page, name: str) -> object:
    return page.locator(f"tbody[data-application='{name}']")


def names(page: Page) -> list[str]:
    return page.locator("tbody.app:not(.context) a.row-link").all_inner_texts()


def ready(page: Page) -> Page:
    expect(page.locator("tbody.app").first).to_be_visible()
    expect(page.locator("table.applications[aria-busy=true]")).to_have_count(0)  # rows out of sight come a moment later
    return page


def test_a_counter_filters_and_the_filter_is_in_the_address(open_page: OpenPage) -> None:
    page = ready(open_page())
    counter = page.get_by_role("button", name=re.compile("Degraded"))
    expect(counter.locator(".count")).to_have_text(re.compile(r"^\d+$"))  # rows may be here before they are counted
    count = int(counter.locator(".count").inner_text())
    counter.click()
    expect(page).to_have_url(re.compile("health=DEGRADED"))
    expect(page.locator("tbody.app:not(.context)")).to_have_count(count)
    assert set(page.locator("tbody.app:not(.context) td:nth-child(3)").all_inner_texts()) == {"Degraded"}
    page.reload()
    expect(page.locator("tbody.app:not(.context)")).to_have_count(count)
    page.go_back()
    expect(page.locator("tbody.app:not(.context)")).to_have_count(50)


def test_search_keeps_what_is_typed_in_the_address(open_page: OpenPage) -> None:
    page = ready(open_page())
    page.keyboard.press("/")
    page.keyboard.type("ship")
    expect(page).to_have_url(re.compile("q=ship"))
    expect(page.locator("tbody.app").first).to_have_attribute("data-application", re.compile("shipping"))
    assert all("shipping" in name for name in names(page))
    page.keyboard.press("Escape")
    expect(page.locator("tbody.app:not(.context)")).to_have_count(50)


def test_a_facet_filters_and_clear_takes_all_away(open_page: OpenPage) -> None:
    page = ready(open_page())
    page.locator("summary", has_text="Project").click()
    page.get_by_role("group", name="Project", exact=True).get_by_label(re.compile("shop")).check()
    expect(page).to_have_url(re.compile("project=shop"))
    expect(page.locator(".strip h1")).to_have_text(re.compile(r"^2\d applications$"))
    page.get_by_role("button", name="Clear").click()
    expect(page).to_have_url(re.compile("/applications$"))
    page.get_by_label("Search applications by name").fill("no-such-name")
    expect(page.get_by_text("No application matches")).to_be_visible()
    page.get_by_role("button", name="Clear all filters").click()
    ready(page)


def test_pages_and_order(open_page: OpenPage) -> None:
    page = ready(open_page(path="/applications?sort=name&view=list"))
    first = names(page)
    assert len(first) == 50
    assert first == sorted(first)
    page.get_by_role("button", name="Next").click()
    expect(page.locator("tbody.app:not(.context)")).to_have_count(10)
    expect(page).to_have_url(re.compile("after="))
    assert min(names(page)) > max(first)
    page.get_by_role("button", name="Previous").click()
    expect(page.locator("tbody.app:not(.context)")).to_have_count(50)
    page.get_by_role("button", name="Application", exact=True).click()
    expect(page).to_have_url(re.compile("sort=-name"))
    expect(page.locator("th[aria-sort=descending]")).to_have_text(re.compile("Application"))


def test_a_change_shows_in_its_row_and_nothing_else_moves(open_page: OpenPage) -> None:
    page = ready(open_page(path="/applications?sort=name&q=c"))
    before = names(page)
    expect(page.locator("tbody.app[class*=tint-]").first).to_be_visible()
    assert names(page) == before


def test_a_star_is_kept(open_page: OpenPage) -> None:
    page = ready(open_page(path="/applications?q=ledger"))
    star = page.get_by_role("button", name="Favourite ledger", exact=True)
    star.click()
    expect(star).to_have_attribute("aria-pressed", "true")
    page.get_by_role("button", name="Favourites").click()
    expect(page.locator("tbody.app:not(.context)")).to_have_count(1)
    page.reload()
    expect(star).to_have_attribute("aria-pressed", "true")
    page.goto("/applications?q=ledger")  # among favourites it would go at once
    star.click()
    expect(star).to_have_attribute("aria-pressed", "false")


def test_what_is_not_fine_says_why(open_page: OpenPage) -> None:
    page = ready(open_page(path="/applications?health=DEGRADED&q=ads"))
    expect(page.locator("tr.why").first).to_contain_text("1 of 3 pods: ImagePullBackOff (not found)")


def test_the_keyboard_is_enough(open_page: OpenPage) -> None:
    page = ready(open_page(path="/applications?sort=name"))
    first, second = names(page)[:2]
    page.keyboard.press("j")
    page.keyboard.press("j")
    expect(page.locator("a.row-link:focus")).to_have_text(second)
    page.keyboard.press("k")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text(first)
    page.keyboard.press("g")
    page.keyboard.press("r")
    expect(page.get_by_role("heading", level=2, name="Topology")).to_be_visible()
    page.keyboard.press("?")
    expect(page.get_by_role("dialog", name="Keyboard")).to_be_visible()
    page.keyboard.press("Escape")
    page.keyboard.press("Control+k")
    page.keyboard.type("shipping")
    expect(page.get_by_role("option").first).to_contain_text("shipping")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text("shipping")


def test_the_first_rows_need_little_script_and_opening_one_no_other(open_page: OpenPage) -> None:
    page = ready(open_page(user="victor"))
    fetched = "(name) => performance.getEntriesByType('resource').some((one) => one.name.includes(`/${name}-`))"
    for part in ("pane", "deeds", "tree"):  # once the list is at rest
        page.wait_for_function(fetched, arg=part)
    page.wait_for_load_state("networkidle")
    known = scripts(page)
    assert 0 < sum(known.values()) <= SCRIPT_BYTES  # how soon they come is measured by the bench
    page.locator("a.row-link").first.click()
    expect(page.locator(".node").first).to_be_visible()
    assert scripts(page) == known


def scripts(page: Page) -> dict[str, int]:
    """Bytes by name."""
    loaded = page.evaluate("performance.getEntriesByType('resource').map(one => one.toJSON())")
    return {one["name"]: int(one["encodedBodySize"]) for one in loaded if one["name"].endswith(".js")}


def test_a_phone_can_look(open_page: OpenPage) -> None:
    page = ready(open_page(width=390, height=800))
    assert page.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth")
    page.locator("a.row-link").first.click()
    expect(page.locator(".node").first).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth")
    page.goto("/runtimes")
    expect(page.get_by_role("table", name="Runtimes").get_by_role("link", name="demo")).to_be_visible()
    cells = page.locator("table.runtimes tbody :is(td, th)")
    assert (
        cells.evaluate_all(
            "cells => cells.filter((one) => one.scrollWidth > one.clientWidth).map((one) => one.innerText)"
        )
        == []
    )


def test_groups_are_searched_sorted_starred_and_filtered_by_application(open_page: OpenPage) -> None:
    page = ready(open_page())
    page.get_by_role("navigation", name="Applications, and what they are in").get_by_role("link", name="Groups").click()
    groups = page.locator("[data-group]")
    expect(groups.locator("a.row-link")).to_have_text(["checkout flow", "night shift"])
    page.get_by_role("button", name="Group", exact=True).click()
    expect(page).to_have_url(re.compile("sort=-name"))
    expect(groups.locator("a.row-link")).to_have_text(["night shift", "checkout flow"])
    page.get_by_role("button", name="Last deployed").click()
    expect(page).to_have_url(re.compile("sort=-updated"))
    expect(page.locator("th[aria-sort=descending]")).to_have_text(re.compile("Last deployed"))
    page.get_by_label("Search groups by name").fill("NIGHT")
    expect(groups.locator("a.row-link")).to_have_text(["night shift"])
    star = page.get_by_role("button", name="Favourite night shift")
    star.click()
    expect(star).to_have_attribute("aria-pressed", "true")
    page.get_by_label("Search groups by name").fill("")
    expect(groups).to_have_count(2)
    page.get_by_role("button", name="Favourites").click()
    expect(groups.locator("a.row-link")).to_have_text(["night shift"])
    star.click()
    expect(star).to_have_attribute("aria-pressed", "false")
    page.goto("/applications/groups?application=cart")
    expect(groups.locator("a.row-link")).to_have_text(["checkout flow"])
    page.goto("/applications/groups?q=nothing")
    page.get_by_role("button", name="Clear all filters").click()
    expect(groups).to_have_count(2)


def test_a_group_has_the_timeline_and_the_cards_of_its_applications(open_page: OpenPage) -> None:
    page = open_page(path="/applications/groups")
    page.locator("[data-group='checkout flow'] a.row-link").click()
    expect(page.get_by_role("heading", name="checkout flow")).to_be_visible()
    releases = page.locator(".release")
    current = releases.filter(has_text="Current version")
    expect(current.nth(1)).to_be_visible()
    named = current.get_by_role("link", name=re.compile("^(cart|checkout)")).all_inner_texts()
    assert len(named) == len(set(named)) > 1
    expect(releases.filter(has_text="checkout").first).to_be_visible()
    expect(releases.filter(has_text="cart").first).to_be_visible()
    expect(releases.filter(has_text="catalog")).to_have_count(0)
    expect(releases.first.get_by_role("link", name=re.compile("^(cart|checkout)"))).to_be_visible()
    page.get_by_role("navigation", name="Sections of the group").get_by_role("link", name="Applications").click()
    expect(page).to_have_url(re.compile("tab=applications"))
    expect(page.locator(".card[data-application=cart]")).to_be_visible()
    assert {name.split("-")[0] for name in page.locator(".card .row-link").all_inner_texts()} == {
        "cart",
        "checkout",
        "platform",
    }
    page.goto("/applications/groups?name=none")
    expect(page.get_by_text("There is no group none")).to_be_visible()


def test_products_and_groups_filter_applications(open_page: OpenPage) -> None:
    page = ready(open_page(path="/applications?product=webshop&since=any"))
    expect(page.locator(".strip h1")).to_have_text(re.compile(r"^1\d applications"))
    page.locator("summary", has_text="Group").click()
    page.get_by_role("group", name="Group", exact=True).get_by_text("night shift").click()
    expect(page).to_have_url(re.compile("group=night"))
    expect(page.locator(".strip h1")).to_have_text(re.compile(r"^\d applications"))


def test_a_product_has_its_applications_by_environment(open_page: OpenPage) -> None:
    page = open_page(path="/applications/products")
    page.locator("[data-group=webshop]").get_by_role("link", name="webshop").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("webshop")
    columns = page.locator(".column")
    expect(columns.locator("h2", has_text=re.compile("^(staging|production|No environment)$"))).to_have_text(
        ["staging", "production", "No environment"]
    )
    production = columns.filter(has=page.get_by_role("heading", name="production", exact=True))
    expect(production.locator(".tag", has_text="production")).to_be_visible()
    expect(production.locator(".card[data-application=cart]")).to_be_visible()
    cards = production.locator(".card").count()
    production.get_by_role("link", name=f"{cards} applications").click()
    expect(page).to_have_url(re.compile(r"/applications\?since=any&product=webshop&environment=production"))
    expect(ready(page).locator(".strip h1")).to_have_text(f"{cards} applications")
    page.goto("/applications/demo/argosy/cart")
    product = page.locator(".application-head .fact", has_text="product webshop")
    expect(product).to_have_text(re.compile(rf"product webshop: .*{cards} in production"))
    product.get_by_role("link", name=f"{cards} in production").click()
    expect(ready(page).locator(".strip h1")).to_have_text(f"{cards} applications")
    page.goto("/applications/products?name=none")
    expect(page.get_by_text("There is no product none")).to_be_visible()


def test_environments_say_where_they_are_and_lead_to_what_runs_there(open_page: OpenPage) -> None:
    page = open_page(path="/applications/environments")
    staging = page.locator("[data-name=staging]")
    expect(staging).to_contain_text("non-production")
    expect(staging).to_contain_text("demo: eu-* / all namespaces")
    expect(page.locator("[data-name=testing] .status-red")).to_contain_text("data.kind is 'test'")
    page.get_by_text("How to add or change one").click()
    expect(page.locator("pre", has_text="codefresh.io/entity: environment")).to_be_visible()
    page.get_by_label("Search environments by name").fill("prod")
    expect(staging).to_have_count(0)
    expect(page).to_have_url(re.compile("q=prod"))
    number = page.locator("[data-name=production] td", has_text="applications").inner_text()
    page.get_by_role("link", name="production", exact=True).click()
    expect(ready(page).locator(".strip h1")).to_have_text(number)
    page.locator("summary", has_text="Environment").click()
    choices = page.get_by_role("group", name="Environment", exact=True)
    choices.get_by_text("none", exact=True).click()
    expect(page).to_have_url(re.compile("environment=production&environment=(&|$)"))
    choices.get_by_text("production", exact=True).click()
    expect(page.locator("tbody[data-application=catalog]")).to_be_visible()
    expect(page.locator("tbody[data-application=cart]")).to_have_count(0)
