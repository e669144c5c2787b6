"""Home, key metrics, the timeline of an application and the audit log, as people use them."""

import re

import pytest
from playwright.sync_api import Route, expect

from tests.support.console_plane import OpenPage
from tests.support.fake_fleet import summary

pytestmark = [pytest.mark.e2e]


def test_the_root_is_home_and_shows_what_needs_attention(open_page: OpenPage) -> None:
    page = open_page(path="/?time=365d&by=MONTHLY")
    chart = page.get_by_role("group", name="Deployments over time, with what came before")
    expect(chart.locator(".chart-before")).to_have_count(12)
    tile = page.get_by_role("region", name="Needs attention")
    expect(tile.locator("li").first).to_be_visible()
    busiest = page.get_by_role("region", name="Most active applications").locator(".share").first
    whole = "bar => [...bar.children].reduce((sum, part) => sum + parseFloat(part.style.width), 0)"
    assert round(busiest.evaluate(whole)) == 100  # what has not settled is a part of it
    tile.locator("li a").first.click()
    page.wait_for_url(re.compile(r"/applications/demo/argosy/"))


def test_what_needs_attention_does_not_wait_for_figures_that_cannot_be_read(open_page: OpenPage) -> None:
    page = open_page(path="/applications")

    def break_figures(route: Route) -> None:
        if (route.request.post_data_json or {}).get("operationName") == "Home":
            route.fulfill(json={"errors": [{"message": "the figures are away"}]})
        else:
            route.continue_()

    page.route("**/graphql", break_figures)
    page.goto("/")
    expect(page.locator(".notice", has_text="The figures could not be read")).to_be_visible()
    expect(page.get_by_role("region", name="Needs attention").locator("li").first).to_be_visible()


def test_a_longer_period_is_in_the_address_and_survives_a_reload(open_page: OpenPage) -> None:
    page = open_page(path="/")
    page.get_by_role("button", name="90 days").click()
    expect(page).to_have_url(re.compile(r"time=90d"))
    page.reload()
    expect(page.get_by_role("button", name="90 days")).to_have_attribute("aria-pressed", "true")


def test_pipelines_are_measured_ranked_and_filtered(open_page: OpenPage) -> None:
    page = open_page(path="/")
    block = page.get_by_role("region", name="Pipelines", exact=True)
    figures = block.get_by_role("group", name="Figures of pipelines")
    expect(figures.get_by_role("button")).to_have_text(
        [re.compile(r"\d %"), re.compile(r"\d:\d\d"), re.compile(r"\d"), re.compile("Committers2")]
    )
    duration = figures.get_by_role("button", name="Average duration")
    duration.focus()
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile(r"figure=averageDuration"))
    expect(duration).to_have_attribute("aria-pressed", "true")
    expect(block.get_by_role("img", name="Average duration of pipelines, day by day")).to_be_visible()
    block.get_by_text("As a table").click()
    expect(block.get_by_role("table", name="Average duration of pipelines, day by day")).to_contain_text(
        re.compile(r"\d:\d\d")
    )
    active = block.get_by_role("table", name="Most active pipelines, with the change against the period before")
    expect(active.locator("tbody tr").first).to_contain_text("github/build demo / sandbox / ci")
    expect(active.locator("tbody tr", has_text="nightly")).to_contain_text("up 1")
    longest = block.get_by_role("table", name="Longest pipelines, with the change against the period before")
    expect(longest.locator("tbody tr").first).to_contain_text("release")
    block.locator("summary", has_text="Event").click()
    block.get_by_role("group", name="Event", exact=True).get_by_text("Calendar").click()
    expect(page).to_have_url(re.compile(r"event=CALENDAR"))
    expect(active.locator("tbody tr")).to_have_count(1)
    expect(figures.get_by_role("button", name="Committers")).to_contain_text("no data")
    page.reload()
    expect(active.locator("tbody tr")).to_have_count(1)
    block.locator("summary", has_text="Initiator").click()
    block.get_by_role("group", name="Initiator", exact=True).get_by_text("Mira Kovac").click()
    expect(figures.get_by_text("no data")).to_have_count(4)  # nobody's commit started what the calendar did
    expect(block.get_by_text("No data in this period")).to_be_visible()
    block.get_by_role("button", name="Clear").click()
    expect(active.locator("tbody tr").first).to_contain_text("github/build")
    with page.expect_response(lambda answer: '"Pipelines"' in (answer.request.post_data or "")):
        page.goto("/?runtime=another")  # which serves no workflows
    expect(page.get_by_role("region", name="Deployments")).to_contain_text("Nothing was deployed")
    expect(block).to_have_count(0)


