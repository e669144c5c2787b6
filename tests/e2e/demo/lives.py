"""A demo that lives twice: it loses its runtime, then all its processes, its database and what it can compute again.

One story of several losses, since each start of a demo takes seconds. It only notes what it saw.
"""

import asyncio
import os
import shutil
import signal
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.e2e.demo.audited import SOURCE, Clicks, operation_ids, patiently, settled_log
from tests.support.demo import Demo, Person, running_demo
from tests.support.process_watch import processes_of, until_ended

SHOP = ("platform", "storefront", "catalog", "orders")
SYNC = 'mutation { outcome: syncApplication(runtime: "demo", name: "newsletter") { operationId errors { message } } }'
STATE = """query { applications(pagination: {first: 50}) { nodes {
  metadata { name } kind syncStatus healthStatus revision permissions { sync { allowed } } } } }"""
HOLDER = '{ application(runtime: "demo", name: "platform") { manifestLocation { repoURL } } }'

Rows = dict[str, dict[str, Any]]


@dataclass(frozen=True, slots=True)
class FirstLife:
    """`runtime_killed`: the shop before the runtime was killed and after another one took over.

    `source_added`: what dana and victor saw before the first Git Source was added and after. `audit` is the log at the
    end, `shop` the rows, `left` the processes that outlived the kill of the demo.
    """

    port: int
    runtime_killed: tuple[Rows, Rows]
    source_added: dict[str, tuple[Rows, Rows]]
    done: set[str]
    accepted: list[str]
    trailers: list[str]
    audit: list[dict[str, Any]]
    shop: Rows
    left: dict[int, str]


@dataclass(frozen=True, slots=True)
class SecondLife:
    """`started` are its processes, `left` those that outlived its Ctrl-C; `log` is what they wrote."""

    audit: list[dict[str, Any]]
    shop: Rows
    started: dict[int, str]
    left: dict[int, str]
    log: str


@dataclass(frozen=True, slots=True)
class Lives:
    first: FirstLife
    second: SecondLife


async def live_twice(folder: Path) -> Lives:
    first = await _first_life(folder)
    lose_what_can_be_computed_again(folder / "data")
    return Lives(first, await _second_life(folder, first))


async def _first_life(folder: Path) -> FirstLife:
    async with (
        running_demo(folder / "data") as demo,
        demo.signed_in("admin") as admin,
        demo.signed_in("dana") as dana,
        demo.signed_in("victor") as victor,
    ):
        await admin.until_healthy(*SHOP)
        before = await shop(admin)
        operation = await _kill_the_runtime(demo, admin)
        after = await shop(admin)
        clicks = Clicks(demo, admin)
        await clicks.on_an_application()
        await _until_followed(admin, clicks.last_commit)
        seen = {"dana": await rows(dana), "victor": await rows(victor)}
        await clicks.make_a_git_source()
        await _until_held(demo, admin)
        seen_then = {"dana": await rows(dana), "victor": await rows(victor)}
        await clicks.change_the_git_source()
        accepted = [operation, *clicks.accepted]
        trailers = await asyncio.to_thread(operation_ids, demo)
        audit = await settled_log(admin, accepted)
        at_the_end = await shop(admin)
        started = processes_of(demo.data_dir)
        os.kill(demo.pid, signal.SIGKILL)
        await until_ended(started)
    return FirstLife(
        port=int(demo.url.rpartition(":")[2]),
        runtime_killed=(before, after),
        source_added={name: (seen[name], seen_then[name]) for name in seen},
        done=clicks.done,
        accepted=accepted,
        trailers=trailers,
        audit=audit,
        shop=at_the_end,
        left=processes_of(folder),
    )


async def _second_life(folder: Path, first: FirstLife) -> SecondLife:
    written = (folder / "demo.log").stat().st_size
    async with running_demo(folder / "data", port=first.port) as demo:
        async with demo.signed_in("admin") as admin:
            await admin.until_healthy(*SHOP)
            audit = await settled_log(admin, first.accepted, like=first.audit)
            again = await shop(admin)
        started = processes_of(demo.data_dir)
        os.kill(demo.pid, signal.SIGINT)
        await until_ended(started)
    log = demo.log.read_bytes()[written:].decode()
    return SecondLife(audit=audit, shop=again, started=started, left=processes_of(folder), log=log)


async def _kill_the_runtime(demo: Demo, person: Person) -> str:
    """Id of the first operation that the runtime which follows has taken and carried out."""
    runtime = next(pid for pid, words in processes_of(demo.data_dir).items() if "-m gitsync --name" in words)
    os.kill(runtime, signal.SIGKILL)
    await until_ended([runtime])
    accepted: list[str] = []

    async def taken() -> bool:
        outcome = (await person.ask(SYNC))["outcome"]
        if not outcome["errors"]:
            accepted.append(outcome["operationId"])
        return not outcome["errors"]

    await patiently(taken)  # until the new one dials
    await person.until_healthy("newsletter")
    return accepted[0]


async def _until_followed(person: Person, commit: str) -> None:
    """The cluster is as that commit of `platform` says, which deleted the application."""

    async def followed() -> bool:
        found = await rows(person)
        return found["platform"]["revision"] == commit and "audited" not in found

    await patiently(followed)
    await person.until_healthy(*SHOP)


async def _until_held(demo: Demo, person: Person) -> None:
    """The first Git Source brought the shared configuration to the cluster, and that holds `platform` now."""
    ruling = {"repoURL": f"{demo.url}/git/config.git"}
    await person.until_healthy(SOURCE, "in-cluster", "shared-configuration")

    async def held() -> bool:
        return bool((await person.ask(HOLDER))["application"]["manifestLocation"] == ruling)

    await patiently(held)


def lose_what_can_be_computed_again(data: Path) -> None:
    """All but two mirrors, whose branches have not moved when the next runtime looks: it tells of them all the same."""
    for file in data.glob("argosy.db*"):
        file.unlink()
    runtime = data / "runtimes" / "demo"
    (runtime / "renders.sqlite").unlink()
    mirrors = [mirror for mirror in (runtime / "git").iterdir() if "storefront" in _directories(mirror)]
    assert len(mirrors) == 1, "one mirror of `apps`"
    shutil.rmtree(mirrors[0])


def _directories(mirror: Path) -> list[str]:
    """Of the newest commit that has any branch."""
    git = ("git", "--git-dir", str(mirror))
    newest = subprocess.run([*git, "rev-list", "-n1", "--all"], check=True, capture_output=True, text=True).stdout
    command = [*git, "ls-tree", "--name-only", newest.strip()]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout.split()


async def rows(person: Person) -> Rows:
    """By name, what somebody sees."""
    nodes = (await person.ask(STATE))["applications"]["nodes"]
    return {node["metadata"]["name"]: node for node in nodes}


async def shop(person: Person) -> Rows:
    found = await rows(person)
    return {name: found[name] for name in SHOP}
