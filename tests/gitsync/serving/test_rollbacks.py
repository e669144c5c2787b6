"""Rollbacks of automated applications: of several sources, as pull requests, held until those are decided."""

from collections.abc import AsyncIterator
from functools import partial
from typing import Any

import pytest
import pytest_asyncio

from gitsync.manifest.object import JsonObject
from gitsync.reconcile.rollback_hold import HOLD_ANNOTATION
from gitsync.reporting.link import Refused
from model.identity import ApplicationKey
from model.link import RollbackApplication
from tests.support.ledger_rig import DEPLOYMENT, Rigged, image, running_ledger_rig, until
from tests.support.runtime import AUTHOR, NAMESPACE, conditions_of, synced_and_healthy

pytestmark = [pytest.mark.e2e, pytest.mark.asyncio(loop_scope="module")]

AUTOMATED: dict[str, Any] = {"syncPolicy": {"automated": {}}}


@pytest_asyncio.fixture(loop_scope="module", scope="module")
async def both(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Rigged]:
    async with running_ledger_rig(tmp_path_factory.mktemp("rollbacks")) as rig:
        yield rig


async def two_releases(both: Rigged, name: str) -> int:
    """The application at its second release; id of the first one."""
    await both.deployed(name, "1", **AUTOMATED)
    first = await both.rig.until(name, synced_and_healthy)
    await both.push(name, "2")
    await until(partial(image, both, name), lambda found: found == "shop/web:2")
    await both.rig.until(name, _settled)
    return int(first["status"]["history"][0]["id"])


def _settled(body: JsonObject) -> bool:
    return synced_and_healthy(body) and "operation" not in body and len(body["status"]["history"]) == 2


def held(body: JsonObject) -> bool:
    return HOLD_ANNOTATION in (body["metadata"].get("annotations") or {})


def is_waiting(body: JsonObject) -> bool:
    return any(kind == "RollbackWaiting" for kind, _ in conditions_of(body))


async def test_a_pull_request_holds_automated_sync_until_it_is_merged(both: Rigged) -> None:
    release = await two_releases(both, "offered")
    key = ApplicationKey(NAMESPACE, "offered")
    before = await both.git("apps", "rev-parse", "main")
    answer = await both.ask(RollbackApplication(key, "dana", "offer-1", release, pull_request=True))
    branch = "argosy/rollback-offered-offer-1"
    assert answer.message == f"waits for {branch} to be merged into main"
    assert await both.git("apps", "rev-parse", "main") == before
    waiting = await both.rig.until("offered", is_waiting)
    assert held(waiting)
    await both.push("offered", "3")
    await both.rig.until("offered", lambda body: body["status"]["sync"]["status"] == "OutOfSync")
    assert await image(both, "offered") == "shop/web:2"
    again = await both.ask(RollbackApplication(key, "dana", "offer-1", release, pull_request=True))
    assert again.ledger_commit == answer.ledger_commit
    assert await both.git("apps", "rev-list", "--count", f"main..{branch}") == "1\n"
    await both.push("offered", "1")  # as a host squashes it
    await until(partial(image, both, "offered"), lambda found: found == "shop/web:1")
    assert not held(await both.rig.until("offered", lambda body: not held(body)))


async def test_a_declined_pull_request_lets_automated_sync_go_on(both: Rigged) -> None:
    release = await two_releases(both, "declined")
    await both.ask(
        RollbackApplication(ApplicationKey(NAMESPACE, "declined"), "dana", "offer-2", release, pull_request=True)
    )
    await both.rig.until("declined", is_waiting)
    await both.push("declined", "3")
    await both.rig.until("declined", lambda body: body["status"]["sync"]["status"] == "OutOfSync")
    await both.git("apps", "update-ref", "-d", "refs/heads/argosy/rollback-declined-offer-2")
    both.rig.runtime.repositories.hint([both.world.host.clone_url("apps")])
    await until(partial(image, both, "declined"), lambda found: found == "shop/web:3")


async def test_a_merge_counts_even_if_more_was_committed_since(both: Rigged) -> None:
    release = await two_releases(both, "merged")
    key = ApplicationKey(NAMESPACE, "merged")
    await both.ask(RollbackApplication(key, "dana", "offer-3", release, pull_request=True))
    await both.rig.until("merged", is_waiting)
    await both.git("apps", "update-ref", "refs/heads/main", "refs/heads/argosy/rollback-merged-offer-3")
    await both.push("merged", "4")
    await until(partial(image, both, "merged"), lambda found: found == "shop/web:4")


