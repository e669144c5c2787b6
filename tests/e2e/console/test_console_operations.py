"""Whole operations on an application in the demo: sync with a choice, back to a release, gone from Git."""

import re

import pytest
from playwright.sync_api import expect

from tests.support.console_demo import DemoPlane
from tests.support.console_looks import look
from tests.support.console_plane import OpenPage

pytestmark = [pytest.mark.e2e]
PATIENCE = 60_000
LETTERS = "/applications/demo/argosy/letters"
CONFIG = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: letters}\ndata: {edition: VERSION}\n"
ACCOUNT = "apiVersion: v1\nkind: ServiceAccount\nmetadata: {name: letters}\n"
APPLICATION = """apiVersion: argoproj.io/v1alpha1
kind: Application
metadata: {name: letters, namespace: argosy, finalizers: [resources-finalizer.argocd.argoproj.io]}
spec:
  project: default
  source: {repoURL: HOST/git/apps.git, targetRevision: main, path: letters}
  destination: {server: "https://kubernetes.default.svc", namespace: letters}
  syncPolicy: {automated: {}, syncOptions: [CreateNamespace=true]}
"""


@pytest.fixture(scope="module")
def letters(demo: DemoPlane) -> DemoPlane:
    """The application `letters` of two objects; nothing is pruned by itself."""
    demo.push("apps", {"letters/config.yaml": CONFIG.replace("VERSION", "first"), "letters/a.yaml": ACCOUNT}, "Letters")
    demo.push("platform", {"applications/letters.yaml": APPLICATION.replace("HOST", demo.url)}, "Add letters")
    return demo


def test_a_sync_takes_a_choice_of_resources_and_a_reason(letters: DemoPlane, open_demo_page: OpenPage) -> None:
    page = open_demo_page(path="/applications")
    expect(page.get_by_role("link", name="letters", exact=True)).to_be_visible(timeout=PATIENCE)
    page.goto(LETTERS)
    expect(page.locator("[data-node='ConfigMap/letters']")).to_be_visible(timeout=PATIENCE)
    page.keyboard.press("s")
    dialog = page.get_by_role("dialog", name="Sync letters")
    dialog.get_by_text("Resources").first.click()
    dialog.get_by_label("Find a resource").fill("Config*")
    picks = dialog.get_by_role("list", name="Resources to sync").get_by_role("listitem")
    expect(picks).to_have_count(1)
    dialog.get_by_label("Find a resource").fill("")
    picks.filter(has_text="ServiceAccount").get_by_role("checkbox").uncheck()
    expect(dialog.locator(".will")).to_contain_text("of 1 resource")
    dialog.get_by_label("Reason").fill("only the edition")
    assert look(page, "sync-choice") == []
    dialog.get_by_role("button", name="Sync", exact=True).click()
    expect(page.locator(".toast")).to_contain_text("Syncing letters")
    expect(page.locator(".application-head")).to_contain_text("by dana", timeout=PATIENCE)


def test_an_open_object_is_read_again_when_its_content_changes(letters: DemoPlane, open_demo_page: OpenPage) -> None:
    page = open_demo_page(path=f"{LETTERS}?res=/ConfigMap/letters/letters&section=manifest")
    drawer = page.get_by_role("dialog", name="letters")
    expect(drawer).to_contain_text("edition", timeout=PATIENCE)
    change = {"metadata": {"annotations": {"example.test/note": "written-by-hand"}}}
    letters.patch("/api/v1/namespaces/letters/configmaps/letters", change)
    expect(drawer).to_contain_text("written-by-hand", timeout=PATIENCE)


