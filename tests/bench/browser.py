"""The console in Debian's Chromium, as built for production, on a control plane with 10,000 applications.

Times are taken by the clock of the page: from navigation or input until what a person looks for is on the screen.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path

import msgspec
from playwright.async_api import Browser, BrowserContext, Page, async_playwright

from model.link import GetTree, TreeAnswer, TreeChange, TreeNode, WatchTree
from tests.bench.control_plane import PASSWORD, Plane, control_plane, fill
from tests.bench.result import Row, Spread
from tests.support.fake_tree import tree

CHROMIUM = "/usr/bin/chromium"
FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking"]
LOADS, KEYSTROKES, OPENINGS, UPDATES = 7, 12, 7, 12
IDLE_SECONDS = 20
READING_SECONDS = 2  # from the first row to the click
WIDE_NODES = 1_000
FIRST_ROW = "tbody.app"
NODE = "[data-node]"

# Resolves to the milliseconds from `event` in `field` until the rows are others than before.
UNTIL_ROWS_CHANGE = """([field, text]) => new Promise((resolve) => {
  const names = () => [...document.querySelectorAll("tbody.app")].map((row) => row.dataset.application).join();
  const before = names();
  const input = document.querySelector(field);
  const start = performance.now();
  const look = () => (names() !== before ? resolve(performance.now() - start) : requestAnimationFrame(look));
  input.focus();
  Object.getOwnPropertyDescriptor(HTMLInputElement.prototype, "value").set.call(input, text);
  input.dispatchEvent(new Event("input", { bubbles: true }));
  look();
})"""
# The name of the last row, which fewer rows match than the word before.
LONGER_WORD = """() => [...document.querySelectorAll("tbody.app a.row-link")].at(-1).textContent.trim()"""
# Clicks, and resolves to the milliseconds until something matches.
UNTIL_OPENED = """([link, wanted]) => new Promise((resolve) => {
  const start = performance.now();
  const shown = () => document.querySelector(wanted) !== null;
  const look = () => (shown() ? resolve(performance.now() - start) : requestAnimationFrame(look));
  document.querySelector(link).click();
  look();
})"""
# Resolves to the time (ms since 1970) at which the page shows the text.
UNTIL_TEXT = """(text) => new Promise((resolve) => {
  const look = () => (document.body.innerText.includes(text) ? resolve(Date.now()) : requestAnimationFrame(look));
  look();
})"""
# Resolves to the milliseconds after the navigation at which what was looked for was there.
SHOWN_AT = """() => new Promise((resolve) => {
  const look = () => (window.shownAt === undefined ? requestAnimationFrame(look) : resolve(window.shownAt));
  look();
})"""
SCRIPTS = """() => performance.getEntriesByType("resource").filter((one) => one.name.split("?")[0].endsWith(".js"))
  .reduce((sum, one) => sum + one.encodedBodySize, 0)"""


async def bench_browser(folder: Path, *, applications: int) -> list[Row]:
    async with control_plane(folder) as plane, async_playwright() as playwright:
        await fill(plane.runtime, applications, now=datetime.now(UTC))  # the list shows what was deployed lately
        wide = _Wide(plane)
        browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        try:
            return [
                await _first_load(browser, plane, applications),
                await _keystrokes(browser, plane, applications),
                await _openings(browser, plane),
                await _tree(browser, plane, wide),
                await _idle(browser, plane),
            ]
        finally:
            await browser.close()


class _Wide:
    """Every application has the same tree: small, until it is told to be wide; its viewers hear of changes."""

    def __init__(self, plane: Plane) -> None:
        self.nodes = tree("cart", ready=3)
        self._changed = asyncio.Condition()
        plane.runtime.answers[GetTree] = lambda _: TreeAnswer(self.nodes, ())
        plane.runtime.streams[WatchTree] = lambda _: self._watch()

    async def show(self, *nodes: TreeNode) -> None:
        async with self._changed:
            self.nodes = nodes
            self._changed.notify_all()

    async def _watch(self) -> AsyncIterator[TreeChange]:
        version = 0
        sent = self.nodes
        yield TreeChange(version, sent, snapshot=True)
        while True:
            await self._other_than(sent)
            before, sent, version = {node.id: node for node in sent}, self.nodes, version + 1
            yield TreeChange(version, tuple(node for node in sent if before.get(node.id) != node))

    async def _other_than(self, sent: tuple[TreeNode, ...]) -> None:
        async with self._changed:
            await self._changed.wait_for(lambda: self.nodes is not sent)


@asynccontextmanager
async def _signed_in(browser: Browser, plane: Plane) -> AsyncIterator[BrowserContext]:
    """A person with an empty cache."""
    context = await browser.new_context(base_url=plane.url, viewport={"width": 1440, "height": 900})
    try:
        answer = await context.request.post("/auth/login", data={"username": "admin", "password": PASSWORD})
        assert answer.ok, await answer.text()
        yield context
    finally:
        await context.close()


async def _opened(context: BrowserContext, path: str, wanted: str) -> tuple[Page, float]:
    """The page, and the seconds from the navigation until something matches, by the page's clock."""
    page = await context.new_page()
    await page.add_init_script(
        f"""(() => {{ const look = () => document.querySelector({wanted!r})
          ? (window.shownAt = performance.now()) : requestAnimationFrame(look); look(); }})()"""
    )
    await page.goto(path, wait_until="domcontentloaded")
    await page.locator(wanted).first.wait_for(timeout=60_000)
    return page, float(await page.evaluate(SHOWN_AT)) / 1000


