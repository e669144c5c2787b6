"""Everything through a real Gitea, with the runtime in a process of its own that dials another address: what people do,
the host's rules and webhooks, and what faults leave of it."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio

from api.access.secret_token import hash_token
from gitsync.changes.shared_configuration import SharedConfiguration
from gitsync.git.credentials import GitCredential
from gitsync.kube.access import access_from_kubeconfig
from gitsync.kube.client import Cluster
from gitsync.manifest.object import JsonObject
from gitsync.reconcile.rollback_hold import HOLD_ANNOTATION
from gitsync.runtime.rebuild import Rebuild, rebuild
from gitsync.sandbox.sandbox import Sandbox, SandboxSettings
from tests.support.on_gitea import DELETE, EDIT, SOURCE, Found, OnGitea, running_on_gitea, until
from tests.support.runtime import APPLICATION, NAMESPACE, conditions_of, running_rig, synced_and_healthy

pytestmark = [pytest.mark.e2e, pytest.mark.asyncio(loop_scope="module")]

SHOWN = """query($name: String!) { application(runtime: "demo", name: $name) {
  syncStatus revision manifest manifestFile { text path } history { id revision }
  permissions { sync { allowed reason } edit { allowed reason } }
  manifestReview { branch path owners protected mayPush requiredApprovals needsReviewBy }
  manifestHistory { fields { path commit { sha author { name } } } } } }"""
ROLLBACK = """mutation($name: String!, $id: Int!, $pull: Boolean!, $op: ID) { outcome: rollbackApplication(
  runtime: "demo", name: $name, historyId: $id, pullRequest: $pull, operationId: $op) {
  operationId pullRequestUrls ledgerCommit { sha } errors { code field message } } }"""
SYNC = """mutation($name: String!, $op: ID) { outcome: syncApplication(runtime: "demo", name: $name,
  options: {reason: "because", operationId: $op}) { operationId ledgerCommit { sha } errors { code message } } }"""
AUDIT = """query($after: String) { auditLog(pagination: {first: 100, after: $after}) {
  pageInfo { hasNextPage endCursor } nodes { action entityName operationId reason outcome actor { name }
  signature { status } commit { sha message repoURL } } } }"""
CHANGES = """query($search: String!) { auditLog(filters: {search: $search}) { nodes { changes { path patch } } } }"""
NAMES = "{ applications { totalCount nodes { metadata { name } } } }"
LIVE = "subscription { applications { type removed applications { id metadata { name labels { key value } } } } }"
TREE = """subscription { resourceTree(application: {runtime: "demo", name: "cart"}) { type upserted { name } } }"""


@pytest_asyncio.fixture(loop_scope="module", scope="module")
async def on(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[OnGitea]:
    async with running_on_gitea(tmp_path_factory.mktemp("on-gitea")) as found:
        await found.deploy("cart", "1")
        assert (await found.create("dana", "cart"))["errors"] == []
        await found.until_application("cart", synced_and_healthy)
        yield found


async def shown(on: OnGitea, person: str, name: str) -> Found:
    async def there() -> Found | None:
        found: Found | None = await on.ask(person, SHOWN, name=name)
        return found

    return await until(there)


async def audit(on: OnGitea, *, replica: int = 0) -> list[Found]:
    entries: list[Found] = []
    after = None
    while True:
        page = await on.ask("dana", AUDIT, replica=replica, after=after)
        entries += page["nodes"]
        if not page["pageInfo"]["hasNextPage"]:
            return entries
        after = page["pageInfo"]["endCursor"]


async def promises_hold(on: OnGitea, *once: str) -> None:
    """What was accepted and nothing else is in commits of Gitea, and each of `once` in one; the audit log tells these
    and no others, alike at both replicas; nobody sees or may do what the host does not let them; streams begin with
    what is there."""
    made = await on.trailers()
    assert set(made) == set(on.accepted)
    assert [made.count(operation) for operation in once] == [1] * len(once)

    async def told() -> bool | None:
        logs = [[one["operationId"] for one in await audit(on, replica=replica)] for replica in (0, 1)]
        ours = [sorted(one for one in log if one and not one.endswith("-directory")) for log in logs]
        return ours == [sorted(made)] * 2 or None

    await until(told)
    assert (await on.ask("eve", NAMES))["totalCount"] == 0
    assert (await on.create("victor", "never", path="cart"))["errors"][0]["code"] == "FORBIDDEN_ERROR"
    names = {one["metadata"]["name"] for one in (await on.ask("dana", NAMES, replica=1))["nodes"]}
    async with on.planes[1].subscribe("dana", LIVE) as live:
        assert {one["metadata"]["name"] for one in (await live.next())["applications"]} == names


# ---- people


async def test_a_runtime_only_dials_out(on: OnGitea) -> None:
    listening = {
        line.split()[9]
        for name in ("tcp", "tcp6")
        for line in Path(f"/proc/{on.runtime.pid}/net/{name}").read_text().splitlines()[1:]
        if line.split()[3] == "0A"
    }
    own = {str(one.readlink()) for one in Path(f"/proc/{on.runtime.pid}/fd").iterdir()}
    assert not own & {f"socket:[{inode}]" for inode in listening}


async def test_people_see_and_may_do_what_the_host_lets_them(on: OnGitea) -> None:
    dana, victor = await shown(on, "dana", "cart"), await shown(on, "victor", "cart")
    assert dana["permissions"]["edit"] == {"allowed": True, "reason": None}
    for one in victor["permissions"].values():
        assert (one["allowed"], bool(one["reason"])) == (False, True)
    assert await on.ask("eve", SHOWN, name="cart") is None
    assert (await on.create("eve", "eves", path="cart"))["errors"][0]["code"] == "NOT_FOUND_ERROR"


async def test_an_application_lives_from_commit_to_commit(on: OnGitea) -> None:
    await on.deploy("fresh", "1")
    made = await on.create("dana", "fresh")
    assert (made["errors"], made["commit"]["author"]["name"]) == ([], "dana")
    at_host = await on.git.api("robot", "GET", f"/repos/robot/team/git/commits/{made['commit']['sha']}?stat=false")
    assert at_host["commit"]["committer"]["name"] == "Argosy"
    assert at_host["author"]["login"] == "dana"
    await on.until_application("fresh", synced_and_healthy)
    await shown(on, "dana", "fresh")
    target, words = {"runtime": "demo", "name": "fresh"}, {"message": "Deploy the cart"}
    edit = {"application": target, "commit": words}
    wrong = on.manifest("fresh").replace("path: fresh", "path: nowhere")
    (told,) = (await on.click("dana", EDIT, input={**edit, "manifest": wrong}))["errors"]
    assert (told["code"], told["field"], told["line"]) == ("VALIDATION_ERROR", "spec.source.path", 11)
    text = on.manifest("fresh").replace("path: fresh", "path: cart")
    edited = await on.click("dana", EDIT, input={**edit, "manifest": text, "operationId": "edit-fresh"})
    assert edited["errors"] == []
    lines = [one for one in edited["diff"].splitlines() if one[:1] in "+-" and one[:3] not in ("+++", "---")]
    assert lines == ["-    path: fresh  # what is deployed", "+    path: cart  # what is deployed"]
    assert (await shown(on, "dana", "fresh"))["manifestFile"]["text"] == text, "read your writes"
    value = {"application": target, "confirmName": "fresh", "commit": {"message": "Not needed"}, "operationId": "gone"}
    assert (await on.click("dana", DELETE, input=value))["errors"] == []

    async def gone() -> bool | None:
        return await on.cluster.get(APPLICATION, NAMESPACE, "fresh") is None or None

    await until(gone)


async def test_a_webhook_of_the_host_leads_to_a_deployment(on: OnGitea) -> None:
    """The runtime asks by itself once an hour: without the webhook nobody would know."""
    sha = await on.deploy("cart", "hooked")
    await on.until_version("cart", "hooked")
    await on.until_application("cart", lambda body: body["status"]["sync"].get("revision") == sha)
    async with on.plane.http() as client:
        forged = {"x-gitea-signature": "0" * 64, "x-gitea-event": "push"}
        answer = await client.post("/webhooks/git", json={"repository": {"clone_url": on.url("apps")}}, headers=forged)
        assert answer.status_code in (401, 403)


async def test_a_protected_branch_tells_who_reviews_and_takes_pull_requests(on: OnGitea) -> None:
    await on.write("team", "CODEOWNERS", "sources/.* @victor\n")
    rule = {"rule_name": "main", "enable_push": False, "required_approvals": 1}
    await on.git.api("robot", "POST", "/repos/robot/team/branch_protections", rule)
    try:

        async def told() -> Found | None:
            review: Found = (await shown(on, "dana", "cart"))["manifestReview"]
            return review if review["owners"] else None

        review = await until(told)
        assert (review["owners"], review["protected"], review["mayPush"]) == (["@victor"], True, False)
        assert review["needsReviewBy"] == "needs review by @victor in a pull request to main"
        refused = (await on.create("dana", "guarded", "op-direct", path="cart"))["errors"][0]
        assert (refused["code"], refused["field"]) == ("FORBIDDEN_ERROR", "pullRequest")
        offered = await on.create("dana", "guarded", "op-offered", path="cart", pullRequest=True)
        assert offered["errors"] == []
        number = offered["pullRequestUrl"].rpartition("/")[2]
        pull = await on.git.api("robot", "GET", f"/repos/robot/team/pulls/{number}")
        assert (pull["title"], pull["user"]["login"]) == ("Add guarded", "dana")
        assert [one["login"] for one in pull["requested_reviewers"]] == ["victor"], "as was shown"
        assert await on.cluster.get(APPLICATION, NAMESPACE, "guarded") is None
    finally:
        await on.git.api("robot", "DELETE", "/repos/robot/team/branch_protections/main")
    how = {"Do": "rebase", "delete_branch_after_merge": True}
    await on.git.api("robot", "POST", f"/repos/robot/team/pulls/{number}/merge", how)
    await on.until_application("guarded", lambda body: True)


# ---- operations


async def two_releases(on: OnGitea, name: str) -> int:
    await on.deploy(name, "1")
    assert (await on.create("dana", name))["errors"] == []
    first = await on.until_application(name, synced_and_healthy)
    await on.deploy(name, "2")
    await on.until_version(name, "2")
    await on.until_application(name, lambda body: len(body["status"]["history"]) == 2 and synced_and_healthy(body))
    return int(first["status"]["history"][0]["id"])


def held(body: JsonObject) -> bool:
    return HOLD_ANNOTATION in (body["metadata"].get("annotations") or {})


@pytest.mark.parametrize("how", ["merge", "squash", "rebase"])
async def test_a_rollback_is_offered_where_the_branch_is_protected_and_lands_when_merged(on: OnGitea, how: str) -> None:
    name = f"guarded-{how}"
    release = await two_releases(on, name)
    rules = "/repos/robot/apps/branch_protections"
    await on.git.api("robot", "POST", rules, {"rule_name": "main", "enable_push": False})
    values: dict[str, Any] = {"name": name, "id": release, "op": f"back-{name}"}
    try:
        (refused,) = (await on.click("dana", ROLLBACK, pull=False, **values))["errors"]
        assert (refused["code"], refused["field"]) == ("FORBIDDEN_ERROR", "pullRequest")
        answer = await on.click("dana", ROLLBACK, pull=True, **values)
        assert answer["errors"] == []
        again = await on.click("dana", ROLLBACK, pull=True, **values)
        assert again["ledgerCommit"] == answer["ledgerCommit"]
        (page,) = answer["pullRequestUrls"]
        waiting = await on.until_application(name, lambda body: bool(conditions_of(body)))
        assert page in conditions_of(waiting)[0][1]
        number = page.rpartition("/")[2]
        offered = await on.git.api("robot", "GET", f"/repos/robot/apps/pulls/{number}")
        assert offered["title"] == f"Roll {name} back to release {release}"
        await on.git.api("robot", "POST", f"/repos/robot/apps/pulls/{number}/merge", {"Do": how})
    finally:
        await on.git.api("robot", "DELETE", f"{rules}/main")
    await on.until_version(name, "1")
    await on.until_application(name, lambda body: not held(body))


async def test_a_sync_is_journalled_and_the_log_tells_all_that_the_host_has(on: OnGitea) -> None:
    outcome = await on.click("dana", SYNC, name="cart", op="sync-cart")
    assert outcome["errors"] == []

    async def told() -> Found | None:
        found = next((one for one in await audit(on) if one["operationId"] == "sync-cart"), None)
        return found if found is not None and found["outcome"] else None

    entry = await until(told)
    assert (entry["action"], entry["reason"], entry["actor"]["name"]) == ("SYNC", "because", "dana")
    assert entry["outcome"].partition(":")[0] == "Succeeded"
    assert entry["commit"]["sha"] == outcome["ledgerCommit"]["sha"]
    outside = next(one for one in await audit(on) if one["commit"]["message"].startswith("Write cart/c.yaml"))
    assert (outside["action"], outside["actor"]["name"], outside["operationId"]) == ("COMMIT", "robot", None)
    assert {one["signature"]["status"] for one in await audit(on)} == {"NONE"}
    ((changes,),) = [one["changes"] for one in (await on.ask("dana", CHANGES, search="Add cart"))["nodes"]]
    assert "+    path: cart  # what is deployed" in changes["patch"]
    fields = (await shown(on, "dana", "cart"))["manifestHistory"]["fields"]
    assert {one["commit"]["author"]["name"] for one in fields} == {"dana"}
    async with on.planes[1].http(headers={"Authorization": f"Bearer {on.plane.tokens['victor']}"}) as client:
        exported = (await client.get("/audit/export", params={"format": "csv"})).text
    assert "sync-cart" in exported
    await promises_hold(on)


async def test_a_git_source_makes_its_repository_and_the_whole_runtime_is_rebuilt(on: OnGitea, tmp_path: Path) -> None:
    url = on.git.clone_url("dana", "made-here")
    value = {"runtime": "demo", "name": "made", "repoURL": url, "revision": "main", "path": "apps"}
    value |= {"createRepository": True, "operationId": "made-1"}
    (refused,) = (await on.click("dana", SOURCE, input=value))["errors"]
    assert "may not read it" in refused["message"]
    assert "account robot" in refused["suggestion"]
    await on.git.grant("dana", "made-here", "robot", "read")
    made = await on.click("dana", SOURCE, input=value)
    assert made["errors"] == []
    await on.until_application("made", synced_and_healthy)
    names = {body["metadata"]["name"] for body in await on.cluster.list(APPLICATION, namespace=NAMESPACE)}
    sandbox = Sandbox(SandboxSettings(tmp_path / "second", "admin-token"), wall=lambda: datetime.now(UTC))
    await sandbox.start()
    access = access_from_kubeconfig(sandbox.kubeconfig)
    told: list[str] = []
    config = on.url("config")
    wanted = Rebuild(
        SharedConfiguration(config, "demo", NAMESPACE),
        tmp_path / "rebuild",
        credential=GitCredential("robot", on.git.tokens["robot"]),
        credential_url=on.git.url,
        patience_seconds=60,
    )
    try:
        async with running_rig(access, on.world.host, tmp_path / "runtime", name="demo", config_repo=config) as second:
            cluster = await Cluster.connect(access)
            try:
                progress = await rebuild(wanted, cluster, tell=told.append, now=lambda: datetime.now(UTC))
            finally:
                await cluster.close()
            assert not progress.missing, told
            found = {body["metadata"]["name"] for body in await second.cluster.list(APPLICATION, namespace=NAMESPACE)}
            assert found == names
            assert await second.get("v1", "ConfigMap", "default", "cart") is not None
    finally:
        await sandbox.stop()


# ---- faults


def click(on: OnGitea, *names: str) -> list[asyncio.Task[Found]]:
    """dana creates them all at once, at either replica."""
    return [
        asyncio.create_task(on.create("dana", name, f"op-{name}", path="cart", patient=False, replica=index % 2))
        for index, name in enumerate(names)
    ]


async def test_a_runtime_killed_between_click_and_push_leaves_the_commit_or_nothing(on: OnGitea) -> None:
    clicks = click(on, *(f"killed-{number}" for number in range(6)))
    await asyncio.wait(clicks, return_when=asyncio.FIRST_COMPLETED)
    await on.runtime.kill()
    first = await asyncio.gather(*clicks)
    landed = await on.trailers()
    assert all(landed.count(one["operationId"]) == 1 for one in first if one["commit"])
    await on.until_available(available=False)
    await on.runtime.start()
    for number in range(6):
        await on.created("dana", f"killed-{number}", f"op-killed-{number}", path="cart", replica=number % 2)
    await promises_hold(on, *(f"op-killed-{number}" for number in range(6)))


PUSH = b"POST /robot/team.git/git-receive-pack"
STEPS = {
    "before it is asked what dana may do": (b"GET /api/v1/repos/robot/team", False),
    "before what is to be deployed is looked at": (b"GET /robot/apps.git/info/refs?service=git-upload-pack", False),
    "before it is asked whether it takes a push": (b"GET /robot/team.git/info/refs?service=git-receive-pack", False),
    "before the push": (PUSH, False),
    "after the push, before its answer": (PUSH, True),
}


async def ended_at(on: OnGitea, step: str, name: str, end: Callable[[], Awaitable[None]]) -> int:
    """How many commits a creation leaves behind if something ends at this step of it."""
    words, answered = STEPS[step]
    with on.stopping(words, answered=answered) as stop:

        async def click_until_stopped() -> Found:
            while True:  # a runtime that has just begun refuses at first
                outcome = await on.create("dana", name, f"op-{name}", path="cart", patient=False)
                if outcome["errors"] == [] or stop.met.is_set():
                    return outcome

        async def met() -> bool | None:
            return stop.met.is_set() or None

        clicked = asyncio.create_task(click_until_stopped())
        await until(met)

        async def landed() -> bool | None:
            return f"op-{name}" in await on.trailers() or None

        if answered:
            await until(landed)
        await end()
    outcome = await clicked
    made = (await on.trailers()).count(f"op-{name}")
    assert made or not outcome["commit"], "nobody is told of a commit that there is not"
    return made


@pytest.mark.parametrize("step", STEPS)
async def test_a_runtime_that_is_killed_at_a_step_between_click_and_push_leaves_the_commit_or_nothing(
    on: OnGitea, step: str
) -> None:
    await on.runtime.kill()  # what it remembers would spare it a step
    await on.until_available(available=False)
    await on.runtime.start()
    await on.until_available()
    name = f"step-{list(STEPS).index(step)}"
    made = await ended_at(on, step, name, on.runtime.kill)
    assert made == (1 if STEPS[step][1] else 0)
    await on.until_available(available=False)
    await on.runtime.start()
    await on.created("dana", name, f"op-{name}", path="cart")
    await promises_hold(on, f"op-{name}")


@pytest.mark.parametrize("step", [step for step, (words, _) in STEPS.items() if words == PUSH])
async def test_a_host_or_a_link_that_ends_at_the_push_leaves_the_commit_or_nothing(on: OnGitea, step: str) -> None:
    number = list(STEPS).index(step)
    host, link = f"host-{number}", f"link-{number}"
    assert await ended_at(on, step, host, on.git.server.kill) == (1 if STEPS[step][1] else 0)
    await on.git.server.start()
    await on.created("dana", host, f"op-{host}", path="cart")

    async def cut() -> None:
        on.line.cut()

    await ended_at(on, step, link, cut)  # the runtime goes on with what it was asked
    on.line.mend()
    await on.until_available()
    await on.created("dana", link, f"op-{link}", path="cart")
    await promises_hold(on, f"op-{host}", f"op-{link}")


async def test_a_host_that_is_killed_stops_changes_and_is_caught_up_with(on: OnGitea) -> None:
    clicks = click(on, *(f"down-{number}" for number in range(4)))
    await asyncio.wait(clicks, return_when=asyncio.FIRST_COMPLETED)
    await on.git.server.kill()
    await asyncio.gather(*clicks)
    (refused,) = (await on.click("dana", SYNC, name="cart", op="sync-down"))["errors"]
    assert refused["code"] == "GIT_UNAVAILABLE"
    assert (await on.ask("dana", SHOWN, name="cart"))["syncStatus"] == "SYNCED", "reading goes on"
    await on.git.server.start()
    for number in range(4):
        await on.created("dana", f"down-{number}", f"op-down-{number}", path="cart")
    await promises_hold(on, *(f"op-down-{number}" for number in range(4)))


async def test_a_branch_that_is_forced_back_under_the_queue_stays_back_and_what_comes_after_lands(on: OnGitea) -> None:
    path = on.git.folder / "repositories" / "robot" / "team.git"
    before = (await on.git.api("robot", "GET", "/repos/robot/team/branches/main"))["commit"]["id"]
    clicks = click(on, *(f"forced-{number}" for number in range(4)))
    await asyncio.wait(clicks, return_when=asyncio.FIRST_COMPLETED)
    process = await asyncio.create_subprocess_exec(
        *("git", "-C", str(path), "-c", "safe.directory=*", "update-ref", "refs/heads/main", before)
    )
    assert await process.wait() == 0
    await asyncio.gather(*clicks)
    await on.created("dana", "after", "op-after", path="cart")
    for number in range(4):  # what was there and was taken back counts as done, and is not filled up again
        await on.created("dana", f"forced-{number}", f"op-forced-{number}", path="cart")
    made = await on.trailers()
    on.accepted[:] = [one for one in on.accepted if one in made or not one.startswith("op-forced")]
    await promises_hold(on, "op-after", *(one for one in set(made) if one.startswith("op-forced")))


async def test_an_hour_without_the_link_and_then_the_other_replica_loses_nothing(on: OnGitea) -> None:
    async with on.planes[1].subscribe("dana", LIVE) as live:
        await live.next()
        on.line.cut()
        await on.until_available(available=False)
        refused = await on.create("dana", "cut", "op-cut", path="cart", patient=False)
        assert [one["code"] for one in refused["errors"]] == ["RUNTIME_UNAVAILABLE"]
        on.clocks.ahead = timedelta(minutes=62)
        on.line.lead_to(int(on.planes[1].address.rpartition(":")[2]))
        on.line.mend()
        await on.until_available()
        await on.created("dana", "cut", "op-cut", path="cart")
        while "'cut'" not in str(await live.next()):
            pass
    await promises_hold(on, "op-cut")


async def test_what_the_host_takes_away_ends_within_a_minute(on: OnGitea) -> None:
    async with on.plane.subscribe("victor", TREE) as tree, on.planes[1].subscribe("finn", LIVE) as live:
        await tree.next()
        await live.next()
        for repository in ("apps", "team", "config"):
            await on.git.revoke("robot", repository, "victor")
        await on.git.void_token("finn", "tests")
        await asyncio.sleep(1.1)  # the runtime keeps answers of the host for a second
        on.clocks.ahead += timedelta(seconds=60)
        for plane in on.planes:
            plane.plane.sign_in.revoked.tell(hash_token("anything"))  # streams look again at once
        assert await tree.ended() == "NOT_FOUND_ERROR"
        assert (await on.create("dana", "goes-on", "op-goes-on", path="cart"))["errors"] == []
        while (event := await live.next())["type"] != "RESYNC" and not event["removed"]:
            pass
    for person in ("victor", "finn"):
        assert (await on.ask(person, NAMES))["totalCount"] == 0
        refused = (await on.create(person, f"late-{person}", path="cart"))["errors"]
        assert [one["code"] for one in refused] == ["NOT_FOUND_ERROR"]
    assert "op-goes-on" in await on.trailers()
