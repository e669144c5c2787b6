"""Changes through Git: from the click to the commit, many people on one branch, what asking for a right costs."""

import asyncio
import os
import subprocess
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

from gitsync.access.credentials import CredentialStore
from gitsync.access.probe import AccessProbe
from gitsync.access.secret import Credential, PersonSecret
from gitsync.git.change import Change, Contents, Landed, Person
from gitsync.git.credentials import GitCredential
from gitsync.git.repositories import Repositories
from gitsync.git.settings import GitSettings
from gitsync.git.tree import Files
from gitsync.sandbox.githost import Access, Author, GitHost
from tests.bench.result import Row, Spread
from tests.support import demo as demos
from tests.support.git_rig import Keyring
from tests.support.real_git_host import running_git_host

CLICKS = 40
PUSHES = 15
WRITERS = 50
CHECKS = 200
MAIN = "refs/heads/main"
CREATE = """mutation($input: CreateApplicationInput!) { outcome: createApplication(input: $input) {
  commit { sha } errors { message } } }"""
LIVE = "subscription { applications { applications { metadata { name } syncStatus revision } } }"


async def bench_click_to_commit(folder: Path) -> list[Row]:
    """The whole demo: GraphQL, link, validation, permission, commit, push; then a webhook until the status says so."""
    async with demos.running_demo(folder / "demo") as demo, demo.signed_in("dana") as dana:
        await dana.until_healthy("platform", "catalog")
        seconds = [await _click(demo, dana, number) for number in range(CLICKS)]
        synced = await _pushes(demo, dana, folder)
    clicks, hooks = Spread.of(seconds), Spread.of(synced)
    return [
        Row("click to commit on the Git host", _told(clicks), "p95 <= 1.5 s", clicks.milliseconds("click")),
        Row("webhook to Synced at the new revision", _told(hooks), "none", hooks.milliseconds("webhook")),
    ]


async def bench_fifty_writers(folder: Path) -> list[Row]:
    rows = []
    async with _embedded(folder / "embedded") as host:
        rows.append(await _fifty(folder / "embedded-data", host, "the embedded host"))
    if os.environ.get("GITHOST_ASSETS"):
        async with _gitea(folder / "gitea") as host:
            rows.append(await _fifty(folder / "gitea-data", host, "Gitea"))
    return rows


async def bench_permission_check(folder: Path) -> list[Row]:
    """What a person may do with a repository, asked of the host, and remembered."""
    rows = []
    async with _embedded(folder / "embedded") as host:
        rows.append(await _checks(host, "the embedded host, by smart HTTP"))
    if os.environ.get("GITHOST_ASSETS"):
        async with _gitea(folder / "gitea") as host:
            rows.append(await _checks(host, "Gitea, by its API"))
    return rows


@dataclass(frozen=True, slots=True)
class _Host:
    url: str
    people: dict[str, GitCredential]


@asynccontextmanager
async def _embedded(folder: Path) -> AsyncIterator[_Host]:
    host = GitHost(folder, clock=lambda: datetime.now(UTC))
    await host.create_repository("apps")
    people = {f"person{number}": GitCredential(f"person{number}", "password") for number in range(WRITERS)}
    for name in people:
        host.add_user(name, "password")
        host.set_access("apps", name, Access.WRITE)
    author = Author("Dana", "dana@example.com")
    await host.commit_files("apps", "main", {"README.md": b"-\n"}, message="First", author=author)
    await host.start()
    try:
        yield _Host(host.clone_url("apps"), people)
    finally:
        await host.stop()


@asynccontextmanager
async def _gitea(folder: Path) -> AsyncIterator[_Host]:
    """One account with fifty credentials would do for the queue; accounts take a second each to make."""
    async with running_git_host(folder, *(f"person{number}" for number in range(WRITERS))) as host:
        rights = {name: "write" for name in host.tokens if name.startswith("person") and name != "person0"}
        url = await host.repository("person0", "apps", **rights)
        people = {name: GitCredential(name, host.tokens[name]) for name in ("person0", *rights)}
        yield _Host(url, people)


