"""What people have done to applications is in the ledger before it happens, and how it ended, too; rollbacks go back
in Git."""

from collections.abc import AsyncIterator
from functools import partial

import pytest
import pytest_asyncio

from gitsync.git.change import trailers_of
from gitsync.reporting.link import Refused
from gitsync.sandbox.githost import Fault, FaultKind
from model.identity import ApplicationKey
from model.link import (
    DeleteObject,
    ObjectRef,
    RefreshApplication,
    RollbackApplication,
    RunAction,
    StartSync,
    TerminateOperation,
)
from model.operation import Phase
from tests.support.dark_host import git_host_down, say_that_git_is_away
from tests.support.ledger_rig import Rigged, image, running_ledger_rig, until
from tests.support.runtime import NAMESPACE, phase_of, synced_and_healthy

pytestmark = [pytest.mark.e2e, pytest.mark.asyncio(loop_scope="module")]


@pytest_asyncio.fixture(loop_scope="module", scope="module")
async def both(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Rigged]:
    async with running_ledger_rig(tmp_path_factory.mktemp("ledger")) as rig:
        yield rig


async def test_a_sync_is_a_commit_before_and_a_note_after(both: Rigged) -> None:
    await both.deployed("shop", "1")
    await both.rig.until("shop", lambda body: "status" in body)
    key = ApplicationKey(NAMESPACE, "shop")
    body = StartSync(key, "dana", "sync-1", prune=True, reason="a customer waits", actor_email="dana@example.com")
    answer = await both.ask(body)
    assert answer.ledger_commit is not None
    assert answer.ledger_commit.author_email == "dana@example.com"
    file = await both.file("shop")
    assert (file["operation"]["action"], file["operation"]["reason"]) == ("SYNC", "a customer waits")
    assert file["parameters"] == {"prune": True}
    assert trailers_of(answer.ledger_commit.message)["Argosy-Operation-Id"] == "sync-1"
    await both.rig.until("shop", synced_and_healthy)
    outcome = await both.outcome(answer.ledger_commit.sha)
    assert outcome["outcome"] == "Succeeded"
    again = await both.ask(body)
    assert again.operation_id == "sync-1"
    assert (await both.git("config", "log", "--format=%B", "main")).count("Operation-Id: sync-1\n") == 1


async def test_the_application_shows_the_ledgers_commit(both: Rigged) -> None:
    record = both.rig.runtime.records.get(ApplicationKey(NAMESPACE, "shop"))
    assert record is not None

    async def message() -> str:
        commit = both.rig.runtime.reporter.summary(record).ledger_commit
        return commit.message if commit else ""

    await until(message, lambda text: "Argosy-Action: SYNC" in text)


async def test_a_refresh_and_a_dry_run_are_not_journalled(both: Rigged) -> None:
    before = await both.git("config", "rev-parse", "main")
    await both.ask(RefreshApplication(ApplicationKey(NAMESPACE, "shop"), "dana", "refresh-1"))
    answer = await both.ask(StartSync(ApplicationKey(NAMESPACE, "shop"), "dana", "dry-1", dry_run=True))
    await both.rig.until("shop", lambda body: phase_of(body) == "Succeeded" and "operation" not in body)
    assert answer.ledger_commit is None
    assert await both.git("config", "rev-parse", "main") == before


async def test_actions_and_deletions_are_journalled_with_their_outcome(both: Rigged) -> None:
    key, web = ApplicationKey(NAMESPACE, "shop"), ObjectRef("apps", "v1", "Deployment", "default", "shop")
    action = await both.ask(RunAction(key, web, "restart", "dana", "restart-1"))
    assert action.ledger_commit is not None
    assert (await both.file("shop"))["parameters"]["action"] == "restart"
    assert (await both.outcome(action.ledger_commit.sha))["outcome"] == "Succeeded"
    deletion = await both.ask(DeleteObject(key, web, "dana", "delete-1"))
    assert deletion.ledger_commit is not None
    assert (await both.file("shop"))["operation"]["action"] == "DELETE_RESOURCE"
    assert (await both.outcome(deletion.ledger_commit.sha))["outcome"] == "Succeeded"