async def _first_load(browser: Browser, plane: Plane, applications: int) -> Row:
    cold, warm, script_bytes = [], [], 0
    for _ in range(LOADS):
        async with _signed_in(browser, plane) as context:
            page, seconds = await _opened(context, "/applications", FIRST_ROW)
            cold.append(seconds)
            script_bytes = int(await page.evaluate(SCRIPTS))
            _, seconds = await _opened(context, "/applications", FIRST_ROW)
            warm.append(seconds)
    first, again = Spread.of(cold), Spread.of(warm)
    headline = f"cold p50 {first.p50:.2f} s, with cache {again.p50:.2f} s, {script_bytes / 1024:.0f} KiB of scripts"
    figures = {**first.milliseconds("cold"), **again.milliseconds("warm"), "script_kib": round(script_bytes / 1024)}
    return Row(f"browser: first load, {applications} applications", headline, "<= 1.5 s cold, <= 300 KB", figures)


async def _keystrokes(browser: Browser, plane: Plane, applications: int) -> Row:
    """Rows that match are narrowed at once while a word grows; the answer is what the control plane says of it."""
    words = ["che", "pay", "ship", "cart"] * 4  # each finds others than the one before
    async with _signed_in(browser, plane) as context:
        page, _ = await _opened(context, "/applications?view=list", FIRST_ROW)
        field = 'input[type="search"]'
        await page.wait_for_selector(field)
        shown, answered = [], []
        for word in words[: KEYSTROKES + 1]:
            answered.append(await asyncio.wait_for(page.evaluate(UNTIL_ROWS_CHANGE, [field, word]), 30) / 1000)
            await asyncio.sleep(1)  # a row that was here by chance would else be narrowed to before the answer
            longer = await page.evaluate(LONGER_WORD)
            shown.append(await asyncio.wait_for(page.evaluate(UNTIL_ROWS_CHANGE, [field, longer]), 30) / 1000)
            await asyncio.sleep(1)
    rows, answers = Spread.of(shown[1:]), Spread.of(answered[1:])
    headline = f"narrowed p50 {rows.p50 * 1000:.0f} ms, answered p50 {answers.p50 * 1000:.0f} ms"
    name = f"browser: keystroke in the search, {applications} applications"
    figures = {**rows.milliseconds("narrowed"), **answers.milliseconds("answered")}
    return Row(name, headline, "<= 150 ms", figures)