def test_a_bucket_of_a_key_metric_opens_its_releases(open_page: OpenPage) -> None:
    page = open_page(path="/dora?time=365d&by=MONTHLY")
    metric = page.get_by_role("region", name="Deployment frequency", exact=True)
    expect(metric.locator("svg")).to_be_visible()
    metric.get_by_text("As a table").click()
    filled = metric.locator("tbody tr").filter(has=page.locator("td", has_not_text=re.compile(r"^0$"))).first
    filled.get_by_role("button").click()
    releases = page.get_by_role("region", name="Releases behind the figure")
    expect(releases.locator(".release", has_text="checkout").first).to_be_visible()
    expect(page).to_have_url(re.compile(r"since="))
    page.locator("summary", has_text="Application").click()
    page.get_by_label("Find in Application").fill("cart")
    page.get_by_role("group", name="Application", exact=True).get_by_text("cart", exact=True).click()
    page.locator("summary", has_text="Label").click()
    page.get_by_role("group", name="Label", exact=True).get_by_text("tier=web", exact=True).click()
    expect(page).to_have_url(re.compile(r"application=cart.*label=tier%3Dweb"))
    expect(releases.locator(".release", has_text="cart").first).to_be_visible()
    expect(releases.locator(".release", has_text="checkout")).to_have_count(0)
    page.get_by_role("button", name="More filters").click()
    page.locator("summary", has_text="Group").click()
    page.get_by_role("group", name="Group", exact=True).get_by_text("night shift").click()
    expect(releases.get_by_text("No releases yet")).to_be_visible()
    page.get_by_role("group", name="Group", exact=True).get_by_text("checkout flow").click()
    page.locator("summary", has_text="Product").click()
    page.get_by_role("group", name="Product", exact=True).get_by_text("webshop").click()
    expect(page).to_have_url(re.compile(r"group=night\+shift&group=checkout\+flow&product=webshop"))
    expect(releases.locator(".release", has_text="cart").first).to_be_visible()
    page.locator("summary", has_text="Environment").click()
    page.get_by_role("group", name="Environment", exact=True).get_by_text("staging").click()
    expect(releases.get_by_text("No releases yet")).to_be_visible()
    page.get_by_role("group", name="Environment", exact=True).get_by_text("production").click()
    expect(page).to_have_url(re.compile(r"environment=staging&environment=production"))
    expect(releases.locator(".release", has_text="cart").first).to_be_visible()


def test_the_timeline_has_a_dot_for_each_release_in_the_order_of_the_records(open_page: OpenPage) -> None:
    page = open_page(path="/applications/demo/argosy/ads?tab=timeline")
    expect(page.locator(".release").first).to_be_visible()
    dots = [dot.get_attribute("href") for dot in page.locator(".dots a").all()]
    records = [f"#{one.get_attribute('id')}" for one in page.locator(".release").all()]
    assert dots == records
    assert page.locator(".tag", has_text="Current version").count() == 1