async def test_every_source_goes_back_and_sources_of_one_branch_in_one_commit(both: Rigged) -> None:
    async def push(version: str) -> None:
        files = {f"parts/{part}/d.yaml": _deployment(f"part-{part}", version) for part in ("a", "b")}
        await both.rig.push(files)
        await both.world.host.commit_files(
            "team",
            "main",
            {"c/d.yaml": _deployment("part-c", version).encode()},
            message=f"c {version}",
            author=AUTHOR,
        )
        both.rig.runtime.repositories.hint([both.world.host.clone_url("team")])

    await push("1")
    apps, team = both.world.host.clone_url("apps"), both.world.host.clone_url("team")
    sources = [
        {"repoURL": apps, "path": "parts/a", "targetRevision": "main"},
        {"repoURL": apps, "path": "parts/b", "targetRevision": "main"},
        {"repoURL": team, "path": "c", "targetRevision": "HEAD"},
    ]
    await both.rig.create_application("parts", sources=sources, **AUTOMATED)
    first = await both.rig.until("parts", synced_and_healthy)
    await push("2")
    for part in "abc":
        await until(partial(image, both, f"part-{part}"), lambda found: found == "shop/web:2")
    await both.rig.until("parts", lambda body: synced_and_healthy(body) and "operation" not in body)
    release = RollbackApplication(
        ApplicationKey(NAMESPACE, "parts"), "dana", "back-parts", first["status"]["history"][0]["id"]
    )
    answer = await both.ask(release)
    assert answer.message.count(" on main") == 2
    for part in "abc":
        await until(partial(image, both, f"part-{part}"), lambda found: found == "shop/web:1")
    assert (await both.git("apps", "show", "--format=", "--name-only", "main")).split() == [
        "parts/a/d.yaml",
        "parts/b/d.yaml",
    ]
    tips = [await both.git(name, "rev-parse", "main") for name in ("apps", "team", "config")]
    again = await both.ask(release)
    assert again.ledger_commit == answer.ledger_commit
    assert [await both.git(name, "rev-parse", "main") for name in ("apps", "team", "config")] == tips


async def test_what_cannot_be_rendered_any_more_is_taken_back_all_the_same(both: Rigged) -> None:
    release = await two_releases(both, "broken")
    await both.rig.push({"broken/more.yaml": "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: x\n"})
    await both.rig.until("broken", lambda body: any(kind == "ComparisonError" for kind, _ in conditions_of(body)))
    await both.ask(RollbackApplication(ApplicationKey(NAMESPACE, "broken"), "dana", "mend-1", release))
    await until(partial(image, both, "broken"), lambda found: found == "shop/web:1")
    assert not await both.git("apps", "ls-tree", "--name-only", "main", "broken/more.yaml")


async def test_a_protected_branch_is_refused_with_the_way_out(both: Rigged) -> None:
    release = await two_releases(both, "guarded")
    both.world.host.protect_branch("apps", "main")
    try:
        key = ApplicationKey(NAMESPACE, "guarded")
        with pytest.raises(Refused) as refused:
            await both.ask(RollbackApplication(key, "dana", "guard-1", release))
        assert (refused.value.code, refused.value.field) == ("FORBIDDEN_ERROR", "pullRequest")
        offered = await both.ask(RollbackApplication(key, "dana", "guard-1", release, pull_request=True))
        assert "argosy/rollback-guarded-guard-1" in offered.message
        assert offered.ledger_commit is not None
        await until(partial(both.outcome, offered.ledger_commit.sha), lambda note: note["outcome"] == "Succeeded")
    finally:
        both.world.host.protect_branch("apps", None)


async def test_nothing_to_take_back_is_said(both: Rigged) -> None:
    await both.deployed("same", "1", **AUTOMATED)
    body = await both.rig.until("same", synced_and_healthy)
    key, release = ApplicationKey(NAMESPACE, "same"), body["status"]["history"][0]["id"]
    with pytest.raises(Refused, match="nothing that argosy/same reads has changed"):
        await both.ask(RollbackApplication(key, "dana", "same-1", release))


def _deployment(name: str, version: str) -> str:
    return DEPLOYMENT.replace("NAME", name).replace("VERSION", version)
