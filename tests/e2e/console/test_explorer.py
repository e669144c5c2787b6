"""The explorer of the API, as a page of our own: queries, streams, mistakes, the schema; and axe finds nothing."""

import re

import pytest
from playwright.sync_api import expect

from tests.support.console_looks import complaints
from tests.support.console_plane import OpenPage

pytestmark = [pytest.mark.e2e]


def test_queries_streams_and_mistakes_are_answered(open_page: OpenPage) -> None:
    page = open_page(path="/graphql")
    state, answer = page.locator("#state"), page.locator("#answer")
    page.get_by_role("button", name="Run").click()
    expect(state).to_have_text(re.compile(r"^200 · \d+ ms$"))
    expect(answer).to_contain_text('"totalCount"')
    page.get_by_label("Query").fill("subscription { applications { type } }")
    page.get_by_label("Variables").fill("")
    page.keyboard.press("Control+Enter")
    expect(state).to_have_text(re.compile(r"^\d+ events$"))
    expect(answer).to_contain_text('"SNAPSHOT"')
    page.get_by_role("button", name="Stop").click()
    expect(state).to_have_text("stopped")
    page.get_by_label("Variables").fill("{")
    page.get_by_role("button", name="Run").click()
    expect(state).to_contain_text("JSON")


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_the_schema_is_searched_and_the_page_is_accessible(open_page: OpenPage, theme: str) -> None:
    page = open_page(path="/graphql", theme=theme)
    expect(page.locator("#schema summary").first).to_have_text("Query")
    page.get_by_role("searchbox", name="Schema").fill("syncApplication")
    expect(page.locator("#schema details[open]").first).to_contain_text("syncApplication(")
    assert complaints(page) == []
