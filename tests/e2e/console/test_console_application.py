"""One application: header, tree, drawer, logs, and what can be done."""

import re
import time
from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from tests.support.console_plane import OpenPage

pytestmark = [pytest.mark.e2e]
ADS = "/applications/demo/argosy/ads"


def with_tree(page: Page) -> Page:
    expect(page.locator("[data-node='Deployment/ads']")).to_be_visible()
    return page


def test_the_header_says_how_it_is_why_and_what_it_follows(open_page: OpenPage) -> None:
    page = with_tree(open_page(path=ADS))
    header = page.locator(".application-head")
    expect(header).to_contain_text("Degraded")
    expect(header).to_contain_text("Deployment ads: 1 of 3 pods: ImagePullBackOff (not found)")
    expect(header).to_contain_text("apps/ads/app.yaml:3: bad indentation")
    expect(header).to_contain_text("auto-sync on, self-heal, prune")
    expect(header).to_contain_text("sandbox / shop")
    expect(page).to_have_title("ads · Argosy")


def test_the_tree_changes_by_itself_and_stays_where_it_is(open_page: OpenPage) -> None:
    page = with_tree(open_page(path=ADS))
    badge = page.locator("[data-node='Deployment/ads'] .node-badges")
    place = page.locator("[data-node='Service/ads']").bounding_box()
    expect(badge).to_have_text("Deployment · Rev 7 · 2/3")
    expect(badge).to_have_text("Deployment · Rev 7 · 3/3")
    assert page.locator("[data-node='Service/ads']").bounding_box() == place


def test_a_branch_closes_and_find_steps_through_hits(open_page: OpenPage) -> None:
    page = with_tree(open_page(path=ADS))
    page.get_by_role("button", name="Close what is below ads-6d9f").click()
    expect(page.locator("[data-node^='Pod/']")).to_have_count(0)
    page.get_by_role("button", name="Open 3 below ads-6d9f").click()
    expect(page.locator("[data-node^='Pod/']")).to_have_count(3)
    page.keyboard.press("/")
    page.keyboard.type("pod")
    status = page.locator(".find [role=status]")
    expect(status).to_have_text("1 of 3")
    page.keyboard.press("Enter")
    expect(status).to_have_text("2 of 3")
    expect(page.locator(".node.marked [data-node='Pod/ads-6d9f-x1']")).to_be_visible()


def test_filters_keep_the_owners_of_what_they_find(open_page: OpenPage) -> None:
    page = with_tree(open_page(path=f"{ADS}?kind=Pod"))
    expect(page.locator("[data-node='Service/ads']")).to_have_count(0)
    expect(page.locator(".node.dimmed [data-node='Deployment/ads']")).to_be_visible()
    page.get_by_role("button", name="List").click()
    expect(page.locator("table.resources tbody")).to_have_count(3)
    expect(page).to_have_url(re.compile("view=list"))


def test_labels_find_resources_in_tree_and_list(open_page: OpenPage) -> None:
    page = with_tree(open_page(path=ADS))
    page.locator("summary", has_text="Label").click()
    page.get_by_role("checkbox", name="app=ads").check()
    page.keyboard.press("Escape")
    expect(page).to_have_url(re.compile("label=app%3Dads"))
    expect(page.locator("[data-node='Service/ads']")).to_have_count(0)
    expect(page.locator(".node.dimmed [data-node='ReplicaSet/ads-6d9f']")).to_be_visible()
    page.get_by_role("button", name="List").click()
    expect(page.locator("table.resources tbody")).to_have_count(4)
    page.reload()
    expect(page.locator("table.resources tbody")).to_have_count(4)
    page.get_by_role("button", name="Clear").click()
    expect(page.locator("table.resources tbody")).to_have_count(8)


def test_the_tree_shows_what_is_ill_alone_when_asked(open_page: OpenPage) -> None:
    page = with_tree(open_page(path=ADS))
    healthy = page.locator("[data-node='Service/ads']")
    expect(healthy).to_be_visible()
    page.goto(f"{ADS}?health=DEGRADED")
    expect(page.locator("[data-node='Deployment/ads']")).to_be_visible()
    expect(healthy).to_have_count(0)


def test_the_tree_is_zoomed_and_fitted(open_page: OpenPage) -> None:
    node = with_tree(open_page(path=ADS)).locator("[data-node='Deployment/ads']")
    page = node.page

    def width() -> float:
        box = node.bounding_box()
        assert box is not None
        return box["width"]

    def until(holds: Callable[[float], bool]) -> float:
        deadline = time.monotonic() + 30
        while not holds(found := width()):
            assert time.monotonic() < deadline, found
            page.wait_for_timeout(50)
        return found

    before = width()
    page.get_by_role("button", name="Zoom in").click()
    larger = until(lambda found: found > before * 1.05)
    page.get_by_role("button", name="Zoom out").click()
    page.get_by_role("button", name="Zoom out").click()
    until(lambda found: found < larger * 0.9)
    page.get_by_role("button", name="Fit the tree").click()
    until(lambda found: abs(found - before) < before * 0.6)