async def _openings(browser: Browser, plane: Plane) -> Row:
    """By whoever looks at the list for a moment, and by whoever clicks as soon as there is a row."""
    taken: dict[int, list[float]] = {READING_SECONDS: [], 0: []}
    async with _signed_in(browser, plane) as context:
        for _ in range(OPENINGS):
            for seconds, found in taken.items():
                page, _ = await _opened(context, "/applications", FIRST_ROW)
                await asyncio.sleep(seconds)
                found.append(await asyncio.wait_for(page.evaluate(UNTIL_OPENED, ["a.row-link", NODE]), 30) / 1000)
                await page.close()
    read, at_once = (Spread.of(found) for found in taken.values())
    headline = f"p50 {read.p50 * 1000:.0f} ms, p95 {read.p95 * 1000:.0f} ms; at once p50 {at_once.p50 * 1000:.0f} ms"
    figures = {**read.milliseconds("open"), **at_once.milliseconds("at_once")}
    return Row("browser: click on an application to its tree", headline, "<= 500 ms", figures)


async def _tree(browser: Browser, plane: Plane, wide: _Wide) -> Row:
    nodes = wide_tree(WIDE_NODES)
    await wide.show(*nodes)
    async with _signed_in(browser, plane) as context:
        page, _ = await _opened(context, "/applications", FIRST_ROW)
        path = await page.get_attribute("a.row-link", "href")
        assert path is not None
        first = [(await _opened(context, path, NODE))[1] for _ in range(3)]
        page, _ = await _opened(context, path, NODE)
        updates = []
        for number in range(UPDATES):
            shown = asyncio.create_task(page.evaluate(UNTIL_TEXT, f"Update{number}"))
            await asyncio.sleep(0.3)
            told = float(await page.evaluate("Date.now()"))
            nodes = (msgspec.structs.replace(nodes[0], info=(("Rev", f"Update{number}"),)), *nodes[1:])
            await wide.show(*nodes)
            updates.append((float(await asyncio.wait_for(shown, 30)) - told) / 1000)
    painted, changed = Spread.of(first), Spread.of(updates)
    headline = f"first paint p50 {painted.p50:.2f} s; update of one p50 {changed.p50 * 1000:.0f} ms"
    figures = {**painted.milliseconds("first"), **changed.milliseconds("update")}
    return Row(f"browser: tree of {WIDE_NODES} nodes", headline, "<= 1.5 s; <= 300 ms", figures)


def wide_tree(count: int) -> tuple[TreeNode, ...]:
    """A Deployment, its ReplicaSet and Pods, which the console folds into one while all is well."""
    deployment, replicas, pod, *_ = tree("cart", ready=3)
    pods = (
        msgspec.structs.replace(
            pod, id=f"{pod.id}-{number}", ref=msgspec.structs.replace(pod.ref, name=f"{pod.ref.name}-{number}")
        )
        for number in range(count - 2)
    )
    return (deployment, replicas, *pods)


async def _idle(browser: Browser, plane: Plane) -> Row:
    async with _signed_in(browser, plane) as context:
        page, _ = await _opened(context, "/applications", FIRST_ROW)
        await asyncio.sleep(3)  # what belongs to the opening has come by then
        session = await context.new_cdp_session(page)
        received = 0

        def count(event: dict[str, object]) -> None:
            nonlocal received
            response = event.get("response")
            received += len(str(response.get("payloadData", ""))) if isinstance(response, dict) else 0
            length = event.get("encodedDataLength")
            received += int(length) if isinstance(length, int | float) else 0

        for name in ("Network.webSocketFrameReceived", "Network.loadingFinished"):
            session.on(name, count)
        await session.send("Network.enable")
        await asyncio.sleep(IDLE_SECONDS)
    a_minute = received * 60 / IDLE_SECONDS
    return Row("browser: bytes of an idle minute", f"{a_minute:.0f} bytes", "~ 0", {"bytes_a_minute": round(a_minute)})
