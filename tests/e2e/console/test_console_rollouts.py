"""A canary in the demo, from the commit that begins it to the deed that ends it, watched and steered in the console."""

import re

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.support.console_demo import DemoPlane
from tests.support.console_looks import look
from tests.support.console_plane import OpenPage

pytestmark = [pytest.mark.e2e]
PATIENCE = 60_000
ATTEMPTS = 5
SETTLED = """() => {
  const dialog = document.querySelector("dialog[open]");
  return !dialog || (dialog.querySelector(".notice") && !dialog.textContent.includes("Working"));
}"""
PLAYER = "/applications/demo/argosy/recommend?tab=rollout"
ROLLOUT = """apiVersion: argoproj.io/v1alpha1
kind: Rollout
metadata: {name: recommend}
spec:
  replicas: 4
  selector: {matchLabels: {app: recommend}}
  template:
    metadata: {labels: {app: recommend}}
    spec:
      containers:
        - {name: web, image: "registry.example/recommend:VERSION"}
  strategy:
    canary:
      steps: [{setWeight: 25}, {pause: {}}, {setWeight: 50}, {pause: {duration: 1h}}, {setWeight: 75}]
"""
APPLICATION = """apiVersion: argoproj.io/v1alpha1
kind: Application
metadata: {name: recommend, namespace: argosy}
spec:
  project: default
  source: {repoURL: HOST/git/apps.git, targetRevision: main, path: recommend}
  destination: {server: "https://kubernetes.default.svc", namespace: recommend}
  syncPolicy: {automated: {prune: true}, syncOptions: [CreateNamespace=true]}
"""


@pytest.fixture(scope="module")
def canary(demo: DemoPlane) -> DemoPlane:
    """The application `recommend` with one version."""
    demo.push("apps", {"recommend/rollout.yaml": ROLLOUT.replace("VERSION", "1.0.0")}, "Recommend by canary")
    demo.push("platform", {"applications/recommend.yaml": APPLICATION.replace("HOST", demo.url)}, "Add recommend")
    return demo


def update(demo: DemoPlane, version: str) -> None:
    demo.push("apps", {"recommend/rollout.yaml": ROLLOUT.replace("VERSION", version)}, f"Recommend {version}")


def deed(page: Page, name: str, *, reason: str = "") -> Locator:
    """Opens the dialog, says why, confirms; again where a busy machine's Git host was too slow to write it down."""
    page.get_by_role("group", name="What can be done").get_by_role("button", name=name, exact=True).click()
    dialog = page.get_by_role("dialog", name=f"{name}: recommend")
    will = dialog.locator(".will")
    expect(will).not_to_be_empty()
    if reason:
        dialog.get_by_label("Reason").fill(reason)
    for _ in range(ATTEMPTS):
        dialog.get_by_role("button", name=name, exact=True).click()
        page.wait_for_function(SETTLED, timeout=PATIENCE)
        if not dialog.get_by_text("cannot be written down").count():
            break
    expect(dialog).to_have_count(0)
    return dialog


def test_an_update_is_watched_and_steered_from_commit_to_end(canary: DemoPlane, open_demo_page: OpenPage) -> None:
    page = open_demo_page(path="/applications")
    expect(page.get_by_role("link", name="recommend", exact=True)).to_be_visible(timeout=PATIENCE)
    page.goto(PLAYER)
    player = page.get_by_role("article", name="Rollout recommend")
    expect(player.locator(".player-head")).to_contain_text("Healthy", timeout=PATIENCE)
    update(canary, "1.1.0")
    current = player.locator(".step.current")
    expect(current).to_contain_text("Waits for you", timeout=PATIENCE)
    expect(player).to_contain_text("25% of the pods, no traffic router")
    expect(player).to_contain_text("step 2 of 5 (pause) waits until somebody promotes it")
    expect(player.locator(".version-new")).to_contain_text("registry.example/recommend:1.1.0")
    assert look(page, "rollout-player") == []

    gone = deed(page, "Promote", reason="numbers look fine")
    expect(gone).to_have_count(0)
    expect(page.locator(".toast")).to_contain_text("Promote: Rollout recommend")
    expect(page.locator(".toast code")).to_have_text(re.compile("^[0-9a-f]{7}$"))
    expect(current).to_contain_text("pause: 1h", timeout=PATIENCE)
    expect(current.get_by_role("timer")).to_have_text(re.compile(r"^(59:\d\d|1:00:00)$"))

    deed(page, "Abort")
    expect(player.locator(".player-head")).to_contain_text("Degraded", timeout=PATIENCE)
    deed(page, "Retry")
    expect(current).to_contain_text("Waits for you", timeout=PATIENCE)
    deed(page, "Promote fully")
    expect(player.locator(".player-head")).to_contain_text("Healthy", timeout=PATIENCE)
    expect(player.locator(".version-stable")).to_contain_text("registry.example/recommend:1.1.0")


def test_what_is_not_possible_says_why(canary: DemoPlane, open_demo_page: OpenPage) -> None:
    page = open_demo_page("victor", path=PLAYER)
    button = page.get_by_role("button", name=re.compile("^Restart pods"))
    expect(button).to_have_attribute("aria-disabled", "true", timeout=PATIENCE)
    assert button.get_attribute("title")
    button.focus()
    page.keyboard.press("Enter")
    expect(page.locator("#announcements")).to_have_text(button.get_attribute("title") or "")
    expect(page.get_by_role("dialog")).to_have_count(0)
    page = open_demo_page(path=PLAYER)
    promote = page.get_by_role("button", name=re.compile("^Promote fully"))
    expect(promote).to_have_attribute("title", "it is fully promoted already", timeout=PATIENCE)


def test_an_update_is_told_beforehand(canary: DemoPlane, open_demo_page: OpenPage) -> None:
    page = open_demo_page(path=PLAYER, theme="dark")
    page.get_by_text("What if").click(timeout=PATIENCE)
    simulated = page.locator("table.simulated tbody tr")
    expect(simulated.nth(1)).to_contain_text("until somebody promotes")
    expect(simulated.nth(2)).to_contain_text("50%")
    assert look(page, "rollout-forecast") == []


def test_all_rollouts_are_listed_and_open_their_player(canary: DemoPlane, open_demo_page: OpenPage) -> None:
    page = open_demo_page(path="/rollouts")
    row = page.locator("table.rollouts tbody", has=page.get_by_role("link", name="recommend", exact=True))
    expect(row).to_be_visible(timeout=PATIENCE)
    assert look(page, "rollouts") == []
    page.keyboard.press("/")
    page.keyboard.type("no such")
    expect(page.get_by_text("No Rollout fits")).to_be_visible()
    expect(page).to_have_url(re.compile("q=no"))
    page.get_by_role("button", name="Clear").last.click()
    row.get_by_role("link", name="recommend").click()
    expect(page.get_by_role("article", name="Rollout recommend")).to_be_visible()
