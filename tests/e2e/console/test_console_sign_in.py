"""Into the console, and what stays outside."""

import re

import pytest
from playwright.sync_api import Browser, Route, expect

from tests.support.console_plane import PASSWORD, OpenPage, Plane

pytestmark = [pytest.mark.e2e]


def test_a_person_signs_in_and_lands_where_they_wanted_to_go(open_page: OpenPage) -> None:
    page = open_page(user=None, path="/runtimes")
    page.wait_for_url(re.compile(r"/login\?next=%2Fruntimes"))
    page.get_by_label("Name").fill("dana")
    page.get_by_label("Password").fill("wrong")
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("alert")).to_have_text("Name or password is not right.")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    page.wait_for_url("**/runtimes")
    expect(page.locator(".runtimes").get_by_role("link", name="demo")).to_be_visible()
    cookies = page.context.cookies()
    assert cookies
    assert all(cookie["httpOnly"] and cookie["sameSite"] in {"Lax", "Strict"} for cookie in cookies)
    assert page.evaluate("document.cookie") == ""


def test_a_password_never_gets_into_the_address_even_before_the_script_runs(browser: Browser, plane: Plane) -> None:
    context = browser.new_context(base_url=plane.url, java_script_enabled=False)
    page = context.new_page()
    page.goto("/login")
    page.get_by_label("Name").fill("dana")
    page.get_by_label("Password").fill(PASSWORD)
    expect(page.get_by_role("button", name="Sign in")).to_be_disabled()
    page.keyboard.press("Enter")
    assert PASSWORD not in page.url.replace(plane.url, "")
    context.close()


def test_an_answer_that_comes_late_does_not_lead_away_from_signing_in(open_page: OpenPage) -> None:
    page = open_page(user=None, path="/login")
    held: list[Route] = []
    page.route("**/graphql", lambda question: held.append(question))
    page.goto("/runtimes")
    page.wait_for_url(re.compile(r"/login\?next=%2Fruntimes$"))
    expect(page.get_by_role("button", name="Sign in")).to_be_enabled()
    page.get_by_label("Name").fill("dana")
    assert held
    for question in held:
        question.continue_()
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    page.wait_for_url("**/runtimes")


def test_sign_in_leads_to_no_foreign_place(open_page: OpenPage, plane: Plane) -> None:
    page = open_page(user=None, path="/login?next=//evil.example/")
    page.get_by_label("Name").fill("dana")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    page.wait_for_url(f"{plane.url}/")


def test_signing_out_ends_the_session(open_page: OpenPage) -> None:
    page = open_page(own_session=True)
    page.locator("summary", has_text="dana").click()
    page.get_by_role("button", name="Sign out").click()
    page.wait_for_url("**/login")
    page.goto("/applications")
    page.wait_for_url(re.compile("/login"))


def test_whoever_may_read_nothing_sees_the_next_step(open_page: OpenPage) -> None:
    page = open_page("eve")
    expect(page.get_by_text("No applications yet")).to_be_visible()
    page.goto("/applications/demo/argosy/checkout")
    expect(page.get_by_role("heading", name="No such application")).to_be_visible()
