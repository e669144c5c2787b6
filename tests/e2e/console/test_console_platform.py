"""Runtimes, Git Sources and the audit log, as administrators use them."""

import re

import pytest
from playwright.sync_api import expect

from tests.support.console_plane import OpenPage

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(60)]


def test_a_runtime_is_looked_into_from_the_list_and_the_topology(open_page: OpenPage) -> None:
    page = open_page(path="/runtimes")
    topology = page.get_by_role("region", name="Topology")
    expect(topology.get_by_role("link", name="sandbox")).to_be_visible()
    topology.get_by_role("link", name="demo").click()
    page.wait_for_url("**/runtimes/demo")
    expect(page.get_by_role("table", name="Components").get_by_role("row")).to_have_count(3)
    page.get_by_role("link", name=re.compile("^Clusters")).last.click()
    expect(page).to_have_url(re.compile("tab=clusters"))
    expect(page.get_by_role("table", name="Clusters")).to_contain_text("sandbox")
    remove = page.get_by_role("button", name=re.compile("^Remove"))
    expect(remove).to_have_attribute("title", "only administrators")


def test_an_administrator_registers_a_runtime_and_forgets_it_again(open_page: OpenPage) -> None:
    page = open_page(user="admin", path="/runtimes")
    page.get_by_role("button", name="Runtime", exact=True).click()
    dialog = page.locator("dialog[open]")
    dialog.get_by_label("Name").fill("eu-2")
    dialog.get_by_role("button", name="Register").click()
    expect(dialog).to_contain_text("argosy runtime manifests eu-2")
    expect(dialog.locator("code")).to_have_text(re.compile("^argr_"))
    dialog.get_by_role("button", name="Close").click()
    page.goto("/runtimes/eu-2")
    page.get_by_role("button", name="Remove").click()
    dialog = page.locator("dialog[open]")
    dialog.get_by_label("Type eu-2 to confirm").fill("eu-2")
    dialog.get_by_role("button", name="Remove").click()
    page.wait_for_url("**/runtimes")
    expect(page.get_by_role("region", name="Topology").get_by_role("link", name="eu-2")).to_have_count(0)


def test_a_git_source_says_what_it_commits_and_shows_the_commit(open_page: OpenPage) -> None:
    page = open_page(path="/git-sources")
    page.get_by_role("button", name="Git Source", exact=True).click()
    dialog = page.locator("dialog[open]")
    expect(dialog.locator(".will")).to_contain_text("shared configuration repository of demo")
    dialog.get_by_label("Name").fill("shop")
    dialog.get_by_label("Repository", exact=True).fill("https://git.example.test/shop.git")
    dialog.get_by_role("button", name="Commit").click()
    committed = page.locator(".committed")
    expect(committed).to_contain_text("Git Source shop is added")
    expect(committed.locator(".commit code")).to_be_visible()
    page.get_by_role("button", name="Delete platform").click()
    confirm = page.locator("dialog[open]").get_by_role("button", name=re.compile("Commit & delete"))
    expect(confirm).to_have_attribute("aria-disabled", "true")
    other = open_page(user="victor", path="/git-sources")
    change = other.get_by_role("button", name="Change platform")
    expect(change).to_have_attribute("aria-disabled", "true")
    other.get_by_role("button", name="Git Source", exact=True).click()
    dialog = other.locator("dialog[open]")
    dialog.get_by_label("Name").fill("shop")
    dialog.get_by_label("Repository", exact=True).fill("https://git.example.test/shop.git")
    dialog.get_by_role("button", name="Commit").click()
    expect(dialog.locator(".notice")).to_contain_text("Not done")


def test_a_commit_of_the_audit_log_shows_what_it_changed(open_page: OpenPage) -> None:
    page = open_page(path="/audit?action=EDIT")
    expect(page.locator("table.audit tbody tr")).to_have_count(1)
    page.get_by_role("link", name=re.compile("^Changes of")).click()
    patch = page.get_by_role("region", name="Difference in cart.yaml")
    expect(patch.locator(".line-new")).to_contain_text("replicas: 3")
    expect(patch.locator(".line-gone")).to_contain_text("replicas: 2")
    page.reload()
    expect(patch).to_be_visible()
    page.get_by_label("Action").select_option("SYNC")
    expect(page).to_have_url(re.compile("action=SYNC"))
    page.get_by_label("From").fill("2020-01-01")
    page.get_by_label("To", exact=True).fill("2020-01-02")
    expect(page.locator(".empty")).to_contain_text("No commits")
    expect(page.get_by_role("link", name="CSV")).to_have_attribute("href", re.compile("since=2019-12-31T23"))