def test_the_drawer_is_in_the_address_and_gives_the_focus_back(open_page: OpenPage) -> None:
    page = with_tree(open_page(path=ADS))
    page.locator("[data-node='ConfigMap/ads-config']").click()
    drawer = page.get_by_role("dialog", name="ads-config")
    expect(drawer).to_contain_text("apps/ads/app.yaml:4")
    expect(drawer.get_by_role("link", name="Dashboard")).to_have_attribute(
        "href", "https://dashboards.example.test/ads-config"
    )
    expect(drawer).to_contain_text("entry 2 (Traces) is not shown")
    expect(drawer.get_by_role("link", name="Harm")).to_have_count(0)
    drawer.get_by_role("link", name="Manifest").click()
    expect(drawer.get_by_role("region", name="Live manifest of ads-config")).to_contain_text("level: debug")
    drawer.get_by_role("button", name="Desired").click()
    expect(drawer.get_by_role("region", name="Desired manifest of ads-config")).to_contain_text("level: info")
    drawer.get_by_role("link", name="Diff").click()
    expect(drawer.locator(".line-gone")).to_contain_text("debug")
    expect(drawer.locator(".line-new")).to_contain_text("info")
    address = page.url
    page.reload()
    expect(page).to_have_url(address)
    expect(drawer.locator(".line-new")).to_contain_text("info")
    page.keyboard.press("Escape")
    expect(drawer).to_have_count(0)
    page.locator("[data-node='Service/ads']").click()
    page.keyboard.press("Escape")
    expect(page.locator("[data-node='Service/ads']")).to_be_focused()


def test_links_of_an_application_are_in_its_header(open_page: OpenPage) -> None:
    page = open_page(path=ADS)
    page.get_by_label("Links", exact=True).click()
    menu = page.locator(".menu[open] .menu-body")
    logs = menu.get_by_role("link", name="Logs")
    expect(logs).to_have_attribute("href", "https://logs.example.test/ads")
    expect(logs).to_have_attribute("rel", "noreferrer")
    expect(menu).to_contain_text("application.links of argocd-cm, entry 2 (Traces)")
    expect(menu.get_by_role("link")).to_have_count(1)


def test_logs_follow_search_and_are_saved(open_page: OpenPage) -> None:
    page = with_tree(open_page(path=f"{ADS}?res=/Pod/shop/ads-6d9f-x0&section=logs"))
    log = page.get_by_role("log")
    for line in (332, 336):  # lines that were out of sight turn out longer than was guessed, which is no scrolling
        expect(log).to_contain_text(f"path=/cart/{line} ")
        expect(log.locator(".code-line").last).to_be_in_viewport()
    follow = page.get_by_role("button", name="Follow")
    log.evaluate("one => { one.scrollTop -= 400 }")  # as the browser does where a block is shorter than was guessed
    expect(log.locator(".code-line").last).to_be_in_viewport()
    expect(follow).to_have_attribute("aria-pressed", "true")
    log.press("PageUp")
    expect(follow).to_have_attribute("aria-pressed", "false")
    page.get_by_label("Search the log").fill("/cart/1")
    expect(page.locator(".drawer .find [role=status]")).to_have_text(re.compile(r"^1 of 111$"))
    expect(log.locator("mark").first).to_have_text("/cart/1")
    page.get_by_role("button", name="Wrap").click()
    with page.expect_download() as download:
        page.get_by_role("button", name="Download").click()
    assert download.value.suggested_filename.startswith("ads-6d9f-x0")
    assert "path=/cart/0 " in download.value.path().read_text()


def test_events_are_shown_for_the_application_and_for_one_object(open_page: OpenPage) -> None:
    page = open_page(path=f"{ADS}?tab=events")
    expect(page.locator("table.events tbody tr").first).to_be_visible()
    page.goto(f"{ADS}?res=/Pod/shop/ads-6d9f-x2&section=events")
    expect(page.locator(".drawer table.events tbody tr").first).to_be_visible()


def test_the_diff_tab_lists_what_differs(open_page: OpenPage) -> None:
    page = open_page(path=ADS)
    with_tree(page)
    page.keyboard.press("d")
    expect(page.get_by_role("list", name="Objects that differ")).to_contain_text("ConfigMap ads-config")


