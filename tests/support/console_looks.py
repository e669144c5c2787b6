"""How a screen looks: axe finds nothing in either theme, a phone is wide enough, and a picture is kept.

Axe spends most of its time on what lies behind each word. Contrast follows from the colours, the size and the weight of
a word and from what is painted under it, so a word like one that axe has passed before is not asked about again. What
axe complains of, or cannot tell, is asked about on each screen.
"""

from base64 import b64decode
from collections.abc import Callable
from typing import Literal, TypedDict
from urllib.parse import urlsplit

from axe_playwright_python.base import AXE_SCRIPT
from playwright.sync_api import Page, ViewportSize, expect

from tests.support.console_plane import RESULTS

Screens = dict[str, tuple[str, str, str]]
Theme = Literal["light", "dark"]
THEMES: tuple[Theme, Theme] = ("light", "dark")
DESK: ViewportSize = {"width": 1440, "height": 900}
PHONE: ViewportSize = {"width": 390, "height": 844}
FORWARD = """(address) => {
  history.pushState(history.state, "", address);
  dispatchEvent(new PopStateEvent("popstate", { state: history.state }));
}"""
#: What reaches over the edge of the window: the page itself, or what floats above it.
OUTSIDE = """async () => {
  const painted = () => new Promise(requestAnimationFrame);
  await painted().then(painted);
  const page = document.documentElement;
  const over = ({ left, right }) => left < -1 || right > innerWidth + 1;
  const floats = document.querySelectorAll("dialog[open], .drawer, .menu[open] > .menu-body");
  const outside = [...floats].filter((one) => over(one.getBoundingClientRect()));
  return (page.scrollWidth > innerWidth ? [page, ...outside] : outside).map((one) => one.className || one.tagName);
}"""
#: Rows, cards and entries after the first eight are made as those are; axe takes a second for fifty of them.
ALIKE = "tbody.app:nth-of-type(n+9), .card:nth-of-type(n+9), .told:nth-of-type(n+9)"
#: All rules but contrast, by the elements that are there. None asks for style sheets or sounds again.
BUILD = """async (alike) => {
  const options = { resultTypes: ["violations"], preload: false, rules: { "color-contrast": { enabled: false } } };
  const { violations } = await axe.run({ exclude: [[alike]] }, options);
  return violations.flatMap(({ id, nodes }) => nodes.map(({ html }) => `${id}: ${html.slice(0, 200)}`));
}"""
CONTRAST = """async ([alike, passed]) => {
  const known = new Set(passed), chains = new Map(), paints = new Map();
  const kept = (map, one, make) => map.get(one) ?? map.set(one, make(one)).get(one);
  const NONE = "rgba(0, 0, 0, 0) none 1 none normal";
  const paint = (one) => {
    const { backgroundColor, backgroundImage, opacity, filter, mixBlendMode } = getComputedStyle(one);
    const all = [backgroundColor, backgroundImage, opacity, filter, mixBlendMode].join(" ");
    return all === NONE ? "" : `${all};`;
  };
  const chain = (one) => one ? kept(chains, one, () => kept(paints, one, paint) + chain(one.parentElement)) : "";
  const path = (one) => one ? `${one.className} ${path(one.parentElement)}` : "";
  const under = (one) => {
    const { left, top, width, height } = one.getBoundingClientRect();
    const there = document.elementsFromPoint(left + width / 2, top + height / 2);
    return there.length ? there.map((each) => kept(paints, each, paint)).join("") : path(one);
  };
  const like = (one) => {
    const { color, fontSize, fontWeight, textShadow } = getComputedStyle(one);
    return [one.type, color, fontSize, fontWeight, textShadow, chain(one), under(one)].join("|");
  };
  const text = (node) => node.nodeType === Node.TEXT_NODE && node.data.trim();
  const speaks = (one) => one.matches("input, select, textarea") || [...one.childNodes].some(text);
  const seen = (one) => one.checkVisibility({ visibilityProperty: true }) && !one.closest(alike);
  const words = [...document.body.querySelectorAll("*")].filter((one) => speaks(one) && seen(one));
  const asked = new Map(words.map((one) => [like(one), one]).filter(([looks]) => !known.has(looks)));
  if (!asked.size) return { wrong: [], passed: [] };
  const results = { resultTypes: ["violations", "passes"], elementRef: true };
  const options = { runOnly: ["color-contrast"], preload: false, ...results };
  const { violations, passes } = await axe.run({ include: [...asked.values()] }, options);
  const nodes = (results) => results.flatMap((one) => one.nodes);
  const fine = new Set(nodes(passes).map(({ element }) => element));
  return {
    wrong: nodes(violations).map(({ html }) => `color-contrast: ${html.slice(0, 200)}`),
    passed: [...asked].filter(([, one]) => fine.has(one)).map(([looks]) => looks),
  };
}"""


