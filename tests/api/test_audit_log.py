"""The audit log as people read it: filtered by what Git lets them read, paged, exported, and rebuilt from Git alone."""

import asyncio
import csv
import io
from functools import partial
from pathlib import Path
from typing import Any

import httpx
import msgspec
import orjson
import pytest
from click.testing import CliRunner

from api.cli.main import main
from gitsync.audit.log import AuditLog
from model.audit import (
    AuditBatch,
    CommitChanges,
    FieldOrigin,
    FilePatch,
    GetCommitChanges,
    GetManifestHistory,
    ManifestHistory,
    ReadAudit,
    SignatureStatus,
    SignatureVerdict,
    SignatureVerdicts,
    VerifySignatures,
)
from model.identity import encode_node_id
from model.report import ManifestLocation
from tests.support.api_world import RIGHTS, SECRET_REPO
from tests.support.audit_entries import batch, entry, until
from tests.support.audit_rig import audit_log
from tests.support.control_plane import Running, control_plane
from tests.support.fake_fleet import PLATFORM
from tests.support.fake_runtime import FakeRuntime
from tests.support.git_rig import git_rig

LOG = """query ($filters: AuditFilterArgs, $page: SlicePaginationArgs) {
auditLog(filters: $filters, pagination: $page) {
  nodes { id action entityKind entityName runtime operationId reason outcome files filesTotal
    actor { name email } signature { status } commit { sha message date repoURL author { name } } }
  pageInfo { hasNextPage endCursor } totalCount
} }"""


async def log_of(running: Running, person: str, **variables: Any) -> dict[str, Any]:
    found: dict[str, Any] = (await running.query(person, LOG, **variables))["auditLog"]
    return found


async def numbers(running: Running, person: str, **variables: Any) -> list[int]:
    return [int(node["commit"]["sha"], 16) for node in (await log_of(running, person, **variables))["nodes"]]


async def told(running: Running, runtime: FakeRuntime) -> None:
    """Five commits of the platform repository, and one of a secret one, have reached the control plane."""
    runtime.audit += [batch(*(entry(number, repo=PLATFORM) for number in range(1, 4)))]
    runtime.audit += [batch(entry(9, repo=SECRET_REPO))]
    runtime.audit += [batch(*(entry(number, repo=PLATFORM, action="EDIT") for number in range(4, 6)))]
    runtime.rights["admin"] = {"*": (True, True)}
    await runtime._tell()

    async def all_there() -> bool:
        return await numbers(running, "admin") == [9, 5, 4, 3, 2, 1]

    await until(all_there)


async def test_an_entry_says_who_what_when_why_and_how_it_ended(running: Running, runtime: FakeRuntime) -> None:
    runtime.audit += [batch(entry(1, repo=PLATFORM, reason="asked for", outcome="Succeeded"))]
    await runtime._tell()

    async def there() -> bool:
        return bool(await numbers(running, "reader"))

    await until(there)
    (node,) = (await log_of(running, "reader"))["nodes"]
    node_id = node.pop("id")
    assert node == {
        "action": "SYNC",
        "entityKind": "Application",
        "entityName": "cart",
        "runtime": "demo",
        "operationId": "op-1",
        "reason": "asked for",
        "outcome": "Succeeded",
        "files": ["apps/1.yaml"],
        "filesTotal": 1,
        "actor": {"name": "dana", "email": "dana@example.com"},
        "signature": {"status": "NONE"},
        "commit": {
            "sha": f"{1:040x}",
            "message": "Change 1",
            "date": "2026-01-01T08:01:00Z",
            "repoURL": PLATFORM,
            "author": {"name": "dana"},
        },
    }
    again = await running.query("reader", "query ($id: ID!) { node(id: $id) { id } }", id=node_id)
    assert again["node"] == {"id": node_id}


async def test_everybody_sees_the_commits_of_what_they_may_read(running: Running, runtime: FakeRuntime) -> None:
    await told(running, runtime)
    assert await numbers(running, "reader") == [5, 4, 3, 2, 1]
    assert await numbers(running, "stranger") == []
    assert (await log_of(running, "reader"))["totalCount"] == 5
    hidden = encode_node_id("AuditEntry", "demo", SECRET_REPO, f"{9:040x}")
    question = "query ($id: ID!) { node(id: $id) { id } }"
    assert (await running.query("reader", question, id=hidden))["node"] is None
    assert (await running.query("admin", question, id=hidden))["node"] == {"id": hidden}


