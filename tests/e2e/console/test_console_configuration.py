"""The manifest of an application, edited and created in the console, and found in Git as it was written."""

import re

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.support.console_demo import DemoPlane
from tests.support.console_looks import look
from tests.support.console_plane import OpenPage

pytestmark = [pytest.mark.e2e]
PATIENCE = 60_000
FILE = "applications/newsletter.yaml"
CONFIGURATION = "/applications/demo/argosy/newsletter?tab=configuration"
SHA = re.compile("^[0-9a-f]{7}$")


def editor(page: Page) -> Locator:
    content = page.locator(".cm-content")
    expect(content).to_be_visible(timeout=PATIENCE)
    return content


def commit(page: Page, message: str) -> None:
    page.get_by_label("Commit message").fill(message)
    button = page.get_by_role("button", name="Commit", exact=True)
    expect(button).to_be_enabled(timeout=PATIENCE)
    button.click()


def test_form_and_text_are_one_document_and_the_commit_is_what_was_shown(
    demo: DemoPlane, open_demo_page: OpenPage
) -> None:
    page = open_demo_page(path=CONFIGURATION)
    content = editor(page)
    before = demo.read("platform", FILE)
    page.get_by_label("Revision").fill("HEAD")
    expect(content).to_contain_text("targetRevision: HEAD")
    content.get_by_text("targetRevision: HEAD").click()
    page.keyboard.press("End")
    page.keyboard.type("  # the newest")
    expect(page.get_by_label("Revision")).to_have_value("HEAD")
    page.get_by_role("button", name="Show the difference").click()
    difference = page.get_by_role("region", name=f"What the commit changes in {FILE}")
    expect(difference.locator(".line-new")).to_have_count(1)
    expect(difference.locator(".line-new")).to_contain_text("targetRevision: HEAD  # the newest")
    assert look(page, "configuration") == []
    commit(page, "Follow HEAD")
    expect(page.locator(".toast code")).to_have_text(SHA, timeout=PATIENCE)
    expect(page.locator(".pending")).to_contain_text("Committed")
    expect(page.locator(".pending")).to_contain_text("the application follows it", timeout=PATIENCE)
    assert demo.read("platform", FILE) == before.replace("targetRevision: main", "targetRevision: HEAD  # the newest")


def test_groups_are_chosen_in_the_form_and_only_their_lines_change(demo: DemoPlane, open_demo_page: OpenPage) -> None:
    page = open_demo_page(path=CONFIGURATION)
    content = editor(page)
    before = demo.read("platform", FILE)
    groups = page.get_by_label("Groups", exact=True)
    groups.fill("night shift, letters")
    groups.press("Enter")
    page.get_by_label("Product").fill("webshop")
    page.get_by_role("button", name="Leave group letters").click()
    expect(content).to_contain_text("codefresh.io/app-group: night shift")
    expect(content).to_contain_text("codefresh.io/product: webshop")
    assert look(page, "configuration-groups") == []
    commit(page, "Send it at night")
    expect(page.locator(".pending")).to_contain_text("the application follows it", timeout=PATIENCE)
    added = "  annotations:\n    codefresh.io/app-group: night shift\n    codefresh.io/product: webshop\n"
    after = demo.read("platform", FILE)
    assert (after.count(added), after.replace(added, "")) == (1, before)
    page.goto("/applications/groups")
    expect(page.locator("[data-group='night shift']")).to_contain_text("1 application", timeout=PATIENCE)


def test_values_and_parameters_of_the_tool_are_written_in_the_form(open_demo_page: OpenPage) -> None:
    page = open_demo_page(path=CONFIGURATION)
    content = editor(page)
    page.get_by_text("Advanced", exact=True).click()
    page.get_by_label("Rendered by").select_option("helm")
    page.get_by_label("Values", exact=True).fill("image:\n  tag: v2\nreplicas: 2\n")
    page.get_by_label("Parameters").fill("who=dana\nurl=https://a.example?b=c")
    page.get_by_label("Value files").press_sequentially("one.yaml\ntwo.yaml")
    page.get_by_label("Release name").fill("shop")
    expect(content).to_contain_text("- one.yaml")
    expect(content).to_contain_text("- two.yaml")
    expect(content).to_contain_text("replicas: 2")
    expect(content).to_contain_text("- name: who")
    expect(content).to_contain_text("value: https://a.example?b=c")
    expect(content).to_contain_text("releaseName: shop")
    page.get_by_label("Rendered by").select_option("directory")
    page.get_by_label("External variables of Jsonnet").fill("env=prod")
    page.get_by_label("Include").fill("*.jsonnet")
    expect(content).to_contain_text("extVars:")
    expect(content).to_contain_text('include: "*.jsonnet"')
    assert look(page, "configuration-tool") == []
    page.get_by_role("button", name="Discard").click()