class Contrast(TypedDict):
    """What axe says of the words it was asked about."""

    wrong: list[str]
    passed: list[str]


#: How the words look that axe has passed in this process.
_passed: set[str] = set()


def settle(page: Page) -> None:
    """Colours on their way are nobody's fault."""
    page.wait_for_function(
        "() => document.getAnimations().every(one => one.effect.getTiming().iterations === Infinity)"
    )


def complaints(page: Page) -> list[str]:
    """What axe finds, by all of its rules."""
    with_axe(page)
    found: list[str] = page.evaluate(BUILD, ALIKE)
    return found + unreadable(page)


def unreadable(page: Page) -> list[str]:
    """Words without enough contrast to what lies behind them."""
    with_axe(page)
    answer: Contrast = page.evaluate(CONTRAST, [ALIKE, list(_passed)])
    _passed.update(answer["passed"])
    return answer["wrong"]


def with_axe(page: Page) -> None:
    if not page.evaluate("'axe' in window"):
        page.evaluate(AXE_SCRIPT)


def picture(page: Page, name: str) -> None:
    """Kept by the run. Taken without Playwright's, which looks for animations and fonts in every frame first."""
    folder = RESULTS / "console"
    folder.mkdir(parents=True, exist_ok=True)
    devtools = page.context.new_cdp_session(page)
    taken = devtools.send("Page.captureScreenshot", {"format": "png", "optimizeForSpeed": True})
    devtools.detach()
    (folder / f"{name}.png").write_bytes(b64decode(taken["data"]))


def look(page: Page, name: str) -> list[str]:
    """Complaints in both themes. They have the same elements, so the second one is asked for its colours alone.

    It begins with the theme that is on: a theme less to paint.
    """
    dark = page.evaluate("matchMedia('(prefers-color-scheme: dark)').matches")
    first, second = reversed(THEMES) if dark else THEMES
    return _look(page, name, first, complaints) + _look(page, name, second, unreadable)


def _look(page: Page, name: str, theme: Theme, search: Callable[[Page], list[str]]) -> list[str]:
    page.emulate_media(color_scheme=theme)
    expect(page.locator("html")).to_have_class(theme)
    settle(page)
    picture(page, f"{name}-{theme}")
    return [f"{theme}: {one}" for one in search(page)]


def look_on_a_phone(page: Page) -> list[str]:
    """What does not fit into the width of a phone."""
    page.set_viewport_size(PHONE)
    outside: list[str] = page.evaluate(OUTSIDE)
    page.set_viewport_size(DESK)
    return [f"phone: {one} reaches over the edge" for one in outside]


def look_at_all(page: Page, screens: Screens) -> dict[str, list[str]]:
    """Complaints by screen; one after the other in one page."""
    wrong: dict[str, list[str]] = {}
    for name, (address, wanted, key) in screens.items():
        _open(page, address, wanted)
        if key:
            expect(page.locator(".topbar summary", has_text="dana")).to_be_visible()
            page.keyboard.press(key)
        expect(page.locator(wanted).first).to_be_visible()
        if found := look(page, name) + look_on_a_phone(page):
            wrong[name] = found
        if key:
            page.keyboard.press("Escape")
            expect(page.locator(wanted)).to_have_count(0)
    return wrong


def _open(page: Page, address: str, wanted: str) -> None:
    """A page is loaded for the first of its screens, and again where what is waited for is there before; the others
    come as they do by Back and Forward."""
    here, there = urlsplit(page.url), urlsplit(address)
    if here.path != there.path or page.locator(wanted).count():
        page.goto(address)
    elif here.query != there.query:
        page.evaluate(FORWARD, address)