def test_a_sync_names_what_it_would_delete(open_page: OpenPage) -> None:
    page = with_tree(open_page(path=ADS))
    page.keyboard.press("s")
    dialog = page.get_by_role("dialog", name="Sync ads")
    dialog.get_by_text("Resources").first.click()
    first = dialog.get_by_role("list", name="Resources to sync").get_by_role("listitem").first
    expect(first).to_contain_text("ConfigMap ads-config")
    expect(first).to_contain_text("requires pruning")
    expect(dialog.locator(".problem")).to_have_count(0)
    dialog.get_by_role("checkbox", name="Prune", exact=True).check()
    expect(dialog.locator(".problem")).to_contain_text("Deletes ConfigMap ads-config")
    expect(dialog.get_by_role("button", name="Sync and delete 1")).to_have_class(re.compile("danger"))
    page.keyboard.press("Escape")
    expect(dialog).to_have_count(0)


def test_sync_says_what_it_will_do_and_shows_what_came_of_it(open_page: OpenPage) -> None:
    page = open_page(path="/applications/demo/argosy/shipping-1")
    expect(page.locator(".node").first).to_be_visible()
    page.keyboard.press("s")
    dialog = page.get_by_role("dialog", name="Sync shipping-1")
    expect(dialog).to_contain_text("Applies what main says to sandbox / shop; what is no longer in Git stays.")
    dialog.get_by_role("checkbox", name="Prune", exact=True).check()
    expect(dialog).to_contain_text("deletes what is no longer in Git")
    dialog.get_by_role("button", name="Sync").click()
    header = page.locator(".application-head")
    expect(header).to_contain_text("Syncing")
    expect(header).to_contain_text("last sync OK")
    expect(header).to_contain_text("by dana")


def test_who_may_only_read_sees_why_the_buttons_are_off(open_page: OpenPage) -> None:
    page = with_tree(open_page("victor", path=ADS))
    button = page.get_by_role("button", name="Sync", exact=True)
    expect(button).to_be_disabled()
    assert button.get_attribute("title")
    page.locator("[data-node='Deployment/ads']").click()
    page.get_by_role("dialog").get_by_role("link", name="Actions").click()
    expect(page.get_by_role("button", name="Restart")).to_be_disabled()
    expect(page.get_by_text("You may look, not change")).to_be_visible()


def test_an_action_on_a_resource_runs(open_page: OpenPage) -> None:
    page = with_tree(open_page(path=f"{ADS}?res=apps/Deployment/shop/ads&section=actions"))
    page.get_by_role("button", name="Restart").click()
    expect(page.locator("#announcements")).to_have_text("restart of ads is under way")


def test_one_resource_is_synced_alone(open_page: OpenPage) -> None:
    """Not one of ads: a sync heals it, and other tests want it as ill as it is."""
    page = open_page(path="/applications/demo/argosy/shipping-1?res=apps/Deployment/shop/shipping-1&section=actions")
    with page.expect_request(lambda request: "syncApplication" in (request.post_data or "")) as sent:
        page.get_by_role("button", name="Sync this resource").click()
    variables = sent.value.post_data_json["variables"]
    resource = {"group": "apps", "kind": "Deployment", "namespace": "shop", "name": "shipping-1"}
    assert (variables["name"], variables["options"]) == ("shipping-1", {"resources": [resource]})
    expect(page.locator("#announcements")).to_have_text("sync of shipping-1 is under way")


def test_an_application_that_does_not_exist(open_page: OpenPage) -> None:
    page = open_page(path="/applications/demo/argosy/nothing")
    expect(page.get_by_role("heading", name="No such application")).to_be_visible()


def test_traffic_and_pods_have_views_of_their_own_and_services_name_their_endpoints(open_page: OpenPage) -> None:
    page = open_page(path=f"{ADS}?view=network")
    expect(page.locator("[data-node='Ingress/ads']")).to_be_visible()
    expect(page.locator("[data-node^='Pod/']")).to_have_count(3)
    expect(page.locator("[data-node='Deployment/ads']")).to_have_count(0)
    page.get_by_role("button", name="Pods", exact=True).click()
    expect(page.get_by_role("region", name="Node node-1").get_by_role("button")).to_have_count(2)
    page.get_by_label("Pods are grouped").select_option("top")
    workload = page.get_by_role("region", name="Deployment ads")
    expect(workload).to_contain_text("3 pods")
    workload.get_by_role("button").first.click()
    expect(page.locator(".drawer")).to_contain_text("Pod")
    page.keyboard.press("Escape")
    page.get_by_role("link", name="Services", exact=True).click()
    expect(page.locator(".endpoint-list a", has_text="https://ads.example.test")).to_be_visible()
