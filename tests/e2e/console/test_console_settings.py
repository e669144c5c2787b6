"""Settings: API tokens that are shown once, users, and the theme."""

import re

import httpx
import pytest
from playwright.sync_api import expect

from tests.support.console_looks import look
from tests.support.console_plane import OpenPage

pytestmark = [pytest.mark.e2e]


def test_a_token_is_shown_once_works_and_is_revoked(open_page: OpenPage) -> None:
    page = open_page(path="/settings?tab=tokens")
    page.get_by_label("What it is for").fill("ci")
    page.get_by_role("button", name="Create token").click()
    shown = page.locator(".notice code")
    expect(shown).to_have_text(re.compile(r"^argt_"))
    secret = shown.inner_text()

    headers = {"Authorization": f"Bearer {secret}"}
    address = f"{page.url.partition('/settings')[0]}/graphql"
    answer = httpx.post(address, json={"query": "{ me { name } }"}, headers=headers, trust_env=False, timeout=30)
    assert answer.json()["data"] == {"me": {"name": "dana"}}
    page.reload()
    row = page.locator("tbody tr", has_text="ci")
    expect(row).to_be_visible()
    assert look(page, "settings-tokens-one") == []
    assert secret not in page.content()
    row.get_by_role("button", name="Revoke").click()
    expect(row).to_contain_text("Programs that use it stop working.")
    row.get_by_role("button", name="Revoke").click()
    expect(page.locator(".empty")).to_contain_text("No API tokens")


def test_administrators_add_and_remove_users_and_others_are_told_whom_to_ask(open_page: OpenPage) -> None:
    page = open_page(user="admin", path="/settings?tab=people")
    form = page.get_by_role("form", name="New user")
    form.get_by_label("Name").fill("mo")
    form.get_by_label("Password").fill("long enough!")
    form.get_by_role("button", name="Add user").click()
    row = page.locator("tbody tr", has=page.locator("th", has_text=re.compile("^mo$")))
    expect(row).to_have_count(1)
    assert look(page, "settings-users-admin") == []
    row.get_by_role("button", name="Remove").click()
    row.get_by_role("button", name="Remove").click()
    expect(row).to_have_count(0)
    other = open_page(user="victor", path="/settings?tab=people")
    expect(other.locator(".empty")).to_contain_text("Administrators look after users")


def test_the_theme_is_chosen_in_the_settings_too(open_page: OpenPage) -> None:
    page = open_page(path="/settings")
    page.get_by_role("group", name="Theme").get_by_role("button", name="Dark").click()
    expect(page.locator("html")).to_have_class("dark")
    rights = page.get_by_role("table", name="Your rights by Git Source")
    expect(rights.get_by_role("row", name=re.compile("platform demo .* read and change"))).to_be_visible()


def test_a_password_is_changed_only_with_the_present_one(open_page: OpenPage) -> None:
    page = open_page(path="/settings")
    form = page.get_by_role("form", name="Password")
    form.get_by_label("Present password").fill("another one")
    form.get_by_label("New password").fill("longer than before")
    form.get_by_role("button", name="Change password").click()
    expect(page.locator(".notice")).to_contain_text("the present password is another one")
