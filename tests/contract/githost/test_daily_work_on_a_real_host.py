"""What else people do through a real Gitea: the command line, files of several documents, restricted Git Sources,
rollbacks of what is synced by hand, and clusters whose Secrets stand in Git."""

import base64
import json
import shutil
from collections.abc import AsyncIterator
from functools import partial
from pathlib import Path

import pyrage
import pytest
import pytest_asyncio

from gitsync.installation.account import make_account
from tests.support.app_command import argosy_app
from tests.support.on_gitea import DELETE, EDIT, SOURCE, Found, OnGitea, running_on_gitea, until
from tests.support.runtime import APPLICATION, NAMESPACE, synced_and_healthy
from tests.support.sandbox import running_sandbox

pytestmark = [pytest.mark.e2e, pytest.mark.asyncio(loop_scope="module")]

SYNC = """mutation($name: String!) { outcome: syncApplication(runtime: "demo", name: $name) {
  operationId errors { code message } } }"""
ROLLBACK = """mutation($name: String!, $id: Int!) { outcome: rollbackApplication(runtime: "demo", name: $name,
  historyId: $id) { operationId ledgerCommit { sha message } errors { code message } } }"""
_CLUSTER = "{ operationId notice commit { sha author { name } } errors { code field message } }"
ADD = f"mutation($input: ClusterInput!) {{ outcome: addCluster(input: $input) {_CLUSTER} }}"
REMOVE = f'mutation($server: String!) {{ outcome: removeCluster(runtime: "demo", server: $server) {_CLUSTER} }}'
HEARD = '{ auditLog(filters: {search: "Write .sops.yaml"}) { nodes { action } } }'
CLUSTERS = "{ clusters { nodes { server } } }"