def test_back_to_a_release_is_previewed_and_one_commit(letters: DemoPlane, open_demo_page: OpenPage) -> None:
    letters.push("apps", {"letters/config.yaml": CONFIG.replace("VERSION", "second")}, "Second edition")
    page = open_demo_page(path=f"{LETTERS}?tab=timeline", theme="dark")
    expect(page.locator(".release").first).to_contain_text("Second edition", timeout=PATIENCE)
    back = page.locator(".release").last.get_by_role("button", name="Roll back to this")
    back.click()
    dialog = page.get_by_role("dialog", name="Roll letters back")
    expect(dialog.locator(".will")).to_contain_text("One commit in your name", timeout=PATIENCE)
    dialog.get_by_text("ConfigMap letters").click()
    expect(dialog.locator(".line-gone")).to_contain_text("second")
    expect(dialog.locator(".line-new")).to_contain_text("first")
    assert look(page, "rollback") == []
    dialog.get_by_role("button", name="Roll back", exact=True).click()
    expect(dialog).to_have_count(0, timeout=PATIENCE)
    expect(page.locator(".release").first).to_contain_text("rollback", timeout=PATIENCE)
    assert "edition: first" in letters.read("apps", "letters/config.yaml")


def test_everything_about_it_is_at_a_glance(letters: DemoPlane, open_demo_page: OpenPage) -> None:
    page = open_demo_page(path=f"{LETTERS}?view=list")
    page.get_by_label("More", exact=True).click(timeout=PATIENCE)
    page.get_by_role("button", name="Quick view").click()
    drawer = page.get_by_role("dialog", name="letters")
    expect(drawer).to_contain_text("apps.git", timeout=PATIENCE)
    drawer.get_by_role("link", name="Sync options").click()
    expect(drawer).to_contain_text("CreateNamespace")
    expect(page).to_have_url(re.compile("quick=options"))
    assert look(page, "quick-view") == []
    page.keyboard.press("Escape")
    expect(drawer).to_have_count(0)


def test_services_show_what_runs_and_where(open_demo_page: OpenPage) -> None:
    page = open_demo_page(path="/applications/demo/argosy/catalog?tab=services")
    row = page.locator("table.services tbody", has_text="Deployment")
    expect(row).to_contain_text("catalog:", timeout=PATIENCE)
    row.get_by_role("button", name="Pods of catalog").click()
    expect(row.locator("tr.inner").first).to_contain_text("catalog-")
    expect(row.locator(".endpoint-list").get_by_role("link", name="catalog")).to_be_visible()
    assert look(page, "services") == []


def test_deleting_takes_the_typed_name_and_the_file_from_git(letters: DemoPlane, open_demo_page: OpenPage) -> None:
    page = open_demo_page(path=LETTERS)
    page.get_by_label("More", exact=True).click(timeout=PATIENCE)
    page.get_by_role("button", name="Delete").click()
    dialog = page.get_by_role("dialog", name="Delete letters")
    expect(dialog).to_contain_text("applications/letters.yaml", timeout=PATIENCE)
    expect(dialog).to_contain_text("Its resources are deleted from the cluster with it")
    button = dialog.get_by_role("button", name=re.compile("^Commit and delete"))
    expect(button).to_have_attribute("aria-disabled", "true")
    dialog.get_by_label("Type letters to confirm").fill("letters")
    expect(button).to_be_enabled()
    assert look(page, "delete") == []
    button.click()
    expect(page.locator(".toast")).to_contain_text("Deleted letters from Git", timeout=PATIENCE)
    expect(page.get_by_role("heading", name="No such application")).to_be_visible(timeout=PATIENCE)


def test_a_set_stands_above_what_it_generates_and_says_what_it_would_do(open_demo_page: OpenPage) -> None:
    page = open_demo_page(path="/applications?q=reports")
    line = page.locator("[data-application='reports'][data-set]")
    expect(line).to_contain_text("generates 2 applications")
    expect(line.get_by_label("Choose reports")).to_be_disabled()
    line.get_by_role("link", name="reports", exact=True).click()
    page.wait_for_url("**/application-sets/demo/argosy/reports")
    expect(page.get_by_role("table", name="Generated applications").get_by_role("link")).to_have_count(2)
    assert look(page, "application-set") == []
    page.get_by_role("link", name="Preview").click()
    expect(page.get_by_text("2 applications generated, nothing to change")).to_be_visible()
    assert look(page, "application-set-preview") == []
    page.get_by_role("link", name=re.compile("^Applications 2")).click()
    page.get_by_role("link", name="reports-eu").click()
    crumbs = page.get_by_role("navigation", name="Where this is")
    expect(crumbs.get_by_role("link", name="reports")).to_have_attribute(
        "href", "/application-sets/demo/argosy/reports"
    )
