"""Runtimes, Git Sources and the audit log, as administrators use them."""

import re

import pytest
from playwright.sync_api import Route, expect

from tests.support.console_looks import look
from tests.support.console_plane import OpenPage

pytestmark = [pytest.mark.e2e]


def test_a_runtime_is_looked_into_from_the_list_and_the_topology(open_page: OpenPage) -> None:
    page = open_page(path="/runtimes")
    topology = page.get_by_role("region", name="Topology")
    expect(topology.get_by_role("link", name="sandbox")).to_be_visible()
    topology.get_by_role("link", name="demo").click()
    page.wait_for_url("**/runtimes/demo")
    expect(page.get_by_role("table", name="Components").get_by_role("row")).to_have_count(3)
    page.get_by_role("link", name=re.compile("^Clusters")).last.click()
    expect(page).to_have_url(re.compile("tab=clusters"))
    expect(page.get_by_role("table", name="Clusters")).to_contain_text("sandbox")
    remove = page.get_by_role("button", name=re.compile("^Remove"))
    expect(remove).to_have_attribute("title", "only administrators")


def test_an_administrator_registers_a_runtime_and_forgets_it_again(open_page: OpenPage) -> None:
    page = open_page(user="admin", path="/runtimes")
    page.get_by_role("button", name="Runtime", exact=True).click()
    dialog = page.locator("dialog[open]")
    dialog.get_by_label("Name").fill("eu-2")
    dialog.get_by_role("button", name="Register").click()
    expect(dialog).to_contain_text("argosy runtime manifests eu-2")
    expect(dialog.locator("code")).to_have_text(re.compile("^argr_"))
    assert look(page, "runtime-new") == []
    dialog.get_by_role("button", name="Close").click()
    page.goto("/runtimes/eu-2")
    expect(page.get_by_role("table", name="Components").or_(page.locator("main .empty"))).to_be_visible()
    assert look(page, "runtime-not-there-yet") == []
    page.get_by_role("button", name="Remove").click()
    dialog = page.locator("dialog[open]")
    dialog.get_by_label("Type eu-2 to confirm").fill("eu-2")
    dialog.get_by_role("button", name="Remove").click()
    page.wait_for_url("**/runtimes")
    expect(page.get_by_role("region", name="Topology").get_by_role("link", name="eu-2")).to_have_count(0)


def test_a_runtime_is_let_manage_itself_by_a_commit(open_page: OpenPage) -> None:
    page = open_page(user="admin", path="/runtimes")
    expect(page.locator("table.runtimes").get_by_text("Not managed")).to_be_visible()
    page.goto("/runtimes/demo")
    button = page.get_by_role("button", name="Manage through Git")
    expect(button).to_have_attribute("title", "this control plane runs it itself")

    def elsewhere(route: Route) -> None:
        if (route.request.post_data_json or {}).get("operationName") != "Runtime":
            return route.fallback()
        answer = route.fetch()
        return route.fulfill(response=answer, body=answer.text().replace("HELM_HOSTED", "HELM"))

    page.route("**/graphql", elsewhere)
    page.goto("/runtimes/demo")
    expect(page.locator(".wide-facts")).to_contain_text("Not managed through Git")
    button.click()
    dialog = page.locator("dialog[open]")
    expect(dialog).to_contain_text("Its token stays out of Git")
    dialog.get_by_role("button", name="Commit", exact=True).click()
    told = page.locator(".committed")
    expect(told).to_contain_text("The installation of demo is committed")
    expect(told.locator(".commit code")).to_be_visible()


def test_a_git_source_says_what_it_commits_and_shows_the_commit(open_page: OpenPage) -> None:
    page = open_page(path="/git-sources")
    page.get_by_role("button", name="Git Source", exact=True).click()
    dialog = page.locator("dialog[open]")
    expect(dialog.locator(".will")).to_contain_text("shared configuration repository of demo")
    assert look(page, "git-source-new") == []
    dialog.get_by_label("Name").fill("shop")
    dialog.get_by_label("Repository", exact=True).fill("https://git.example.test/shop.git")
    dialog.get_by_role("button", name="Commit").click()
    committed = page.locator(".committed")
    expect(committed).to_contain_text("Git Source shop is added")
    expect(committed.locator(".commit code")).to_be_visible()
    page.get_by_role("button", name="Delete platform").click()
    confirm = page.locator("dialog[open]").get_by_role("button", name=re.compile("Commit & delete"))
    expect(confirm).to_have_attribute("aria-disabled", "true")
    assert look(page, "git-source-delete") == []
    other = open_page(user="victor", path="/git-sources")
    change = other.get_by_role("button", name="Change platform")
    expect(change).to_have_attribute("aria-disabled", "true")
    other.get_by_role("button", name="Git Source", exact=True).click()
    dialog = other.locator("dialog[open]")
    dialog.get_by_label("Name").fill("shop")
    dialog.get_by_label("Repository", exact=True).fill("https://git.example.test/shop.git")
    dialog.get_by_role("button", name="Commit").click()
    expect(dialog.locator(".notice")).to_contain_text("Not done")


