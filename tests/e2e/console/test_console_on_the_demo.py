"""A newcomer with a browser: what `argosy demo` prints is all they need to see their push arrive."""

import re
import subprocess
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.support.console_demo import DemoPlane
from tests.support.console_plane import RESULTS, OpenPage

pytestmark = [pytest.mark.e2e]

PATIENCE_MS = 60_000
PICTURE = RESULTS / "console" / "demo-applications.png"  # the one in the README: web/screenshots/applications.png
REPLICAS = "replicas: 3"
AS_MANY_AS_ROWS = """() => {
  const counters = [...document.querySelectorAll("button")].filter((one) => /Healthy/.test(one.textContent));
  const rows = [...document.querySelectorAll("tbody.app")].filter((one) => /Healthy/.test(one.textContent));
  return counters.some((one) => Number(one.querySelector(".count")?.textContent) === rows.length);
}"""


def printed(demo: DemoPlane, pattern: str) -> tuple[str, ...]:
    found = re.search(pattern, demo.printed)
    assert found is not None, demo.printed
    return found.groups()


def git(*arguments: str, folder: Path) -> None:
    identity = ("-c", "user.name=Dana", "-c", "user.email=dana@shop.example.com")
    subprocess.run(["git", *identity, *arguments], cwd=folder, check=True, capture_output=True)


def sign_in(page: Page, demo: DemoPlane) -> None:
    (console,) = printed(demo, r"console +(\S+)")
    name, password = printed(demo, r"sign in +(\S+) / (\S+)")
    page.goto(console)
    page.get_by_label("Name").fill(name)
    page.get_by_label("Password").fill(password)
    page.get_by_role("button", name="Sign in").click()
    page.wait_for_url(lambda url: "/login" not in url, timeout=PATIENCE_MS)


def test_a_push_changes_the_tree_in_the_browser(demo: DemoPlane, open_demo_page: OpenPage, tmp_path: Path) -> None:
    folder = tmp_path / "apps"
    page = open_demo_page(user=None, path="/login")
    sign_in(page, demo)
    page.goto("/applications")
    for name in ("platform", "storefront", "checkout", "catalog", "orders", "reports-us", "reports-eu"):
        row = page.locator(f"tbody.app[data-application='{name}']:not([data-set])")
        expect(row).to_contain_text("Healthy", timeout=PATIENCE_MS)
        expect(row).to_contain_text("Synced", timeout=PATIENCE_MS)
    page.wait_for_function(AS_MANY_AS_ROWS)  # the strip is counted anew a moment after the rows have changed
    page.screenshot(path=PICTURE, animations="disabled")
    page.locator("a.row-link", has_text="storefront").click()
    header = page.locator(".application-head")
    expect(header).to_contain_text("Synced", timeout=PATIENCE_MS)
    expect(header).to_contain_text("Healthy", timeout=PATIENCE_MS)
    badge = page.locator("[data-node='Deployment/storefront'] .node-badges")
    expect(badge).to_contain_text("3/3", timeout=PATIENCE_MS)
    inventory = page.get_by_role("group", name="Inventory")
    expect(inventory).to_contain_text("10 resources", timeout=PATIENCE_MS)
    expect(inventory).to_contain_text("2 more kinds")  # a row of links has room for six of the eight

    (clone,) = printed(demo, r"git clone (\S+)")
    git("clone", clone, str(folder), folder=tmp_path)
    manifest = folder / "storefront" / "deployment.yaml"
    assert REPLICAS in manifest.read_text()
    manifest.write_text(manifest.read_text().replace(REPLICAS, "replicas: 5"))
    git("commit", "-am", "Scale the storefront", folder=folder)
    git("push", folder=folder)
    expect(badge).to_contain_text("5/5", timeout=PATIENCE_MS)
    expect(page.locator("[data-node^='Pod/storefront']")).to_have_count(5, timeout=PATIENCE_MS)