async def test_pages_and_filters_go_together(running: Running, runtime: FakeRuntime) -> None:
    await told(running, runtime)
    first = await log_of(running, "reader", filters={"actions": ["sync"]}, page={"first": 2})
    assert [node["operationId"] for node in first["nodes"]] == ["op-3", "op-2"]
    after = first["pageInfo"]["endCursor"]
    rest = await log_of(running, "reader", filters={"actions": ["sync"]}, page={"first": 2, "after": after})
    assert [node["operationId"] for node in rest["nodes"]] == ["op-1"]
    assert await numbers(running, "reader", filters={"search": "change 4"}) == [4]
    assert await numbers(running, "reader", filters={"since": "2026-01-01T08:04:00Z"}) == [5, 4]
    assert await running.errors("reader", LOG, page={"first": 101}) == ["VALIDATION_ERROR"]


async def test_the_changes_of_an_entry_are_asked_of_its_runtime(running: Running, runtime: FakeRuntime) -> None:
    await told(running, runtime)
    patch = FilePatch("apps/5.yaml", "MODIFIED", "-a: 1\n+a: 2")
    runtime.answers[GetCommitChanges] = lambda body: CommitChanges((patch,), 1)
    question = "{ auditLog(pagination: {first: 1}) { nodes { changes { path kind patch masked note } } } }"
    found = await running.query("reader", question)
    assert found["auditLog"]["nodes"] == [
        {
            "changes": [
                {"path": "apps/5.yaml", "kind": "MODIFIED", "patch": "-a: 1\n+a: 2", "masked": False, "note": None}
            ]
        }
    ]
    asked = [body for body in runtime.requests if isinstance(body, GetCommitChanges)]
    assert asked == [GetCommitChanges(PLATFORM, f"{5:040x}")]


async def test_signatures_of_a_page_are_one_question_and_unverified_without_an_answer(
    running: Running, runtime: FakeRuntime
) -> None:
    signed = [
        msgspec.structs.replace(entry(number, repo=PLATFORM), signature=SignatureStatus.UNVERIFIED, signer="GPG")
        for number in (1, 2)
    ]
    runtime.audit += [batch(*signed, entry(3, repo=PLATFORM))]
    await runtime._tell()

    async def there() -> bool:
        return await numbers(running, "reader") == [3, 2, 1]

    await until(there)
    question = "{ auditLog(pagination: {first: 3}) { nodes { signature { status signer } } } }"
    nodes = (await running.query("reader", question))["auditLog"]["nodes"]
    assert nodes[1]["signature"] == {"status": "UNVERIFIED", "signer": "GPG"}
    runtime.answers[VerifySignatures] = lambda body: SignatureVerdicts(
        tuple(SignatureVerdict(sha, SignatureStatus.VALID, "dana") for sha in body.shas)
    )
    before = len(runtime.requests)
    nodes = (await running.query("reader", question))["auditLog"]["nodes"]
    assert [node["signature"]["status"] for node in nodes] == ["NONE", "VALID", "VALID"]
    asked = [body for body in runtime.requests[before:] if isinstance(body, VerifySignatures)]
    assert [(body.repo_url, len(body.shas)) for body in asked] == [(PLATFORM, 2)]


async def test_a_runtime_that_is_away_leaves_the_log_without_its_changes(
    running: Running, runtime: FakeRuntime
) -> None:
    await told(running, runtime)
    question = "{ auditLog(pagination: {first: 1}) { nodes { id changes { path } } } }"
    answer = (await running.post("reader", question)).json()
    assert answer["data"]["auditLog"]["nodes"][0]["changes"] is None
    assert len(answer["errors"]) == 1


async def test_an_application_tells_who_set_its_fields(running: Running, runtime: FakeRuntime) -> None:
    commit = entry(1, repo=PLATFORM).commit
    location = ManifestLocation(PLATFORM, commit.sha, "apps/cart.yaml", 1)
    field = FieldOrigin("spec.project", "default", commit.sha)
    runtime.answers[GetManifestHistory] = lambda body: ManifestHistory(location, (commit,), (field,))
    question = """{ application(runtime: "demo", name: "cart") { manifestHistory {
      location { path } commits { sha } fields { path value commit { author { name } } } } } }"""
    found = await running.query("reader", question)
    assert found["application"]["manifestHistory"] == {
        "location": {"path": "apps/cart.yaml"},
        "commits": [{"sha": commit.sha}],
        "fields": [{"path": "spec.project", "value": "default", "commit": {"author": {"name": "dana"}}}],
    }
    assert (await running.query("stranger", question))["application"] is None


async def export(running: Running, person: str | None, **parameters: str) -> httpx.Response:
    headers = {"Authorization": f"Bearer {await running.token(person)}"} if person else {}
    async with running.http() as client:
        return await client.get("/audit/export", params=parameters, headers=headers)