def test_what_is_wrong_is_told_at_its_field_and_its_line(open_demo_page: OpenPage) -> None:
    page = open_demo_page(path=CONFIGURATION)
    editor(page)
    path = page.get_by_label("Path")
    path.fill("no-such-directory")
    expect(page.get_by_role("list", name="What is wrong with it")).to_contain_text("no-such-directory")
    expect(path).to_have_attribute("aria-invalid", "true")
    expect(page.locator(".cm-lint-marker-error")).to_have_count(1)
    expect(page.get_by_role("button", name=re.compile("^Commit"))).to_have_attribute("aria-disabled", "true")
    page.get_by_role("button", name="Discard").click()
    expect(path).not_to_have_value("no-such-directory")
    expect(page.get_by_role("region", name="Commit")).to_have_count(0)


def test_who_was_slower_sees_both_versions_and_goes_on(demo: DemoPlane, open_demo_page: OpenPage) -> None:
    page = open_demo_page(path=CONFIGURATION, theme="dark")
    editor(page)
    page.get_by_label("Revision").fill("refs/heads/main")
    theirs = demo.read("platform", FILE).replace("  project: default", "  project: default  # theirs")
    demo.push("platform", {FILE: theirs}, "Say whose it is")
    commit(page, "Follow main again")
    conflict = page.get_by_role("region", name="Conflict")
    expect(conflict).to_contain_text("Nothing was committed", timeout=PATIENCE)
    expect(conflict.get_by_role("region", name="What they changed, as text")).to_contain_text("# theirs")
    assert look(page, "configuration-conflict") == []
    conflict.get_by_role("button", name="Start again from theirs").click()
    expect(editor(page)).to_contain_text("# theirs")
    page.get_by_label("Revision").fill("refs/heads/main")
    commit(page, "Follow main again")
    expect(page.locator(".pending")).to_contain_text("Committed", timeout=PATIENCE)
    assert "# theirs" in demo.read("platform", FILE)


def test_who_may_only_read_sees_the_manifest_and_why_it_cannot_be_changed(open_demo_page: OpenPage) -> None:
    page = open_demo_page("victor", path=CONFIGURATION)
    editor(page)
    expect(page.get_by_text("You may look, not change")).to_be_visible()
    expect(page.get_by_label("Revision")).to_be_disabled()


def test_an_application_is_created_by_the_commit_of_its_manifest(demo: DemoPlane, open_demo_page: OpenPage) -> None:
    page = open_demo_page(path="/applications")
    page.get_by_role("link", name="Application", exact=True).click()
    expect(page.get_by_role("heading", name="New application")).to_be_visible()
    content = editor(page)
    page.get_by_label("Name", exact=True).fill("gift-cards")
    expect(page.get_by_label("File")).to_have_value("gift-cards.yaml")
    page.get_by_label("Repository").fill(f"{demo.url}/git/apps.git")
    page.get_by_label("Path").fill("no-such-directory")
    expect(page.get_by_role("list", name="What is wrong with it")).to_contain_text("no-such-directory")
    page.get_by_label("Path").fill("catalog")
    page.get_by_role("textbox", name="Namespace").fill("gifts")
    expect(page.get_by_role("list", name="What is wrong with it")).to_have_count(0)
    expect(content).to_contain_text("namespace: gifts")
    page.get_by_label("Product").fill("on")
    expect(content).to_contain_text('codefresh.io/product: "on"')
    page.get_by_label("Product").fill("webshop")
    groups = page.get_by_label("Groups", exact=True)
    groups.fill("presents")
    groups.press("Enter")
    groups.fill("buying")
    groups.press("Enter")
    expect(content).to_contain_text("codefresh.io/app-group: presents,buying")
    assert look(page, "wizard") == []
    commit(page, "Sell gift cards")
    made = page.get_by_role("region", name="What became of it")
    expect(made).to_contain_text("is there", timeout=PATIENCE)
    manifest = demo.read("platform", "applications/gift-cards.yaml")
    assert "name: gift-cards" in manifest
    assert "    codefresh.io/product: webshop\n    codefresh.io/app-group: presents,buying\n" in manifest
    made.get_by_role("link", name="Open gift-cards").click()
    expect(page.locator("[data-node='Deployment/catalog']")).to_be_visible(timeout=PATIENCE)