def test_the_timeline_is_filtered_by_who_brought_a_release(open_page: OpenPage) -> None:
    page = open_page(path="/applications/demo/argosy/ads?tab=timeline")
    releases = page.locator(".release")
    expect(releases.first).to_be_visible()
    filters = page.get_by_role("search", name="Releases")
    filters.get_by_text("Committer").click()
    name = filters.get_by_role("checkbox").first
    name.check()
    expect(page).to_have_url(re.compile("committer="))
    expect(releases.first).to_be_visible()
    page.goto("/applications/demo/argosy/ads?tab=timeline&committer=Nobody")
    expect(page.locator(".empty")).to_contain_text("No release fits")
    page.get_by_role("button", name="Clear all filters").click()
    expect(releases.first).to_be_visible()


REPORT = """mutation Report($input: ImageBuildInput!) {
  reportImageBuild(input: $input) { errors { message } repositories } }"""


def test_a_build_that_ci_reported_is_a_link_of_the_release(open_page: OpenPage) -> None:
    page = open_page(path="/applications/demo/argosy/ads?tab=timeline")
    current = page.locator(".release", has=page.locator(".tag", has_text="Current version"))
    expect(current).to_be_visible()
    (image,) = next(one.images for one in map(summary, range(20)) if one.key.name == "ads")
    build = {"image": image, "link": "https://ci.example.test/runs/4711", "ci": "Jenkins", "name": "release"}
    told = {"branch": "main", "commit": "4f0c2d1b", "pullRequests": ["12"], "issues": ["SHOP-3"], "durationSeconds": 93}
    answer = page.request.post("/graphql", data={"query": REPORT, "variables": {"input": build | told}})
    assert answer.json()["data"]["reportImageBuild"]["errors"] == []
    page.reload()
    expect(current.locator("summary").first).to_contain_text("1 build")
    current.locator("summary").first.click()
    link = current.get_by_role("link", name="Jenkins · release")
    expect(link).to_have_attribute("href", "https://ci.example.test/runs/4711")
    expect(link).to_have_attribute("target", "_blank")
    expect(link).to_have_attribute("rel", "noreferrer")
    expect(current.locator(".release-list").filter(has_text="Jenkins")).to_contain_text(
        "main@4f0c2d1 · #12 · SHOP-3 · 2 min"
    )


def test_a_release_lists_each_resource_that_it_changed_with_its_difference(open_page: OpenPage) -> None:
    page = open_page(path="/applications/demo/argosy/ads?tab=timeline")
    current = page.locator(".release", has=page.locator(".tag", has_text="Current version"))
    current.locator("summary").first.click()
    current.get_by_text("Updated resources").click()
    changed = current.locator(".release-resources summary")
    expect(changed).to_have_text(["ConfigMap settings removed", "Deployment web changed"])
    expect(current).to_contain_text("Service web created; too much to be shown here as well")
    changed.filter(has_text="web").click()
    difference = current.get_by_role("region", name="What changed of Deployment web", exact=True)
    expect(difference.locator(".line-gone")).to_contain_text("replicas: 2")
    expect(difference.locator(".line-new")).to_contain_text("replicas: 3")
    difference.get_by_role("checkbox", name="Whole object").check()
    expect(page).to_have_url(re.compile("lines=all"))
    expect(difference).to_contain_text("kind: Deployment")


def test_the_platform_menu_leads_to_its_places_and_closes(open_page: OpenPage) -> None:
    page = open_page(path="/applications")
    menu = page.locator(".nav-menu")
    menu.locator("summary").click()
    menu.get_by_role("link", name="Git Sources").click()
    page.wait_for_url("**/git-sources")
    expect(page.locator(".listing a").first).to_be_visible()
    expect(page.locator(".nav-menu .menu-body")).to_be_hidden()


def test_the_audit_log_is_exported_with_the_filters_that_are_shown(open_page: OpenPage) -> None:
    page = open_page(path="/audit?q=limits")
    link = page.get_by_role("link", name="CSV")
    expect(link).to_have_attribute("href", "/audit/export?format=csv&search=limits")
    with page.expect_download() as download:
        link.click()
    assert download.value.suggested_filename == "audit-log.csv"