async def test_exports_hold_what_the_viewer_may_read_and_no_more(running: Running, runtime: FakeRuntime) -> None:
    await told(running, runtime)
    rows = list(csv.DictReader(io.StringIO((await export(running, "reader")).text)))
    assert [row["operationId"] for row in rows] == ["op-5", "op-4", "op-3", "op-2", "op-1"]
    assert rows[0]["time"] == "2026-01-01T08:05:00+00:00"
    lines = (await export(running, "reader", format="json", actions="EDIT")).text.splitlines()
    assert [orjson.loads(line)["operationId"] for line in lines] == ["op-5", "op-4"]
    assert (await export(running, "stranger", format="json")).text == ""


async def test_exports_ask_who_is_there_and_what_is_wanted(running: Running, runtime: FakeRuntime) -> None:
    assert (await export(running, None)).status_code == 401
    assert (await export(running, "reader", format="xlsx")).status_code == 422
    assert (await export(running, "reader", actor="dana")).status_code == 422
    assert (await export(running, "reader", since="yesterday")).status_code == 422
    async with running.http() as client:
        token = await running.token("reader")
        headers = {"Cookie": f"argosy_session={token}", "Origin": "https://evil.example"}
        assert (await client.get("/audit/export", headers=headers)).status_code == 403


async def test_a_formula_in_a_message_is_text_in_a_spreadsheet(running: Running, runtime: FakeRuntime) -> None:
    runtime.audit += [batch(entry(1, repo=PLATFORM, message='=HYPERLINK("https://evil")', reason="-1+1"))]
    await runtime._tell()

    async def there() -> bool:
        return bool(await numbers(running, "reader"))

    await until(there)
    (row,) = csv.DictReader(io.StringIO((await export(running, "reader")).text))
    assert (row["message"][:2], row["reason"]) == ("'=", "'-1+1")


async def test_a_repository_of_two_runtimes_is_shown_once(running: Running, runtime: FakeRuntime) -> None:
    other = await running.runtime("other", rights=dict(RIGHTS))
    async with other.connected():
        for fake in (runtime, other):
            fake.audit += [batch(entry(1, repo=PLATFORM))]
            await fake._tell()

        async def both() -> bool:
            found = await running.query("reader", "{ runtimes { nodes { metadata { name } } } }")
            return len(found["runtimes"]["nodes"]) == 2 and bool(await numbers(running, "reader"))

        await until(both)
        assert await numbers(running, "reader") == [1]


async def _read(log: AuditLog, body: ReadAudit) -> tuple[AuditBatch, ...]:
    return await log.read(body.known, wait_seconds=0.2)


@pytest.mark.cpu_seconds(20)
async def test_the_log_is_the_same_after_the_database_is_lost(tmp_path: Path) -> None:
    """Promise 3: nothing but Git holds it."""
    async with git_rig(tmp_path / "git") as rig:
        rig.origin.create("apps", {"a": "1"})
        for number in range(30):
            message = f"Sync {number}\n\nArgosy-Action: SYNC\nArgosy-Entity: Application demo/argosy/cart\n"
            rig.origin.commit("apps", {"a": str(number)}, message=f"{message}Argosy-Operation-Id: op-{number}")
        logs = []
        for life in ("first", "second"):
            async with control_plane(tmp_path / life) as running:
                runtime = await running.runtime("demo", rights={"reader": {"*": (True, False)}})
                log = audit_log(rig.repositories, [rig.origin.url("apps")], batch_entries=7)

                runtime.audit_log = partial(_read, log)
                async with runtime.connected():

                    async def all_there(running: Running = running) -> bool:
                        return (await log_of(running, "reader"))["totalCount"] == 31

                    await until(all_there)
                    logs.append(await log_of(running, "reader"))
        assert logs[0] == logs[1]
        assert {node["operationId"] for node in logs[0]["nodes"]} == {None, *(f"op-{number}" for number in range(30))}


async def test_the_command_line_lists_and_exports(running: Running, runtime: FakeRuntime, tmp_path: Path) -> None:
    await told(running, runtime)
    server = ["--server", running.address, "--token", await running.token("reader")]

    async def argosy(*arguments: str) -> str:
        ended = await asyncio.to_thread(CliRunner().invoke, main, ["audit", *server, *arguments])
        assert ended.exit_code == 0, ended.output
        return ended.output

    assert (await argosy("list", "--action", "EDIT")).count("Application cart") == 2
    assert [node["operationId"] for node in orjson.loads(await argosy("list", "--limit", "2", "-o", "json"))] == [
        "op-5",
        "op-4",
    ]
    target = tmp_path / "log.csv"
    await argosy("export", "--file", str(target), "--since", "2026-01-01T08:05:00Z")
    assert len(target.read_text().splitlines()) == 2
