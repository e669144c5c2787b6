"""A newcomer with a browser: what `argosy demo` prints is all they need to see their push arrive."""

import asyncio
import re
import subprocess
from pathlib import Path

import pytest
from playwright.async_api import Page, async_playwright, expect

from tests.e2e.console.conftest import CHROMIUM, FLAGS, NO_CHROMIUM
from tests.support.console_plane import RESULTS
from tests.support.demo import Demo, running_demo
from web import build

pytestmark = [pytest.mark.e2e]

PATIENCE_MS = 60_000
PICTURE = RESULTS / "console" / "demo-applications.png"  # the one in the README: web/screenshots/applications.png
REPLICAS = "replicas: 3"


def printed(demo: Demo, pattern: str) -> tuple[str, ...]:
    found = re.search(pattern, demo.printed)
    assert found is not None, demo.printed
    return found.groups()


def git(*arguments: str, folder: Path) -> None:
    identity = ("-c", "user.name=Dana", "-c", "user.email=dana@shop.example.com")
    subprocess.run(["git", *identity, *arguments], cwd=folder, check=True, capture_output=True)


async def sign_in(page: Page, demo: Demo) -> None:
    (console,) = printed(demo, r"console +(\S+)")
    name, password = printed(demo, r"sign in +(\S+) / (\S+)")
    await page.goto(console)
    await page.get_by_label("Name").fill(name)
    await page.get_by_label("Password").fill(password)
    await page.get_by_role("button", name="Sign in").click()
    await page.wait_for_url(lambda url: "/login" not in url, timeout=PATIENCE_MS)


async def test_a_push_changes_the_tree_in_the_browser(tmp_path: Path) -> None:
    if not build.HASHES.exists():
        pytest.skip("the console is not built: make console")
    if not CHROMIUM.exists():
        pytest.skip(NO_CHROMIUM)
    folder = tmp_path / "apps"
    async with running_demo(tmp_path / "data") as demo, async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=str(CHROMIUM), args=FLAGS)
        page = await browser.new_page(viewport={"width": 1440, "height": 900})
        await sign_in(page, demo)
        await page.goto(f"{demo.url}/applications")
        await page.locator("a.row-link", has_text="storefront").wait_for(timeout=PATIENCE_MS)
        async with demo.signed_in("admin") as admin:
            await admin.until_healthy(
                "platform", "storefront", "checkout", "catalog", "orders", "reports-us", "reports-eu"
            )
        healthy = page.get_by_role("button", name=re.compile("Healthy")).locator(".count")
        rows = page.locator("tbody.app", has_text="Healthy")
        looks = 0
        async with asyncio.timeout(60):
            while looks < 30:  # the strip is counted anew a moment after the rows have changed
                looks = looks + 1 if int(await healthy.inner_text()) == await rows.count() else 0
                await asyncio.sleep(0.1)
        await page.screenshot(path=PICTURE, animations="disabled")
        await page.locator("a.row-link", has_text="storefront").click()
        header = page.locator(".application-head")
        await expect(header).to_contain_text("Synced", timeout=PATIENCE_MS)
        await expect(header).to_contain_text("Healthy", timeout=PATIENCE_MS)
        badge = page.locator("[data-node='Deployment/storefront'] .node-badges")
        await expect(badge).to_contain_text("3/3", timeout=PATIENCE_MS)
        inventory = page.get_by_role("group", name="Inventory")
        await expect(inventory).to_contain_text("10 resources", timeout=PATIENCE_MS)
        await expect(inventory).to_contain_text("2 more kinds")  # a row of links has room for six of the eight

        (clone,) = printed(demo, r"git clone (\S+)")
        await asyncio.to_thread(git, "clone", clone, str(folder), folder=tmp_path)
        manifest = folder / "storefront" / "deployment.yaml"
        assert REPLICAS in manifest.read_text()
        manifest.write_text(manifest.read_text().replace(REPLICAS, "replicas: 5"))
        await asyncio.to_thread(git, "commit", "-am", "Scale the storefront", folder=folder)
        await asyncio.to_thread(git, "push", folder=folder)
        await expect(badge).to_contain_text("5/5", timeout=PATIENCE_MS)
        await expect(page.locator("[data-node^='Pod/storefront']")).to_have_count(5, timeout=PATIENCE_MS)
        await browser.close()