async def test_without_the_git_host_nothing_but_stopping_goes_ahead(both: Rigged) -> None:
    key = ApplicationKey(NAMESPACE, "waits")
    hook = (
        "apiVersion: batch/v1\nkind: Job\nmetadata: {name: slow, annotations: {argocd.argoproj.io/hook: PreSync, "
        "sandbox.argosy.io/run-seconds: '3600'}}\nspec: {template: {spec: {restartPolicy: Never, containers: "
        "[{name: a, image: b, command: [sleep, '3600']}]}}}\n"
    )
    await both.rig.push({"waits/hook.yaml": hook})
    await both.deployed("waits", "1")
    await both.rig.until("waits", lambda body: "status" in body)
    await both.ask(StartSync(key, "dana", "sync-waits"))
    await both.rig.until("waits", lambda body: phase_of(body) == "Running")
    both.world.host.faults.inject(Fault(FaultKind.REFUSE, status=503))
    try:
        with pytest.raises(Refused) as refused:
            await both.ask(StartSync(ApplicationKey(NAMESPACE, "shop"), "dana", "sync-dark"))
        assert refused.value.code == "GIT_UNAVAILABLE"
        answer = await both.ask(TerminateOperation(key, "dana", "terminate-1"))
        assert answer.ledger_commit is None
        await both.rig.until("waits", lambda body: phase_of(body) == "Failed")
    finally:
        both.world.host.faults.clear()
        both.rig.runtime.probe.forget("dana")
    log = await until(partial(both.git, "config", "log", "--format=%B", "main"), lambda text: "terminate-1" in text)
    assert "Argosy-Late: true" in log
    assert "sync-dark" not in log


async def test_with_the_whole_host_away_changes_wait_and_say_so(both: Rigged) -> None:
    await both.deployed("shop", "1")
    await both.rig.until("shop", lambda body: "status" in body)
    key, web = ApplicationKey(NAMESPACE, "shop"), ObjectRef("apps", "v1", "Deployment", "default", "shop")
    with git_host_down(both.world, both.rig):
        await say_that_git_is_away(
            both.world,
            both.rig,
            [
                StartSync(key, "dana", "sync-away"),
                TerminateOperation(key, "dana", "terminate-away"),  # nobody knows whether dana ever could
                RollbackApplication(key, "dana", "rollback-away", 0),
                DeleteObject(key, web, "dana", "delete-away"),
                RunAction(key, web, "restart", "dana", "restart-away"),
                RefreshApplication(key, "dana", "refresh-away"),
            ],
        )


async def test_a_rollback_without_automated_sync_is_a_sync_to_the_release(both: Rigged) -> None:
    await both.deployed("manual", "1")
    await both.rig.until("manual", lambda body: "status" in body)
    key = ApplicationKey(NAMESPACE, "manual")
    await both.ask(StartSync(key, "dana", "manual-1"))
    first = await both.rig.until("manual", synced_and_healthy)
    await both.push("manual", "2")
    await both.rig.until("manual", lambda body: body["status"]["sync"]["status"] == "OutOfSync")
    await both.ask(StartSync(key, "dana", "manual-2"))
    await both.rig.until("manual", lambda body: len(body["status"].get("history", ())) == 2)
    await both.rig.until("manual", synced_and_healthy)
    answer = await both.ask(RollbackApplication(key, "dana", "back-1", first["status"]["history"][0]["id"]))
    assert answer.phase is Phase.RUNNING
    await both.rig.until("manual", lambda body: len(body["status"].get("history", ())) == 3)
    assert await image(both, "manual") == "shop/web:1"
    assert (await both.file("manual"))["operation"]["action"] == "ROLLBACK"


async def test_a_rollback_of_an_automated_application_reverts_git(both: Rigged) -> None:
    await both.deployed("auto", "1", syncPolicy={"automated": {}})
    first = await both.rig.until("auto", synced_and_healthy)
    await both.push("auto", "2")
    await both.rig.push({"auto/added.yaml": "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: added}\n"})
    await both.rig.push({"elsewhere/x.yaml": "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: x}\n"})
    await until(partial(image, both, "auto"), lambda image: image == "shop/web:2")
    await both.rig.until("auto", lambda body: synced_and_healthy(body) and "operation" not in body)
    key, release = ApplicationKey(NAMESPACE, "auto"), first["status"]["history"][0]["id"]
    answer = await both.ask(RollbackApplication(key, "dana", "back-2", release, actor_email="dana@example.com"))
    assert answer.message.startswith("reverted in Git by ")
    changed = (await both.git("apps", "show", "--format=%an %s", "--name-status", "main")).split("\n")
    assert changed[0] == f"dana Roll auto back to release {release}"
    assert sorted(line for line in changed[1:] if line) == ["D\tauto/added.yaml", "M\tauto/d.yaml"]
    await until(partial(image, both, "auto"), lambda image: image == "shop/web:1")
    assert answer.ledger_commit is not None
    assert (await both.outcome(answer.ledger_commit.sha))["outcome"] == "Succeeded"
    with pytest.raises(Refused) as refused:
        await both.ask(RollbackApplication(key, "dana", "back-3", 99))
    assert (refused.value.code, refused.value.field) == ("VALIDATION_ERROR", "historyId")
