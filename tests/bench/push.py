"""From the end of `git push` to the live object and to the subscriber of the tree: the whole demo, with its webhook."""

import asyncio
import subprocess
import time
from pathlib import Path
from typing import Any

from tests.bench.kube_http import KubeHttp, connect
from tests.bench.result import Row, Spread
from tests.support.demo import Demo, Person, running_demo

PUSHES = 20
SHOP = 6  # applications of the demo that sync by themselves
QUIET_SECONDS = 3
TREE = """subscription { resourceTree(application: {runtime: "demo", namespace: "argosy", name: "catalog"}) {
  type upserted { kind name images } } }"""
LIVE = "subscription { applications { applications { metadata { name } syncStatus healthStatus } } }"


async def bench_push(folder: Path, *, applications: int) -> list[Row]:
    """One application of a demo with `applications` others gets a new image, again and again."""
    async with running_demo(folder / "demo", "--apps", str(applications)) as demo, demo.signed_in("dana") as dana:
        await _until_synced(dana, applications)
        clone = folder / "apps"
        await _git("clone", "-q", demo.clone_url("apps"), str(clone), folder=folder)
        live, seen = await _pushes(demo, dana, clone)
    name = f"push to live object and to subscriber, {applications} applications"
    to_live, to_subscriber = Spread.of(live), Spread.of(seen)
    headline = (
        f"live p50 {to_live.p50 * 1000:.0f} ms, p95 {to_live.p95 * 1000:.0f} ms; "
        f"subscriber p50 {to_subscriber.p50 * 1000:.0f} ms, p95 {to_subscriber.p95 * 1000:.0f} ms"
    )
    figures = {**to_live.milliseconds("push_to_live"), **to_subscriber.milliseconds("push_to_subscriber")}
    return [Row(name, headline, "live p95 <= 500 ms", figures)]


async def _until_synced(person: Person, applications: int) -> None:
    """The whole fleet is Synced, and no application has changed for a while."""
    query = "query { applications(filters: {statuses: [SYNCED]}, pagination: {first: 1}) { totalCount } }"
    stream = person.subscribe(LIVE)
    async with asyncio.timeout(300):
        while True:
            try:
                await asyncio.wait_for(anext(stream), QUIET_SECONDS)
            except TimeoutError:
                if (await person.ask(query))["applications"]["totalCount"] >= applications + SHOP:
                    return
                stream = person.subscribe(LIVE)


async def _pushes(demo: Demo, person: Person, clone: Path) -> tuple[list[float], list[float]]:
    """Seconds to the live object, and to the subscriber, of each push."""
    manifest = clone / "catalog" / "deployment.yaml"
    original = manifest.read_text()
    live, seen = [], []
    async with connect(demo.kubeconfig) as kube:
        stream = person.subscribe(TREE)
        await anext(stream)
        for number in range(PUSHES):
            tag = f"4.1.{number}"
            manifest.write_text(original.replace("catalog:4.0.1", f"catalog:{tag}"))
            await _git("commit", "-qam", f"Release {tag}", folder=clone)
            waiting = asyncio.create_task(_until_live(kube, tag))
            subscribed = asyncio.create_task(_until_seen(stream, tag))
            await asyncio.sleep(0.3)  # the watch is open, and what the push before has set off is over
            await _git("push", "-q", folder=clone)
            pushed = time.perf_counter()
            async with asyncio.timeout(60):
                live.append(max(0.0, await waiting - pushed))
                seen.append(max(0.0, await subscribed - pushed))
    return live, seen


async def _until_live(kube: KubeHttp, tag: str) -> float:
    async for _, body in kube.watch("Deployment", "shop", name="catalog"):
        if body["spec"]["template"]["spec"]["containers"][0]["image"].endswith(f":{tag}"):
            return time.perf_counter()
    raise AssertionError("the watch ended")


async def _until_seen(stream: Any, tag: str) -> float:
    async for event in stream:
        for node in event["resourceTree"]["upserted"]:
            if node["kind"] == "Pod" and any(image.endswith(f":{tag}") for image in node["images"]):
                return time.perf_counter()
    raise AssertionError("the stream ended")


async def _git(*arguments: str, folder: Path) -> None:
    command = ["git", "-c", "user.name=Dana", "-c", "user.email=dana@shop.example.com", *arguments]
    await asyncio.to_thread(subprocess.run, command, cwd=folder, check=True, capture_output=True)
