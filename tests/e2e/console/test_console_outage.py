"""The control plane goes away and comes back: what is shown stays, says from when it is, and goes on by itself."""

import re

import pytest
from playwright.sync_api import Browser, expect

from tests.support.console_plane import PASSWORD, Plane
from tests.support.cut_line import CutLine

pytestmark = [pytest.mark.e2e]


def test_stale_is_visible_and_heals(browser: Browser, plane: Plane) -> None:
    with CutLine(plane.port).running() as line:
        context = browser.new_context(base_url=f"http://127.0.0.1:{line.port}")
        assert context.request.post("/auth/login", data={"username": "dana", "password": PASSWORD}).ok
        page = context.new_page()
        page.goto("/applications")
        expect(page.locator("tbody.app").first).to_be_visible()
        page.goto("/applications/demo/argosy/cart")
        expect(page.locator("[data-node='Deployment/cart']")).to_be_visible()
        line.cut()
        expect(page.locator(".banner")).to_contain_text("The control plane does not answer")
        expect(page.locator(".stale").first).to_contain_text(re.compile(r"as of \d\d:\d\d:\d\d"))
        expect(page.locator("[data-node='Deployment/cart']")).to_be_visible()
        line.mend()
        expect(page.locator(".banner")).to_have_count(0)
        expect(page.locator(".stale")).to_have_count(0)
        badge = page.locator("[data-node='Deployment/cart'] .node-badges")
        before = badge.inner_text()
        expect(badge).not_to_have_text(before)
        context.close()
