"""The list of applications as people of large fleets use it: tree, cards, many at once, what is wrong."""

import re

import pytest
from playwright.sync_api import expect

from tests.support.console_plane import OpenPage

pytestmark = [pytest.mark.e2e]


def test_a_match_stands_under_what_holds_it(open_page: OpenPage) -> None:
    page = open_page(path="/applications?q=ledger&namespace=argosy")
    holder = page.locator("tbody.app[data-application=platform]")
    expect(holder).to_have_class(re.compile("context"))
    expect(page.locator("tbody.app[data-application=ledger]")).to_be_visible()
    holder.get_by_role("button", name="What platform holds").click()
    expect(page.locator("tbody.app[data-application=ledger]")).to_have_count(0)
    expect(page.locator("tbody.app[data-application=ledger-1]")).to_be_visible()


def test_the_whole_tree_opens_on_demand(open_page: OpenPage) -> None:
    page = open_page(path="/applications?since=any&sort=-name")
    expect(page.locator("tbody.app").first).to_be_visible()
    expect(page.locator("tbody.app[data-application=frontend]")).to_have_count(0)
    page.get_by_role("button", name="What platform holds").click()
    expect(page.locator("tbody.app[data-application=frontend]")).to_be_visible()
    page.get_by_role("button", name="As a list").click()
    expect(page).to_have_url(re.compile("view=list"))
    expect(page.locator(".twist")).to_have_count(0)


def test_what_was_deployed_long_ago_is_counted_and_one_click_away(open_page: OpenPage) -> None:
    page = open_page()
    expect(page.locator(".stale")).to_contain_text("1 more was not deployed in the last 30 days.")
    expect(page.get_by_role("heading", level=1)).to_have_text(re.compile(r"^\d+ applications$"))
    before = page.get_by_role("heading", level=1).inner_text()
    page.get_by_role("button", name="Show all").click()
    expect(page).to_have_url(re.compile("since=any"))
    expect(page.get_by_role("heading", level=1)).to_have_text(f"{int(before.split()[0]) + 1} applications")


def test_cards_lead_where_rows_lead(open_page: OpenPage) -> None:
    page = open_page(path="/applications?view=cards&q=payment-1")
    card = page.locator(".card[data-application=payment-1]")
    expect(card).to_contain_text("apps: apps/payment-1")
    card.get_by_role("link", name="payment-1", exact=True).click()
    page.wait_for_url(re.compile("/applications/demo/argosy/payment-1"))


def test_many_are_synced_at_once_each_with_its_own_outcome(open_page: OpenPage) -> None:
    page = open_page(path="/applications?view=list&q=search")
    page.get_by_role("checkbox", name="Choose search-2").check()
    page.get_by_role("checkbox", name="Choose search-3").check()
    bar = page.get_by_role("region", name="Chosen applications")
    expect(bar).to_contain_text("2 chosen")
    bar.get_by_role("button", name="Sync").click()
    dialog = page.get_by_role("dialog", name="Sync 2 applications")
    expect(dialog.locator(".will")).to_contain_text("what is no longer in Git stays")
    dialog.get_by_role("button", name="Sync 2").click()
    expect(dialog.locator(".outcomes li", has_text="sync begun")).to_have_count(2)
    dialog.get_by_role("button", name="Close").click()
    bar.get_by_role("button", name="Clear").click()
    expect(bar).to_have_count(0)


def test_what_somebody_may_not_do_is_refused_one_by_one(open_page: OpenPage) -> None:
    page = open_page(user="victor", path="/applications?view=list&q=search")
    page.get_by_role("checkbox", name="Choose search-2").check()
    page.get_by_role("region", name="Chosen applications").get_by_role("button", name="Sync").click()
    dialog = page.locator("dialog[open]")
    dialog.get_by_role("button", name="Sync 1").click()
    expect(dialog.locator(".outcomes li")).to_contain_text("may not sync")


def test_errors_and_warnings_lead_to_what_is_broken(open_page: OpenPage) -> None:
    page = open_page()
    page.locator(".warnings-button").click()
    expect(page).to_have_url(re.compile("panel=warnings"))
    panel = page.get_by_role("dialog", name="Errors and warnings")
    group = panel.get_by_role("region", name="ads", exact=True)
    expect(group.locator(".problem-entry")).to_have_count(2)
    hanging = panel.get_by_role("region", name="search-1", exact=True)
    expect(hanging).to_contain_text("Sync takes long")
    expect(hanging.get_by_role("button", name="Terminate")).to_be_visible()
    hanging.get_by_role("button", name="Install Rollouts").click()
    dialog = page.locator("dialog[open]")
    expect(dialog).to_contain_text("One commit to the shared configuration of demo")
    dialog.get_by_role("button", name="Commit", exact=True).click()
    expect(hanging).to_contain_text("The controller of Rollouts for sandbox is committed")
    page.locator(".activity > summary").click()
    page.locator(".activity-head button").first.click()  # nothing lies over it
    page.keyboard.press("Escape")
    expect(panel).to_have_count(0)
    page.go_back()
    expect(panel).to_be_visible()
    group.locator(".problem-entry", has_text="Deployment ads").get_by_role("link", name="Details").click()
    page.wait_for_url(re.compile("res=apps%2FDeployment%2Fshop%2Fads"))
    expect(page.locator(".drawer h2")).to_have_text("ads")


def test_all_unhealthy_is_one_click(open_page: OpenPage) -> None:
    page = open_page()
    page.get_by_role("button", name="Unhealthy").click()
    expect(page).to_have_url(re.compile("health=DEGRADED&health=MISSING"))
    expect(page.locator("tbody.app:not(.context) .status", has_text=re.compile("^Healthy$"))).to_have_count(0)


def test_an_application_is_deleted_from_its_row_by_typing_its_name(open_page: OpenPage) -> None:
    page = open_page(path="/applications")
    page.get_by_label("More about ads", exact=True).click()
    page.get_by_role("button", name="Delete…").click()
    dialog = page.locator("dialog[open]")
    expect(dialog).to_contain_text("applications/cart.yaml")  # the file that the runtime says holds it
    confirm = dialog.get_by_role("button", name="Commit and delete")
    expect(confirm).to_have_attribute("aria-disabled", "true")
    dialog.get_by_label("Type ads to confirm").fill("ads")
    expect(confirm).not_to_have_attribute("aria-disabled", "true")