def test_a_commit_of_the_audit_log_shows_what_it_changed(open_page: OpenPage) -> None:
    page = open_page(path="/audit?action=EDIT")
    expect(page.locator("table.audit tbody tr")).to_have_count(1)
    page.get_by_role("link", name=re.compile("^Changes of")).click()
    patch = page.get_by_role("region", name="Difference in cart.yaml")
    expect(patch.locator(".line-new")).to_contain_text("replicas: 3")
    expect(patch.locator(".line-gone")).to_contain_text("replicas: 2")
    page.reload()
    expect(patch).to_be_visible()
    page.get_by_label("Action").select_option("SYNC")
    expect(page).to_have_url(re.compile("action=SYNC"))
    page.get_by_label("From").fill("2020-01-01")
    page.get_by_label("To", exact=True).fill("2020-01-02")
    expect(page.locator(".empty")).to_contain_text("No commits")
    expect(page.get_by_role("link", name="CSV")).to_have_attribute("href", re.compile("since=2019-12-31T23"))


def test_a_cluster_is_added_and_removed_and_that_of_the_runtime_stays(open_page: OpenPage) -> None:
    page = open_page(user="admin", path="/clusters")
    page.get_by_role("button", name="Cluster", exact=True).click()
    dialog = page.locator("dialog[open]")
    expect(dialog).to_contain_text("argosy cluster add CONTEXT --runtime demo")
    assert look(page, "cluster-new") == []
    expect(dialog.get_by_role("button", name="Add", exact=True)).to_have_attribute("aria-disabled", "true")
    dialog.get_by_label("Name", exact=True).fill("eu")
    dialog.get_by_label("API server").fill("https://eu.example.test:6443")
    dialog.get_by_label("Token of a ServiceAccount").fill("a-token")
    dialog.get_by_role("button", name="Add", exact=True).click()
    told = page.locator(".committed")
    expect(told).to_contain_text("Cluster eu is added, Kubernetes v1.33.0")
    expect(told.locator(".commit code")).to_be_visible()
    page.get_by_role("button", name="Install Rollouts in eu").click()
    expect(dialog).to_contain_text("One commit to the shared configuration of demo")
    dialog.get_by_role("button", name="Commit", exact=True).click()
    expect(told).to_contain_text("The controller of Rollouts for eu is committed")
    remove = page.get_by_role("button", name="Remove sandbox")
    expect(remove).to_have_attribute("title", "the runtime lives in it")
    page.get_by_role("button", name="Remove eu").click()
    expect(dialog).to_contain_text("forgets it and its credential")
    confirm = dialog.get_by_role("button", name="Remove", exact=True)
    expect(confirm).to_have_attribute("aria-disabled", "true")
    dialog.locator("input").fill("eu")
    confirm.click()
    expect(told).to_contain_text("Cluster eu is removed")
    expect(page.get_by_role("button", name="Remove eu")).to_have_count(0)
    expect(remove).to_be_visible()


def test_the_log_of_a_runtime_is_read_by_part(open_page: OpenPage) -> None:
    page = open_page(user="admin", path="/runtimes/demo?tab=logs")
    log = page.get_by_role("log", name="Log of runtime demo")
    expect(log.locator(".code-line")).to_have_count(2)
    assert look(page, "runtime-logs") == []
    page.get_by_role("combobox", name="Part").select_option(label="link")
    expect(log.locator(".code-line")).to_have_text("link is up")
    expect(page.get_by_role("link", name="This part")).to_have_attribute("href", re.compile("component=gitsync.link"))


SETUP = {
    "needed": True,
    "possible": True,
    "reason": None,
    "runtime": None,
    "steps": [
        {"name": "INSTALL_RUNTIME", "title": "Install a runtime", "done": False, "command": None},
        {"name": "CONNECT_GIT", "title": "Connect a Git host", "done": False, "command": None},
        {
            "name": "CONNECT_CLUSTER",
            "title": "Connect a cluster",
            "done": False,
            "command": "argosy cluster add CONTEXT",
        },
    ],
}


def test_the_first_run_shows_three_steps_and_asks_again_only_when_a_runtime_has_news(open_page: OpenPage) -> None:
    page = open_page(user="admin", path="/clusters")
    asked = []

    def answer(route: Route) -> None:
        if (route.request.post_data_json or {}).get("operationName") != "HostedSetup":
            return route.fallback()
        asked.append(1)
        return route.fulfill(json={"data": {"me": {"isAdmin": True}, "hostedSetup": SETUP}})

    page.route("**/graphql", answer)
    page.goto("/")
    steps = page.get_by_role("region", name="Set up")
    expect(steps.locator("li")).to_have_count(3)
    expect(steps.locator("[aria-current=step]")).to_contain_text("Install a runtime")
    expect(steps.get_by_role("button", name="Install a hosted runtime")).to_be_enabled()
    assert look(page, "first-run") == []
    expect(page.locator(".attention, .tile .empty").first).to_be_visible()
    steps.get_by_role("button", name="Later").click()
    expect(steps).to_have_count(0)
    assert len(asked) <= 3  # on arrival, and for the runtimes that the stream begins with