@pytest_asyncio.fixture(loop_scope="module", scope="module")
async def on(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[OnGitea]:
    async with running_on_gitea(tmp_path_factory.mktemp("on-gitea")) as found:
        await found.deploy("cart", "1")
        assert (await found.create("dana", "cart"))["errors"] == []
        await found.until_application("cart", synced_and_healthy)
        yield found


async def until_gone(on: OnGitea, name: str) -> None:
    async def gone() -> bool | None:
        return await on.cluster.get(APPLICATION, NAMESPACE, name) is None or None

    await until(gone)


async def text_of(on: OnGitea, repository: str, path: str) -> str:
    """On main, as the host has it."""
    found = await on.git.api("robot", "GET", f"/repos/robot/{repository}/contents/{path}?ref=main")
    return base64.b64decode(found["content"]).decode()


async def test_the_command_line_does_the_same(on: OnGitea, tmp_path: Path) -> None:
    file = tmp_path / "app.yaml"

    argosy = partial(argosy_app, on.plane.address, on.plane.tokens["dana"])

    file.write_text(on.manifest("by-cli", path="cart"))
    assert await argosy("validate", "--runtime", "demo", "-f", str(file)) == (0, "valid\n")
    code, said = await argosy("create", "--runtime", "demo", "--git-source", "team", "-f", str(file))
    assert (code, said[:7]) == (0, "commit "), said
    await on.until_application("by-cli", lambda body: "status" in body)
    file.write_text(on.manifest("by-cli", path="nowhere"))
    code, said = await argosy("edit", "demo/by-cli", "-f", str(file))
    assert (code, "spec.source.path, line 11" in said) == (1, True), said
    file.write_text(on.manifest("by-cli", path="cart").replace("targetRevision: main", "targetRevision: HEAD"))
    code, said = await argosy("edit", "demo/by-cli", "-f", str(file), "-m", "Follow HEAD")
    assert code == 0, said
    code, said = await argosy("sync", "demo/cart", "--wait")
    assert (code, "Succeeded" in said) == (0, True), said
    code, said = await argosy("list", "--search", "by-cli")
    assert (code, "demo/argosy/by-cli" in said, "cart" in said) == (0, True, False), said
    code, said = await argosy("get", "demo/cart")
    assert (code, "SYNCED" in said, "last operation: Succeeded" in said) == (0, True, True), said
    code, said = await argosy("diff", "demo/cart")
    assert code == 0, said
    code, said = await argosy("history", "demo/cart", "-o", "json")
    assert (code, json.loads(said)[-1]["id"]) == (0, 0), said
    code, said = await argosy("rollback", "demo/cart", "1000")
    assert (code, "1000" in said) == (1, True), said
    code, said = await argosy("delete", "demo/by-cli", "--confirm", "by-cli")
    assert code == 0, said
    await until_gone(on, "by-cli")


async def test_one_of_several_documents_is_edited_and_removed_and_what_is_not_in_git_says_so(on: OnGitea) -> None:
    first, second = (on.manifest(name, path="cart") for name in ("first", "second"))
    await on.write("team", "sources/both.yaml", f"{first}---\n{second}")
    for name in ("first", "second"):
        await on.until_application(name, lambda body: "status" in body)
    target, words = {"runtime": "demo", "name": "second"}, {"message": "Say it"}
    told = second.replace("targetRevision: main", "targetRevision: HEAD")

    async def edited() -> Found | None:
        found = await on.click("dana", EDIT, input={"application": target, "commit": words, "manifest": told})
        return found if found["errors"] == [] else None

    await until(edited)
    assert await text_of(on, "team", "sources/both.yaml") == f"{first}---\n{told}"
    value = {"application": target, "confirmName": "second", "commit": words}
    assert (await on.click("dana", DELETE, input=value))["errors"] == []
    await until_gone(on, "second")
    assert (await text_of(on, "team", "sources/both.yaml")).strip() == first.strip()
    by_hand = {"apiVersion": "argoproj.io/v1alpha1", "kind": "Application"}
    source = {"repoURL": on.url("apps"), "path": "cart", "targetRevision": "main"}
    place = {"server": "https://kubernetes.default.svc", "namespace": "default"}
    spec = {"project": "default", "source": source, "destination": place}
    await on.cluster.create({**by_hand, "metadata": {"name": "by-hand", "namespace": NAMESPACE}, "spec": spec})
    outside = {"runtime": "demo", "name": "by-hand"}

    async def refused() -> str | None:
        (problem,) = (
            await on.click(
                "dana",
                EDIT,
                input={"application": outside, "commit": words, "manifest": on.manifest("by-hand", path="cart")},
            )
        )["errors"]
        return str(problem["code"]) if problem["code"] != "NOT_FOUND_ERROR" else None

    assert await until(refused) == "NOT_IN_GIT"


@pytest.mark.skipif(not (shutil.which("kustomize") and shutil.which("helm")), reason="kustomize and helm are not there")
async def test_a_base_of_a_kustomization_is_edited_and_what_a_chart_makes_names_the_file_to_edit(on: OnGitea) -> None:
    base = on.manifest("based", path="cart")
    files = {
        "kustomized/kustomization.yaml": "resources: [../base]\n",
        "base/kustomization.yaml": "resources:\n  - app.yaml\n",
        "base/app.yaml": base,
        "charted/Chart.yaml": "apiVersion: v2\nname: charted\nversion: 0.1.0\n",
        "charted/templates/app.yaml": on.manifest("templated", path="cart"),
        **{f"sources/{name}.yaml": source_of(on, name) for name in ("kustomized", "charted")},
    }
    for path, text in files.items():
        await on.write("team", path, text)
    for name in ("based", "templated"):
        await on.until_application(name, lambda body: "status" in body)

    async def ask(document: str, name: str, **more: object) -> Found:
        value = {"application": {"runtime": "demo", "name": name}, "commit": {"message": "Say it"}, **more}

        async def reported() -> Found | None:
            found = await on.click("dana", document, input=value)
            return None if [one["code"] for one in found["errors"]] == ["NOT_FOUND_ERROR"] else found

        return await until(reported)

    worded = base.replace("# what is deployed", "# what dana deploys")
    for text in (worded, worded.replace("targetRevision: main", "targetRevision: HEAD")):
        assert (await ask(EDIT, "based", manifest=text))["errors"] == []
        assert await text_of(on, "team", "base/app.yaml") == text
    for refused in (
        await ask(EDIT, "templated", manifest=on.manifest("templated", path="cart").replace("main", "HEAD")),
        await ask(DELETE, "templated", confirmName="templated"),
    ):
        (problem,) = refused["errors"]
        assert problem["code"] == "NOT_IN_GIT"
        assert "charted/templates/app.yaml" in f"{problem['message']} {problem['suggestion']}"
    assert await text_of(on, "team", "charted/templates/app.yaml") == files["charted/templates/app.yaml"]


def source_of(on: OnGitea, name: str) -> str:
    """A Git Source as people commit it by hand, whose folder is rendered as what it holds."""
    return f"""apiVersion: argoproj.io/v1alpha1
kind: Application
metadata: {{name: {name}, labels: {{codefresh.io/entity: git-source}}}}
spec:
  project: default
  source: {{repoURL: {on.url("team")}, targetRevision: main, path: {name}}}
  destination: {{server: https://kubernetes.default.svc, namespace: {NAMESPACE}}}
  syncPolicy: {{automated: {{prune: true}}}}
"""


async def test_a_restricted_git_source_brings_applications_of_its_project_only(on: OnGitea) -> None:
    value = {"runtime": "demo", "name": "fenced", "repoURL": on.url("team"), "revision": "main", "path": "fenced"}
    value |= {"allowedRepositories": [on.url("apps")]}
    place = {"server": "https://kubernetes.default.svc", "namespace": "team-*"}
    made = await on.click("dana", SOURCE, input={**value, "allowedDestinations": [place]})
    assert made["errors"] == []
    await on.until_application("fenced", synced_and_healthy)

    async def create(name: str, project: str, namespace: str) -> list[str]:
        text = on.manifest(name, path="cart").replace("project: default", f"project: {project}")
        text = text.replace("namespace: default", f"namespace: {namespace}")
        return [one["field"] for one in (await on.create("dana", name, gitSource="fenced", manifest=text))["errors"]]

    assert "spec.project" in await create("other", "default", "team-a")
    assert await create("outside", "fenced-restricted", "default") != []
    assert await create("inside", "fenced-restricted", "team-a") == []
    await on.until_application("inside", lambda body: "status" in body)


async def test_a_rollback_without_automated_sync_is_a_journalled_sync_to_the_release(on: OnGitea) -> None:
    await on.deploy("manual", "1")
    assert (await on.create("dana", "manual", path="manual"))["errors"] == []
    await on.until_application("manual", lambda body: "status" in body)
    assert (await on.click("dana", SYNC, name="manual"))["errors"] == []
    first = await on.until_application("manual", synced_and_healthy)
    await on.deploy("manual", "2")
    await on.until_application("manual", lambda body: body["status"]["sync"]["status"] == "OutOfSync")
    assert (await on.click("dana", SYNC, name="manual"))["errors"] == []
    await on.until_version("manual", "2")
    await on.until_application("manual", lambda body: len(body["status"]["history"]) == 2 and synced_and_healthy(body))
    answer = await on.click("dana", ROLLBACK, name="manual", id=first["status"]["history"][0]["id"])
    assert answer["errors"] == []
    await on.until_version("manual", "1")
    assert "version: '2'" in await text_of(on, "apps", "manual/c.yaml"), "Git stays: it is synced by hand"
    assert "action: ROLLBACK" in await text_of(on, "config", f"operations/demo/{NAMESPACE}/manual.yaml")


async def test_a_cluster_is_added_directly_with_a_notice_or_by_a_commit_that_hides_its_token(on: OnGitea) -> None:
    async with running_sandbox() as other:
        account = await make_account(other.kubeconfig, "", "kube-system", lambda line: None)
        value = {"runtime": "demo", "name": "target", "server": account.server, "token": account.token}
        value |= {"caData": account.ca_data, "serverName": account.server_name}

        async def joined(*, there: bool) -> None:
            async def told() -> bool | None:
                nodes = (await on.ask("admin", CLUSTERS))["nodes"]
                return (account.server in {node["server"] for node in nodes}) is there or None

            await until(told)

        direct = await on.click("dana", ADD, input=value)
        assert (direct["errors"], direct["commit"], bool(direct["notice"])) == ([], None, True)
        await joined(there=True)
        assert (await on.click("dana", REMOVE, server=account.server))["errors"] == []
        await joined(there=False)
        identity = pyrage.x25519.Identity.generate()
        rules = f"creation_rules:\n- path_regex: /clusters/\n  age: {identity.to_public()}\n"
        await on.write("config", ".sops.yaml", rules)

        async def heard() -> bool | None:
            return bool((await on.ask("dana", HEARD))["nodes"]) or None

        await until(heard)
        keys = {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "sops-age", "namespace": NAMESPACE}}
        await on.cluster.create({**keys, "stringData": {"own.agekey": str(identity)}})
        sealed = await on.click("dana", ADD, input=value)
        assert (sealed["errors"], sealed["notice"]) == ([], None)
        assert sealed["commit"]["author"]["name"] == "dana"
        await joined(there=True)
        path = f"/repos/robot/config/git/commits/{sealed['commit']['sha']}"
        written = [one["filename"] for one in (await on.git.api("robot", "GET", path))["files"]]
        texts = [await text_of(on, "config", one) for one in written]
        assert any("ENC[AES256_GCM,data:" in text for text in texts)
        assert not any(account.token in text for text in texts)
        assert (await on.click("dana", REMOVE, server=account.server))["errors"] == []
        await joined(there=False)