async def _fifty(folder: Path, host: _Host, what: str) -> Row:
    repositories = Repositories(
        folder,
        credentials=Keyring(next(iter(host.people.values()))),
        settings=replace(GitSettings(), poll_seconds=3600),
        clock=lambda: datetime.now(UTC),
    )
    store = CredentialStore()
    for name, who in host.people.items():
        store.put_person(name, PersonSecret(name, host.url, Credential(who.username, who.password)))
    probe = AccessProbe(store, clock=time.monotonic)

    async def commit(name: str, who: GitCredential) -> Landed:
        may = partial(probe.would_take_push, name, host.url, "main")
        return await repositories.commit(host.url, MAIN, _change(name), who, may_share=may)

    try:
        await repositories.resolve(host.url, "main", fresh=True)
        began = time.perf_counter()
        landed = await asyncio.gather(*(commit(name, who) for name, who in host.people.items()))
        seconds = time.perf_counter() - began
    finally:
        await repositories.close()
        await probe.close()
    assert len({one.commit.sha for one in landed}) == len(host.people), "none is lost"
    name = f"{len(host.people)} people on one branch at once, {what}"
    return Row(name, f"all landed in {seconds:.2f} s", "<= 5 s", {"seconds": round(seconds, 2)})


async def _checks(host: _Host, what: str) -> Row:
    store, (name, who) = CredentialStore(), next(iter(host.people.items()))
    store.put_person(name, PersonSecret(name, host.url, Credential(who.username, who.password)))
    probe = AccessProbe(store, clock=time.monotonic)
    cold, cached = [], []
    try:
        await probe.verdict(name, host.url)  # of which kind the host is, is asked once an hour
        for _ in range(CHECKS):
            probe.forget(name)
            for sample in (cold, cached):
                began = time.perf_counter()
                verdict = await probe.verdict(name, host.url)
                sample.append(time.perf_counter() - began)
                assert verdict.write
    finally:
        await probe.close()
    asked, known = Spread.of(cold), Spread.of(cached)
    headline = f"cold {_told(asked)}; cached p95 {known.p95 * 1e6:.0f} us"
    figures = {**asked.milliseconds("cold"), **known.milliseconds("cached")}
    return Row(f"permission check, {what}", headline, "none", figures)


async def _click(demo: demos.Demo, dana: demos.Person, number: int) -> float:
    manifest = f"""apiVersion: argoproj.io/v1alpha1
kind: Application
metadata: {{name: click-{number}}}
spec:
  project: default
  source: {{repoURL: {demo.url}/git/apps.git, targetRevision: main, path: newsletter}}
  destination: {{server: https://kubernetes.default.svc, namespace: clicks}}
"""
    value = {"runtime": "demo", "gitSource": "platform", "manifest": manifest, "commit": {"message": "Add"}}
    began = time.perf_counter()
    outcome = (await dana.ask(CREATE, input=value))["outcome"]
    seconds = time.perf_counter() - began
    assert not outcome["errors"], outcome
    return seconds


async def _pushes(demo: demos.Demo, dana: demos.Person, folder: Path) -> list[float]:
    clone, seconds = folder / "apps", []
    await _git("clone", "-q", demo.clone_url("apps"), str(clone), folder=folder)
    stream = dana.subscribe(LIVE)
    await anext(stream)
    for number in range(PUSHES):
        (clone / "catalog" / "config.yaml").write_text(
            f"apiVersion: v1\nkind: ConfigMap\nmetadata: {{name: catalog}}\ndata: {{ROUND: '{number}'}}\n"
        )
        await _git("commit", "-qam", f"Round {number}", folder=clone)
        head = (await _git("rev-parse", "HEAD", folder=clone)).strip()
        began = time.perf_counter()
        await _git("push", "-q", folder=clone)
        async with asyncio.timeout(60):
            async for event in stream:
                if any(
                    (one["revision"], one["syncStatus"]) == (head, "SYNCED")
                    for one in event["applications"]["applications"]
                ):
                    break
        seconds.append(time.perf_counter() - began)
    return seconds


def _change(name: str) -> Change:
    def edit(files: Files) -> Contents:
        return {f"people/{name}": b"was here\n"}

    entity = "Application demo/argosy/app"
    return Change(f"op-{name}", "EDIT", entity, Person(name, f"{name}@example.com"), f"Change of {name}", edit)


def _told(spread: Spread) -> str:
    return f"p50 {spread.p50 * 1000:.0f} ms, p95 {spread.p95 * 1000:.0f} ms"


async def _git(*arguments: str, folder: Path) -> str:
    command = ["git", "-c", "user.name=Dana", "-c", "user.email=dana@example.com", *arguments]
    done = await asyncio.to_thread(subprocess.run, command, cwd=folder, check=True, capture_output=True, text=True)
    return done.stdout
